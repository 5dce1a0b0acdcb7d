"""Every attack of the catalogue in every tier, run by whoever runs the suite; as an ordinary user, see test_users."""

from __future__ import annotations

import pytest

from grader.model import Tier

from .attacks import CONTAINMENT
from .catalogue import Attack
from .claims import assert_class_unharmed, assert_contained, assert_nothing_told
from .conftest import TIERS, GradedClass

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("tier", TIERS)
class TestAsWhoeverRunsTheSuite:
    @pytest.mark.parametrize("attack", CONTAINMENT, ids=lambda attack: attack.name)
    def test_the_attack_is_contained(self, attack: Attack, tier: Tier, graded_class: GradedClass) -> None:
        """It was tried, it achieved nothing that isn't declared, the status and the cell named are true."""
        assert_contained(attack, graded_class("containment", CONTAINMENT, tier))

    def test_the_class_is_unharmed(self, tier: Tier, graded_class: GradedClass) -> None:
        """The grader lived, the bystander has its grade, nothing runs on, no file changed, no folder is left."""
        assert_class_unharmed(CONTAINMENT, graded_class("containment", CONTAINMENT, tier))

    def test_nothing_was_told(self, tier: Tier, graded_class: GradedClass) -> None:
        """No secret is in any file the run left, and no listener outside heard anything."""
        assert_nothing_told(CONTAINMENT, graded_class("containment", CONTAINMENT, tier))

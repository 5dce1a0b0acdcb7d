"""Every containment attack in every tier, by whoever runs the suite and, where that is root, by an ordinary user.

`pytest tests/hostile -m "proof or not proof"` runs all of them in all four combinations.
"""

from __future__ import annotations

import pytest

from grader.model import Tier
from grader.sandbox import tier_gaps

from .arena import ClassOutcome, User
from .attacks import CONTAINMENT, ENDLESS
from .catalogue import Attack
from .claims import assert_class_unharmed, assert_contained, assert_nothing_told
from .conftest import ENDLESS_OPTIONS, OPTIONS, TIERS, GradedClass
from .table import USERS, load, render, unmeasured, written

pytestmark = pytest.mark.slow

AT_ONCE = tuple(attack for attack in CONTAINMENT if attack not in ENDLESS)

SAMPLE = (
    "read-environments", "read-other-processes", "write-own-submission", "change-modes-and-limits", "change-own-modes",
    "network-unix-sockets", "fork-bomb", "daemon", "signal-others", "memory-out-of-sight",
)  # fmt: skip
"""What depends most on who runs the grader; an ordinary user runs these by default, and all of them as a proof."""

CLASSES: dict[str, tuple[tuple[Attack, ...], tuple[str, ...]]] = {
    "at once": (AT_ONCE, OPTIONS),
    "endless": (ENDLESS, ENDLESS_OPTIONS),
    "sample": (tuple(attack for attack in AT_ONCE if attack.name in SAMPLE), OPTIONS),
}


def graded_by(graded_class: GradedClass, name: str, tier: Tier, user: User = "current") -> ClassOutcome:
    attacks, options = CLASSES[name]
    return graded_class(name, attacks, tier, user, options)


def cases(*names: str) -> list[object]:
    """Each attack with the name of its class."""
    return [pytest.param(name, attack, id=attack.name) for name in names for attack in CLASSES[name][0]]


@pytest.mark.parametrize("tier", TIERS)
class TestAsWhoeverRunsTheSuite:
    @pytest.mark.parametrize(("name", "attack"), cases("at once", "endless"))
    def test_the_attack_is_contained(self, name: str, attack: Attack, tier: Tier, graded_class: GradedClass) -> None:
        """It was tried, it achieved nothing that isn't declared, the status and the cell named are true."""
        assert_contained(attack, graded_by(graded_class, name, tier))

    @pytest.mark.parametrize("name", ["at once", "endless"])
    def test_the_class_is_unharmed(self, name: str, tier: Tier, graded_class: GradedClass) -> None:
        """The grader lived, the bystander has its grade, nothing runs on, no file changed, no folder is left."""
        assert_class_unharmed(CLASSES[name][0], graded_by(graded_class, name, tier))

    @pytest.mark.parametrize("name", ["at once", "endless"])
    def test_nothing_was_told(self, name: str, tier: Tier, graded_class: GradedClass) -> None:
        """No secret is in any file the run left, and no listener outside heard anything."""
        assert_nothing_told(CLASSES[name][0], graded_by(graded_class, name, tier))


WHOLE_OR_SAMPLE = (
    "sample",
    pytest.param("at once", marks=pytest.mark.proof),
    pytest.param("endless", marks=pytest.mark.proof),
)
"""The sample in the ordinary suite; everything where proofs are asked for."""


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("name", WHOLE_OR_SAMPLE)
class TestAsAnOrdinaryUser:
    def test_the_attacks_are_contained(self, name: str, tier: Tier, graded_class: GradedClass) -> None:
        """What holds for root holds for a user without any privilege."""
        outcome = graded_by(graded_class, name, tier, "ordinary")
        for attack in CLASSES[name][0]:
            assert_contained(attack, outcome)

    def test_the_class_is_unharmed(self, name: str, tier: Tier, graded_class: GradedClass) -> None:
        """So does what must not happen to the class."""
        assert_class_unharmed(CLASSES[name][0], graded_by(graded_class, name, tier, "ordinary"))

    def test_nothing_was_told(self, name: str, tier: Tier, graded_class: GradedClass) -> None:
        """Nor is anything told."""
        assert_nothing_told(CLASSES[name][0], graded_by(graded_class, name, tier, "ordinary"))


class TestTheCatalogue:
    def test_names_are_unique(self) -> None:
        """Each attack is one submission."""
        assert len({attack.name for attack in CONTAINMENT}) == len(CONTAINMENT)

    @pytest.mark.parametrize("tier", TIERS)
    def test_every_declared_gap_has_its_attack(self, tier: Tier) -> None:
        """What a tier says not to hold is shown by an attack, or watched by one."""
        shown = {attack.gaps.get(tier) for attack in CONTAINMENT} | {attack.may.get(tier) for attack in CONTAINMENT}
        assert set(tier_gaps(tier)) <= shown

    def test_every_status_of_a_notebook_s_doing_is_reached(self) -> None:
        """Each way in which a run can end by the notebook's own doing has its attack, in both tiers."""
        for tier in TIERS:
            reached = {attack.statuses_in(tier)[0] for attack in CONTAINMENT}
            assert reached >= {
                "ok", "error", "timeout", "out_of_memory", "kernel_died", "output_flood", "disk_full", "too_many_processes",
            }  # fmt: skip

    def test_the_sample_is_of_the_catalogue(self) -> None:
        """A renamed attack doesn't fall out of the sample."""
        assert {attack.name for attack in AT_ONCE} >= set(SAMPLE)

    @pytest.mark.parametrize("attack", CONTAINMENT, ids=lambda attack: attack.name)
    def test_every_attack_was_measured_in_all_combinations(self, attack: Attack) -> None:
        """The run behind the table knows every attack, by root and by an ordinary user, and none of them got through."""
        measured = load()
        assert measured.keys() == {f"{tier}/{user}" for tier in TIERS for user in USERS}
        assert not unmeasured(attack, measured)

    def test_the_table_is_current(self) -> None:
        """README.md shows the catalogue and the measured run as they are."""
        assert written() == render(load())

"""The one style sheet: readable in light and dark by WCAG AA, and without colour alone."""

from __future__ import annotations

import re

import pytest

from grader.resources import shipped

CSS = (shipped("templates") / "style.css").read_text(encoding="utf-8")
LIGHT, DARK = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in re.findall(r":root \{(.*?)\n ?\s*\}", CSS, re.DOTALL)[:2])  # fmt: skip

TEXT_ON = [
    *((ink, ground) for ink in ("ink", "muted", "accent") for ground in ("page", "surface", "sunken", "accent-soft")),
    *((ink, "surface") for ink in ("good", "bad", "doubt", "train", "validation", "test", "other", "mark")),
    *((f"code-{kind}", "surface") for kind in ("keyword", "string", "number", "comment", "name")),
    *((ink, "doubt-soft") for ink in ("ink", "doubt", "accent")),
    *(("on-pale", f"{hue}-{step}") for hue in ("right", "wrong") for step in (1, 2, 3)),
    *(("on-deep", f"{hue}-{step}") for hue in ("right", "wrong") for step in (4, 5)),
    *(("on-pale", f"level-{step}") for step in (1, 2, 3)),
    ("on-level-4", "level-4"),
]
"""Every pair of text and ground that the sheet puts together."""

SHAPES_ON = [("accent", "surface"), ("accent", "empty"), ("train", "surface"), ("validation", "surface")]


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_ON)
def test_text_has_enough_contrast(scheme: dict[str, str], ink: str, ground: str) -> None:
    """Text stands out from its ground by at least 4.5 to 1 (WCAG 2.2, 1.4.3 AA)."""
    assert contrast(scheme[ink], scheme[ground]) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("shape", "ground"), SHAPES_ON)
def test_shapes_that_mean_something_have_enough_contrast(scheme: dict[str, str], shape: str, ground: str) -> None:
    """Lines of charts and steps of a track stand out by at least 3 to 1 (WCAG 2.2, 1.4.11 AA)."""
    assert contrast(scheme[shape], scheme[ground]) >= 3


def test_both_schemes_name_the_same_colours() -> None:
    """A colour forgotten in the dark would be the light one on a dark page."""
    assert set(LIGHT) == set(DARK)


def test_the_two_lines_of_a_chart_differ_in_more_than_colour() -> None:
    """Training is solid, validation dashed: a grey print tells them apart."""
    assert re.search(r"\.line\.validation \{[^}]*stroke-dasharray", CSS)

"""Does a figure show what is there? Axes that blow up a difference, and curves left outside of the picture."""

from __future__ import annotations

import re

from grader.checks.registry import Limits, Threshold, check
from grader.checks.training_curves import source_of
from grader.checks.verdicts import Verdict, advised, not_applicable, passed
from grader.model import Drawing, Evidence

SCORE_WORDS = re.compile(r"acc|score|f1|precisi[oó]n|recall|exactitud|correct|aciert", re.IGNORECASE)
"""Words for shares of right answers: bars of them are read by their height."""


@check(
    "evaluation.axes_fair",
    title="Axes show differences as large as they are",
    help="Bars of scores start at zero (or their true ratio is not much blown up), and no validation curve lies mostly "
    "outside limits that were set by hand. Advice.",
    thresholds=(
        Threshold("blown_up", 2, "a bar drawn twice as high against another as its score is, is read as twice as good"),
        Threshold("hidden", 0.5, "cutting off the first epochs is common; half of a curve is not"),
    ),
)
def axes_fair(evidence: Evidence, limits: Limits) -> Verdict:
    """Nothing is made to look larger, or left out, by the limits of an axis."""
    set_by_hand = [item for item in evidence.drawings if len(item.y_limits) == 2 and item.y_scale in {"", "linear"}]
    bars = [item for item in set_by_hand if _of_scores(item)]
    curves = [item for item in set_by_hand if source_of(item, evidence.trainings) == "validation"]
    if not bars and not curves:
        return not_applicable("No axis of scores or curves was given limits by hand.", origin="kernel")
    for item in bars:
        drawn, true = _ratios(item)
        if drawn >= limits["blown_up"] * true:
            how = f"{drawn:.1f} times as high" if drawn < UNSEEN else "many times as high"
            return advised(
                f"The axis of the bars starts at {item.y_limits[0]:g}: the best looks {how} as the lowest, and is "
                f"{true:.2f} times as much.",
                fix="Let the axis of bars start at 0 (leave out plt.ylim), or print the numbers in a table.",
                cells=[item.cell],
                measured={"drawn": drawn, "true": true, "limits": list(item.y_limits)},
            )
    for item in curves:
        low, high = sorted(item.y_limits)
        hidden = sum(not low <= value <= high for value in item.y) / len(item.y)
        if hidden >= limits["hidden"] and len(item.y) >= FEWEST_POINTS:
            return advised(
                f"{hidden:.0%} of the validation curve lies outside the axis ({low:g} to {high:g}), where nobody sees "
                "it.",
                fix="Leave out plt.ylim, or choose limits that hold both curves.",
                cells=[item.cell],
                measured={"hidden": hidden, "limits": [low, high]},
            )
    return passed("Axes with limits set by hand show what is there.", cells=[item.cell for item in (*bars, *curves)])


UNSEEN = 1e6
"""Stands for a lowest bar of which nothing is left to see."""

FEWEST_POINTS = 4
"""Of fewer epochs there is no curve to hide."""


def _of_scores(item: Drawing) -> bool:
    """Whether these are bars of shares (0..1, or percent) under words that say so, cut off above zero."""
    if item.kind != "bar" or len(item.y) < 2 or min(item.y) <= 0 or max(item.y) > 100 or item.y_limits[0] <= 0:
        return False
    return bool(SCORE_WORDS.search(f"{item.title} {item.y_label} {item.label} {' '.join(item.texts)}"))


def _ratios(item: Drawing) -> tuple[float, float]:
    """Return how many times as high as the lowest the highest bar looks, and how many times as much it is."""
    low = item.y_limits[0]
    top, bottom = max(item.y), min(item.y)
    drawn = (top - low) / (bottom - low) if bottom > low else UNSEEN
    return max(drawn, 1.0), top / bottom

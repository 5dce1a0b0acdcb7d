"""What the final model knew before its first training in this notebook: recomputed, as its final score is."""

from __future__ import annotations

from grader.checks.results import final_result
from grader.checks.statistics import binomial_tail
from grader.model import Evidence, Verified

KNEW_LUCK = 0.0001
"""Random weights do better than the commonest class by chance now and then, one of ten thousand so much better."""
KNEW_MARGIN = 0.15
"""Random weights that separate two classes somewhat are not rare: well above that, something was learnt."""
KNEW_SHARE = 0.75
"""Who starts with three quarters of what they end with was not made by this training; a third, random weights of a
convolution sometimes have."""
KNEW_ERROR = 0.6
"""Random weights hardly ever halve the error of the median."""


def knew_before(evidence: Evidence) -> str | None:
    """Return what the final model scored before its first training where that is most of what it scores now."""
    result = final_result(evidence)
    if result is None or result.verified is None or result.origin != "verified":
        return None
    for start in evidence.starts:
        if start.origin != "verified" or start.rows_used <= 0:
            continue
        error = _knew_numbers(start, result.verified)
        if error is not None:
            return f"a mean error of {error:.4g} on the rows of the final score"
        accuracy = _knew_classes(start, result.verified)
        if accuracy is not None:
            return f"{accuracy:.1%} on the rows of the final score"
    return None


def _knew_numbers(start: Verified, now: Verified) -> float | None:
    if start.mae is None or start.baseline_mae is None or now.mae is None:
        return None
    most = start.baseline_mae - start.mae >= KNEW_SHARE * (start.baseline_mae - now.mae)
    return start.mae if most and start.mae < KNEW_ERROR * start.baseline_mae else None


def _knew_classes(start: Verified, now: Verified) -> float | None:
    if start.accuracy is None or start.majority_accuracy is None or now.accuracy is None:
        return None
    constant = max(start.majority_accuracy, _commonest(start))
    if start.accuracy - constant < max(KNEW_MARGIN, KNEW_SHARE * (now.accuracy - constant)):
        return None
    luck = binomial_tail(round(start.accuracy * start.rows_used), start.rows_used, constant)
    return start.accuracy if luck <= KNEW_LUCK else None


def _commonest(start: Verified) -> float:
    """Return the share of the commonest class among the scored rows: random weights often give all of them one answer,
    and where whole groups were held out that class need not be the commonest of training.
    """
    return max((sum(row) for row in start.matrix), default=0) / start.rows_used

"""What of a run may be a leak: rows or knowledge of the final scoring's rows that reached training, or chose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grader.evidence.divisions import find_unlike_divisions, membership_unstable
from grader.evidence.fits import Fit
from grader.evidence.groups import find_group_crossing
from grader.evidence.made_rows import count_made_before_split, find_interpolated
from grader.evidence.narrowing import find_narrowings
from grader.evidence.near_copies import find_near_copies
from grader.evidence.observing import Observation
from grader.evidence.proxies import find_label_proxy
from grader.evidence.reading.cuts import WrittenSearch
from grader.evidence.records import Scored
from grader.evidence.rowsets import count_augmented_copies
from grader.evidence.series import find_series_crossing
from grader.evidence.thresholds import find_threshold_searches
from grader.evidence.watching import collect_preprocessing
from grader.model import Evidence, GroupCrossing


def with_leaks(evidence: Evidence, seen: Observation, written: Sequence[WrittenSearch]) -> Evidence:
    """Return the evidence with what was measured of leaks: of its final scoring against the trainings before it.

    `written` are the searches for a threshold that stand in the code.
    """
    final = seen.scored(evidence.final_scoring)
    fits = seen.lineage.fits_before(final) if final else ()
    trained_on = seen.lineage.trained_on(fits)
    rows = final.rows if final else None
    return replace(
        evidence,
        overlaps=seen.lineage.overlaps(final, seen.log.of("model.scored", Scored)),
        narrowings=find_narrowings(seen, evidence.scorings, evidence.task),
        threshold_searches=find_threshold_searches(seen, evidence.scorings, evidence.metric_calls, written),
        unlike_divisions=find_unlike_divisions(seen.log),
        unstable_membership=membership_unstable(seen.log, seen.lineage, evidence.scorings),
        preprocessing=collect_preprocessing(seen.log, seen.rows, rows, trained_on, _watched(fits)),
        label_proxy=find_label_proxy(seen, final, fits, evidence.task),
        series_crossing=find_series_crossing(seen, rows, trained_on, evidence.input_kind),
        group_crossing=_group_crossing(seen, rows, fits),
        near_copies=find_near_copies(seen, rows, trained_on),
        augmentation_before_split=_copies_before_split(seen, rows, trained_on),
        interpolated=find_interpolated(seen, rows, trained_on),
    )


def _watched(fits: Sequence[Fit]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rows for fit in fits for rows in fit.steered_by))


def _copies_before_split(seen: Observation, rows: str | None, trained_on: Sequence[str]) -> int | None:
    """Return the most copies that one way of telling them finds, None where none of them could tell."""
    counts = (
        count_augmented_copies(seen.rows, rows, trained_on),
        count_made_before_split(seen, rows, trained_on),
    )
    return max((count for count in counts if count is not None), default=None)


def _group_crossing(seen: Observation, rows: str | None, fits: Sequence[Fit]) -> GroupCrossing | None:
    labels = next((seen.labels.of_fit(fit) for fit in reversed(fits) if fit.train), None)
    return find_group_crossing(seen, rows, fits, labels)

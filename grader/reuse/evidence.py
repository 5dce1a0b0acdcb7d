"""All that was measured of a submission, kept whole: the evidence, and the notebook as it was run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from grader.errors import ResultsError
from grader.model import Evidence, Submission
from grader.model.recomputed import PROCESS_ENDED
from grader.reuse.keys import key_of
from grader.reuse.store import Store
from grader.storage import evidence_from, evidence_json

EVIDENCE, EXECUTED = "evidence.json", "executed.ipynb"

LASTING = ("ok", "error", "not_run")
"""Ends that say something of the submission; all others may be the machine's doing, and are tried again."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run came to: its evidence, and the notebook as it was run (empty where none was kept)."""

    evidence: Evidence
    executed: bytes = b""

    def under(self, submission: Submission) -> Measured:
        """Return the same under the name of an equal submission."""
        named = replace(self.evidence, submission=submission.id, notebook=submission.notebook.name)
        return replace(self, evidence=named)


def keep_measured(store: Store, key: str, measured: Measured) -> None:
    """Keep what was measured, where nothing of it failed or was cut short by the machine's doing."""
    if is_lasting(measured.evidence):
        parts = {EVIDENCE: evidence_json(measured.evidence).encode(), EXECUTED: measured.executed}
        store.put(key, parts)


def kept_measured(store: Store, key: str, submission: Submission) -> Measured | None:
    """Return what was measured of an equal submission, under this one's name; None where nothing is kept."""
    parts = store.get(key)
    if parts is None:
        return None
    try:
        return Measured(evidence_from(parts[EVIDENCE], Path(EVIDENCE)), parts[EXECUTED]).under(submission)
    except (ResultsError, KeyError):
        return None


def kept_again(store: Store, key: str, run_again: Callable[[], Evidence]) -> Evidence:
    """Return what one run more came to: an earlier one's, else a new one's, which is kept."""
    key = key_of("again", {"of": key})
    parts = store.get(key)
    if parts is not None and EVIDENCE in parts:
        try:
            return evidence_from(parts[EVIDENCE], Path(EVIDENCE))
        except ResultsError:
            pass  # it is made anew
    second = run_again()
    keep_measured(store, key, Measured(second))
    return second


def is_lasting(evidence: Evidence) -> bool:
    """Return whether all of it would come out so again, as far as that is the submission's doing.

    What this machine lacked it may have next time; what was lost of the run's record may come through then.
    """
    run, hidden, own = evidence.run, evidence.hidden_test, evidence.own_data
    return (
        run.status in LASTING
        and not (run.needs or run.channel_faults)
        and not any(ended in item.note for item in evidence.verified for ended in PROCESS_ENDED)
        and not (evidence.verification_note or evidence.reference_note)
        and not any(item.cut for item in evidence.references)
        and not (hidden is not None and hidden.note and hidden.verified is None)
        and not (own is not None and own.note)
    )

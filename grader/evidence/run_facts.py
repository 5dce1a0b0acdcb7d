"""How a run went: its status, what failed and why, what was watched and what was not."""

from __future__ import annotations

from collections.abc import Sequence

from grader.evidence.failures import explain_failure, find_needs, tell_whose_fault
from grader.evidence.integrity import find_watch_gaps
from grader.evidence.lacks import MOST_NOTES, Lacks
from grader.evidence.observing import Observation
from grader.evidence.records import Fault, Hooked, Lacked, Noted
from grader.evidence.run_files import is_of_files
from grader.model import CodeFacts, Run, RunFacts, Submission, TrainingRun

MAX_FAULTS = 50
"""Most of the probe's own faults repeated in the evidence."""


FRAMEWORKS = frozenset({"keras", "tensorflow", "tf_keras", "torch"})
"""Libraries that others bring along: Keras brings TensorFlow, tuners and wrappers either."""


def collect_run_facts(
    submission: Submission, run: Run, seen: Observation, code: CodeFacts, trainings: Sequence[TrainingRun]
) -> RunFacts:
    """Return the facts of a run as a whole."""
    lacks = Lacks(seen.log.of("run.lacked", Lacked))
    faults = seen.log.of("probe.fault", Fault) + seen.log.of("probe.dropped", Fault)
    return RunFacts(
        status=run.status,
        isolation=run.isolation,
        failed_cell=run.failed_cell,
        message=run.message,
        needs=find_needs(submission, run.cells, lacks),
        diagnosis=explain_failure(submission, run.cells, lacks),
        probe_faults=tuple(dict.fromkeys(item.text for item in faults if not is_of_files(item)))[:MAX_FAULTS],
        channel_faults=run.channel_faults + seen.log.faults,
        watched=_watched(seen.log.of("probe.hooked", Hooked), code),
        isolation_gaps=run.isolation_gaps,
        why_not_better=run.why_not_better,
        remedy=run.remedy,
        interpreter=run.interpreter,
        watch_gaps=find_watch_gaps(submission, run),
        wall_s=run.wall_s,
        failed_by=tell_whose_fault(submission, run.cells, lacks, trainings),
        budget=run.budget,
        substituted=tuple(dict.fromkeys(item.text for item in seen.log.of("run.note", Noted)))[:MOST_NOTES],
    )


def _watched(hooked: Sequence[Hooked], code: CodeFacts) -> tuple[str, ...]:
    """Return the libraries hooked that the notebook asked for.

    A kernel may have had them in memory before the first cell; then they are hooked whether it asks for them or not.
    """
    roots = {name.partition(".")[0] for name in code.imports}
    learns = any(part in root for root in roots for part in ("keras", "tensorflow"))
    asked = {item.library for item in hooked if item.library in roots}
    asked |= {item.library for item in hooked if item.library in FRAMEWORKS and (learns or item.cell >= 0)}
    return tuple(sorted(asked))

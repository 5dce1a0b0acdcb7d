"""The evidence of submissions that nothing could be measured of: none but the reason."""

from __future__ import annotations

from grader.model import EVIDENCE_VERSION, CodeFacts, Evidence, ProseFacts, RunFacts, Submission, Unreadable


def unreadable_evidence(submission: Unreadable) -> Evidence:
    """Return the evidence of a submission that could not be read: none but the reason."""
    message = f"{submission.path.name} {submission.reason}"
    return _bare_evidence(submission.id, submission.path.name, "", RunFacts("not_run", "none", message=message))


def broken_evidence(submission: Submission, reason: str) -> Evidence:
    """Return the evidence of a submission that the grader or the machine failed to run."""
    facts = RunFacts("infrastructure_failure", "none", message=reason)
    return _bare_evidence(submission.id, submission.notebook.name, submission.sha256, facts)


def _bare_evidence(submission: str, notebook: str, sha256: str, facts: RunFacts) -> Evidence:
    return Evidence(
        version=EVIDENCE_VERSION,
        submission=submission,
        notebook=notebook,
        sha256=sha256,
        run=facts,
        cells=(),
        code=CodeFacts(),
        prose=ProseFacts(),
    )

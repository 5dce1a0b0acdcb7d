"""A second opinion beside a check's own verdict: it changes neither outcome nor level, only whether a person looks."""

from __future__ import annotations

from dataclasses import replace

from grader.checks.observed import holds_no_work
from grader.checks.verdicts import Verdict
from grader.model import Evidence, Opinion

LONGEST_QUOTE = 160
"""Characters of a quote that are shown."""


def with_second_opinion(check_id: str, verdict: Verdict, evidence: Evidence) -> Verdict:
    """Return the verdict, with a reason for a person's look where a language model says otherwise.

    A failure by facts (a claim that contradicts the curves) is no matter of reading: no opinion stands against it.
    """
    opinion = next((item for item in evidence.opinions if item.check == check_id), None)
    if opinion is None or opinion.verdict == "none" or not _differs(opinion, verdict, evidence):
        return verdict
    review = _words(opinion, verdict)
    return replace(verdict, review=f"{verdict.review}; {review}" if verdict.review else review)


def _differs(opinion: Opinion, verdict: Verdict, evidence: Evidence) -> bool:
    if verdict.outcome == "unknown":
        return True
    if verdict.outcome == "fail":
        return opinion.verdict == "pass" and verdict.origin == "static" and not holds_no_work(evidence)
    return verdict.outcome == "pass" and opinion.verdict == "fail"


def _words(opinion: Opinion, verdict: Verdict) -> str:
    votes = opinion.votes_pass if opinion.verdict == "pass" else opinion.votes_fail
    asked = opinion.votes_pass + opinion.votes_fail + opinion.discarded
    who = f"a language model ({opinion.model}, {votes} of {asked} answers)"
    quote = f": {_quoted(opinion.quotes[0])}" if opinion.quotes else ""
    if verdict.outcome == "unknown":
        return f"{who} would {'accept' if opinion.verdict == 'pass' else 'not accept'} the text here{quote}"
    if opinion.verdict == "pass":
        return f"the text was found wanting here, but {who} accepts it{quote}"
    return f"the text was accepted here, but {who} finds it wanting{quote}"


def _quoted(text: str) -> str:
    plain = text.replace("\N{LEFT DOUBLE QUOTATION MARK}", '"').replace("\N{RIGHT DOUBLE QUOTATION MARK}", '"')
    cut = plain if len(plain) <= LONGEST_QUOTE else plain[: LONGEST_QUOTE - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return f"\N{LEFT DOUBLE QUOTATION MARK}{cut}\N{RIGHT DOUBLE QUOTATION MARK}"

"""The few lines of a grade that fit into an e-mail or a comment field, as text and as HTML."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

from grader.model import Grade, Highlight, Judgement, Rubric
from grader.reports.numbers import points
from grader.reports.page import render_message
from grader.reports.text import phrase
from grader.reports.wording import level_names

WIDTH = 76
"""Columns of a plain e-mail."""


@dataclass(frozen=True, slots=True)
class CriterionLine:
    """One criterion: its level as the course calls it, the points, and the first reason."""

    title: str
    level: str
    points: str
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What one student is told. `open` says that something is still to be decided; empty strings are left out."""

    title: str
    verdict: str
    open: str
    next_step: str
    strongest: str
    lines: tuple[CriterionLine, ...]
    closing: str
    remarks: tuple[str, ...] = ()


def summarise(grade: Grade, rubric: Rubric | None = None) -> Summary:
    """Return the summary of a grade, in the student's report's own words; nothing that is for staff is in it."""
    names = level_names(rubric)

    def line(item: Judgement) -> CriterionLine:
        if item.level is None or item.low is None or item.high is None:
            level = "not judged yet"
        else:
            level = names[item.level] + (f" (or up to {names[item.high]})" if item.low != item.high else "")
        reason = item.reasons[0] if item.reasons else ""
        return CriterionLine(item.title, level, f"{points(item.points)} of {points(item.max_points)}", phrase(reason))

    return Summary(
        title=f"{rubric.title if rubric else 'Feedback'}: {phrase(grade.notebook)}",
        verdict=_verdict(grade),
        open="A person will look at this before it counts; it can still change." if grade.needs_review else "",
        next_step=_sentence(grade.next_thing),
        strongest=_sentence(grade.strongest),
        lines=tuple(map(line, grade.judgements)),
        closing="The report that comes with this shows the reasons, each with its cell and its evidence.",
    )


def _verdict(grade: Grade) -> str:
    if grade.points is None:
        message = str(grade.run.get("message") or "it could not be judged")
        return f"There are no points yet: {phrase(message)}."
    return f"{points(grade.points)} of {points(grade.max_points)} points."


def _sentence(item: Highlight | None) -> str:
    return "" if item is None else phrase(item.sentence)


def summary_text(summary: Summary) -> str:
    """Return a summary as plain text in lines that every mail program shows."""
    parts = [summary.title, summary.verdict, summary.open]
    parts += [f"Do this next: {summary.next_step}"] if summary.next_step else []
    parts += [f"Strongest: {summary.strongest}"] if summary.strongest else []
    blocks = ["\n".join(textwrap.wrap(part, WIDTH)) for part in parts if part]
    criteria = [_criterion_text(line) for line in summary.lines]
    blocks += ["\n".join(criteria)] if criteria else []
    blocks += ["\n".join(textwrap.wrap(text, WIDTH)) for text in (*summary.remarks, summary.closing)]
    return "\n\n".join(blocks) + "\n"


def _criterion_text(line: CriterionLine) -> str:
    head = f"* {line.title}: {line.level}, {line.points}"
    reason = textwrap.wrap(line.reason, WIDTH - 2, initial_indent="  ", subsequent_indent="  ")
    return "\n".join([*textwrap.wrap(head, WIDTH, subsequent_indent="  "), *reason])


def summary_html(summary: Summary) -> str:
    """Return a summary as an HTML e-mail: nothing remote, nothing that runs."""
    return render_message("summary.html.j2", summary=summary)


def summary_markdown(summary: Summary) -> str:
    """Return a summary as Markdown with a table; whatever of a student's stands in it is text, not Markdown or HTML."""
    parts = [f"## {_escaped(summary.title)}", _escaped(summary.verdict)]
    parts += [f"**{_escaped(summary.open)}**"] if summary.open else []
    parts += [f"**Do this next:** {_escaped(summary.next_step)}"] if summary.next_step else []
    parts += [f"**Strongest:** {_escaped(summary.strongest)}"] if summary.strongest else []
    rows = [
        f"| {_escaped(line.title)} | {_escaped(line.level)} | {line.points} | {_escaped(line.reason)} |"
        for line in summary.lines
    ]
    if rows:
        parts.append("\n".join(["| Criterion | Level | Points | Why |", "|---|---|---|---|", *rows]))
    return "\n\n".join([*parts, *map(_escaped, summary.remarks)]) + "\n"


def notebook_html(summary: Summary, report: str) -> str:
    """Return a summary as it stands below a cell, in the notebook's own colours; `report` is the path of the report."""
    return render_message("below_cell.html.j2", summary=summary, report=report)


_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~<>&@:-])")
"""Letters that mean something in GitHub's Markdown, `@` and `:` among them: mentions and links."""


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(lambda match: f"&#{ord(match[1])};", " ".join(text.split()))


def comment_lines(summary: Summary) -> tuple[str, ...]:
    """Return the lines that a course system's comment field takes: points, levels, the next thing."""
    levels = "; ".join(f"{line.title}: {line.level}" for line in summary.lines)
    wanted = (summary.verdict, summary.open, levels, f"Next: {summary.next_step}" if summary.next_step else "")
    return tuple(line for line in wanted if line)

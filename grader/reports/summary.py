"""The few lines of a grade that fit into an e-mail, a comment field or below a cell; in the language being rendered."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

from grader.model import Grade, Highlight, Judgement, Rubric
from grader.reports.language import ENGLISH, LANGUAGES, say, told
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
    """What one student is told, finished and translated. Empty strings are left out.

    `open` says that something is still to be decided, `remarks` are what people say to the student, word for word.
    """

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
    titles = {item.criterion: told(item.title) for item in grade.judgements}
    return Summary(
        title=f"{told(rubric.title) if rubric else say('Feedback')}: {phrase(grade.notebook)}",
        verdict=_verdict(grade),
        open=say("A person will look at this before it counts; it can still change.") if grade.needs_review else "",
        next_step=_sentence(grade.next_thing),
        strongest=_sentence(grade.strongest),
        lines=tuple(_line(item, rubric) for item in grade.judgements),
        closing=say("The report that comes with this shows the reasons, each with its cell and its evidence."),
        remarks=tuple(
            f"{titles[item.criterion]}: {phrase(item.text)}" if item.criterion in titles else phrase(item.text)
            for item in grade.comments
        ),
    )


def _verdict(grade: Grade) -> str:
    if grade.points is None:
        message = grade.run.get("message")
        why = phrase(str(message)).rstrip(".") if message else say("it could not be judged")
        return f"{say('There are no points yet:')} {why}."
    return f"{_of(grade.points, grade.max_points)} {say('points')}."


def _of(value: float | None, largest: float) -> str:
    return f"{points(value)} {say('of')} {points(largest)}"


def _line(item: Judgement, rubric: Rubric | None) -> CriterionLine:
    names = level_names(rubric)
    if item.level is None or item.low is None or item.high is None:
        level = say("not judged yet")
    elif item.needs_review and item.low != item.high:
        level = f"{told(names[item.low])} ({say('perhaps up to')} {told(names[item.high])})"
    else:
        level = told(names[item.level])
    reason = item.reasons[0] if item.reasons else ""
    # What a person wrote stays as it was written.
    shown = phrase(reason if item.decided is not None else told(reason))
    return CriterionLine(told(item.title), level, _of(item.points, item.max_points), shown)


def _sentence(item: Highlight | None) -> str:
    return "" if item is None else phrase(told(item.sentence))


def language_of_page(page: bytes) -> str:
    """Return the language that a rendered report says it is in; English where it says nothing we know."""
    found = re.search(rb'<html lang="([a-z]{2})"', page[:300])
    language = found[1].decode() if found else ENGLISH
    return language if language in LANGUAGES else ENGLISH


def summary_text(summary: Summary) -> str:
    """Return a summary as plain text in lines that every mail program shows."""
    parts = [summary.title, summary.verdict, summary.open, *_named(summary)]
    blocks = ["\n".join(textwrap.wrap(part, WIDTH)) for part in parts if part]
    criteria = [_criterion_text(line) for line in summary.lines]
    blocks += ["\n".join(criteria)] if criteria else []
    blocks += ["\n".join(textwrap.wrap(text, WIDTH)) for text in (*summary.remarks, summary.closing)]
    return "\n\n".join(blocks) + "\n"


def _named(summary: Summary) -> list[str]:
    """Return the next thing and the strongest, each behind its name."""
    wanted = (("Do this next", summary.next_step), ("Strongest", summary.strongest))
    return [f"{say(name)}: {text}" for name, text in wanted if text]


def _criterion_text(line: CriterionLine) -> str:
    head = f"* {line.title}: {line.level}, {line.points}"
    reason = textwrap.wrap(line.reason, WIDTH - 2, initial_indent="  ", subsequent_indent="  ")
    return "\n".join([*textwrap.wrap(head, WIDTH, subsequent_indent="  "), *reason])


def summary_html(summary: Summary) -> str:
    """Return a summary as an HTML e-mail: nothing remote, nothing that runs."""
    return render_message("summary.html.j2", summary=summary)


def notebook_html(summary: Summary, report: str) -> str:
    """Return a summary as it stands below a cell, in the notebook's own colours; `report` is the path of the report."""
    return render_message("below_cell.html.j2", summary=summary, report=report)


def summary_markdown(summary: Summary) -> str:
    """Return a summary as Markdown with a table; whatever of a student's stands in it is text, not Markdown or HTML."""
    parts = [f"## {_escaped(summary.title)}", _escaped(summary.verdict)]
    parts += [f"**{_escaped(summary.open)}**"] if summary.open else []
    parts += map(_escaped, _named(summary))
    rows = [
        f"| {_escaped(line.title)} | {_escaped(line.level)} | {line.points} | {_escaped(line.reason)} |"
        for line in summary.lines
    ]
    if rows:
        head = " | ".join(map(say, ("Criterion", "Level", "Points", "Why")))
        parts.append("\n".join([f"| {head} |", "|---|---|---|---|", *rows]))
    return "\n\n".join([*parts, *map(_escaped, summary.remarks)]) + "\n"


_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~<>&@:-])")
"""Letters that mean something in GitHub's Markdown, `@` and `:` among them: mentions and links."""


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(lambda match: f"&#{ord(match[1])};", " ".join(text.split()))


def comment_lines(summary: Summary) -> tuple[str, ...]:
    """Return the lines that a course system's comment field takes: points, levels, the next thing, people's words."""
    levels = "; ".join(f"{line.title}: {line.level}" for line in summary.lines)
    following = f"{say('Do this next')}: {summary.next_step}" if summary.next_step else ""
    return tuple(line for line in (summary.verdict, summary.open, levels, following, *summary.remarks) if line)

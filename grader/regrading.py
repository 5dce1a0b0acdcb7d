"""Judging and writing: what comes after evidence. It imports nothing that runs notebooks, so that it starts at once."""

from __future__ import annotations

import functools
import gc
import hashlib
import json
import multiprocessing
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.checks import run_checks
from grader.claiming import claimed
from grader.durable import end_with_parent, replace_together
from grader.errors import RubricError
from grader.gradebook import Gradebook
from grader.judge import grade as judge_grade
from grader.model import UNDECIDED, Decisions, Evidence, Grade, Result, Rubric
from grader.questions import ask
from grader.rendering import rendering_of
from grader.reports import (
    SIMILAR_PAGE,
    STAFF_PAGE,
    grades_csv,
    render_index,
    render_report,
    render_similar,
    render_staff,
)
from grader.resources import PACKAGE, STUDENTS, shipped
from grader.rubrics import list_rubrics, load_rubric, rubric_sha256
from grader.storage import (
    cells_of_line,
    evidence_json,
    grade_json,
    read_cells_line,
    read_evidence_and_digest,
    read_hand_ins,
)

if TYPE_CHECKING:
    from grader.opinions import SecondOpinion

EVIDENCE = "evidence.json"
EXECUTED = "executed.ipynb"

SOURCES = frozenset({".py", ".json", ".yaml", ".md", ".j2", ".css", ".js"})
"""Files of the grader that what it writes depends on."""

APPLIED_RUBRIC = "rubric-"
"""How the names of rubrics begin that were made for one class, in its folder of results."""


def judged(
    evidence: Evidence, rubric: Rubric, decisions: Decisions = UNDECIDED, *, own_notebook: bool = False
) -> Grade:
    """Return the grade in effect: what the checks find and the rubric gives, with what people decided in its place."""
    findings = run_checks(evidence, rubric.thresholds, rubric.checks)
    return judge_grade(evidence, rubric, findings, own_notebook=own_notebook, decisions=decisions)


def write_submission(
    out: Path,
    rubric: Rubric,
    evidence: Evidence,
    grade: Grade,
    executed: bytes,
    staff_page: str = "",
) -> str:
    """Write all files of a submission that was run, together; return the digest of its evidence's file.

    `executed` is the notebook as it was run, with its pictures; empty where none was kept. No staff page, no such file.
    """
    stored = evidence_json(evidence).encode()
    files = _judged(out, rubric, evidence, grade, executed, staff_page)
    replace_together(out / evidence.submission, {EVIDENCE: stored, EXECUTED: executed, **files})
    return hashlib.sha256(stored).hexdigest()


def write_judgement(out: Path, rubric: Rubric, evidence: Evidence, grade: Grade, staff_page: str = "") -> None:
    """Write the files of a submission whose stored evidence was judged again."""
    folder = out / evidence.submission
    replace_together(folder, _judged(out, rubric, evidence, grade, executed_notebook(folder), staff_page))


def rewrite_submission(out: Path, rubric: Rubric, evidence: Evidence, grade: Grade, staff_page: str = "") -> str:
    """Write all files of a submission whose stored evidence was added to; return the digest of the new evidence."""
    executed = executed_notebook(out / evidence.submission)
    return write_submission(out, rubric, evidence, grade, executed, staff_page)


def staff_page_of(
    out: Path,
    rubric: Rubric,
    evidence: Evidence,
    grade: Grade,
    same_as: Sequence[str] = (),
    decisions: Decisions = UNDECIDED,
) -> str:
    """Return the page for whoever grades: questions to ask, reasons to look, what is not certain, what people said."""
    similar_page = f"../{SIMILAR_PAGE}" if rendering_of(out).similarity else ""
    return render_staff(grade, evidence, ask(evidence, grade.findings), rubric, same_as, similar_page, decisions)


def judged_mark(folder: Path, by: Sequence[object]) -> str:
    """Return a mark of a submission's files and of all they were judged by: another mark, and they are judged again.

    `by` is what differs from call to call, plain JSON; the grader's own source and templates are always in it.
    """
    facts = [_facts(folder / name) for name in (EVIDENCE, EXECUTED, "grade.json", "report.html", STAFF_PAGE)]
    return hashlib.sha256(json.dumps([_own_digest(), list(by), facts]).encode()).hexdigest()


def _facts(path: Path) -> list[int]:
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns]


@functools.cache
def _own_digest() -> str:
    digest = hashlib.sha256()
    for folder in (PACKAGE, shipped("templates")):
        for path in sorted(folder.rglob("*")):
            if path.suffix in SOURCES and path.is_file():
                digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def same_content(contents: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return, for each submission that somebody else handed in too, the ids of the others, in order."""
    together: dict[str, list[str]] = defaultdict(list)
    for submission, content in contents.items():
        together[content].append(submission)
    return {
        one: tuple(sorted(other for other in ids if other != one))
        for ids in together.values()
        if len(ids) > 1
        for one in ids
    }


def _judged(
    out: Path, rubric: Rubric, evidence: Evidence, grade: Grade, executed: bytes, staff_page: str
) -> dict[str, str | bytes]:
    return {
        "grade.json": grade_json(grade),
        "report.html": render_report(grade, evidence, rubric, executed, rendering_of(out).language),
        STAFF_PAGE: staff_page,
    }


def executed_notebook(folder: Path) -> bytes:
    """Return the notebook as it was run, with its pictures; nothing where none was kept."""
    try:
        return (folder / EXECUTED).read_bytes()
    except OSError:
        return b""


def evidence_digest(out: Path, submission: str) -> str | None:
    """Return the digest of a submission's stored evidence, None where there is none."""
    try:
        return hashlib.sha256((out / submission / EVIDENCE).read_bytes()).hexdigest()
    except OSError:
        return None


def regrade(
    out: Path,
    rubric: Rubric,
    second_opinion: SecondOpinion | None = None,
    *,
    processes: int = 1,
) -> tuple[Result, ...]:
    """Judge a class again from its stored evidence; nothing is run.

    Where a language model is asked for a second opinion, what it says is added to the stored evidence first.
    A large class is judged by several `processes`.

    Raises:
        ResultsError: `out` holds no results, another grader is at work in it, or evidence can't be read.
        StorageFullError: its disk is full.
    """
    with Gradebook.open_existing(out) as book, claimed(out):
        nothing = replace(UNDECIDED, version=book.last_line())
        decisions = book.all_decisions()
        same = same_content(book.contents())
        names = [row.submission for row in book.results()]
        asked = [Asked(name, same.get(name, ()), decisions.get(name, nothing)) for name in names]
        if second_opinion is None:
            _judge_all(out, rubric, asked, book, processes)
        else:
            for item in asked:
                _judge_with_opinion(out, rubric, item, book, second_opinion)
        results = book.results()
        write_class(out, rubric, results)
    return results


LEAST_EACH = 50
"""Submissions that are worth a process: one takes as long to start as forty take to judge."""

TOGETHER = 25
"""Submissions whose results are stored in one transaction: each waits for the disk."""


WRITERS = 4
"""Threads of a process that write: each file waits for the disk eight times, and disks take several at once."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A stored submission to be judged again: who handed in the same, and what people decided on it."""

    submission: str
    same_as: tuple[str, ...]
    decisions: Decisions


def _judge_all(out: Path, rubric: Rubric, asked: Sequence[Asked], book: Gradebook, processes: int) -> None:
    parts = [asked[start : start + TOGETHER] for start in range(0, len(asked), TOGETHER)]
    judge = functools.partial(judge_stored, out, rubric)
    count = min(processes, len(asked) // LEAST_EACH)
    if count < 2:
        for part in parts:
            book.record_judged(judge(part))
        return
    # Each starts anew: a fork would share the gradebook's connection.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, context, _begin_judging, (os.getpid(),)) as pool:
        try:
            for results in pool.map(judge, parts):
                book.record_judged(results)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _begin_judging(parent: int) -> None:
    end_with_parent(parent)
    gc.freeze()  # what was loaded stays: no search for garbage need go through it


def judge_stored(out: Path, rubric: Rubric, asked: Sequence[Asked]) -> list[tuple[Result, str, int]]:
    """Judge submissions from their stored evidence and write their files.

    Returns results, each with the digest of its evidence and the version of the decisions that it shows.

    Raises:
        ResultsError: evidence can't be read, or files can't be written.
        StorageFullError: the disk is full.
    """
    results = []
    files: dict[Path, dict[str, str | bytes]] = {}
    for item in asked:
        folder = out / item.submission
        stored, digest = read_evidence_and_digest(folder / EVIDENCE)
        grade = judged(stored, rubric, item.decisions)
        page = staff_page_of(out, rubric, stored, grade, item.same_as, item.decisions)
        files[folder] = _judged(out, rubric, stored, grade, executed_notebook(folder), page)
        results.append((Result.of_grade(grade), digest, item.decisions.version))
    # Not beside the judging: after every call of the system a thread would wait until that lets go of the interpreter.
    with ThreadPoolExecutor(WRITERS) as pool:
        for _ in pool.map(replace_together, files.keys(), files.values()):
            pass  # raises what went wrong
    return results


def _judge_with_opinion(
    out: Path, rubric: Rubric, asked: Asked, book: Gradebook, second_opinion: SecondOpinion
) -> None:
    """Judge one with what a language model says of it, which is stored with its evidence."""
    submission = asked.submission
    stored, before = read_evidence_and_digest(out / submission / EVIDENCE)
    evidence = second_opinion.added_to(stored)
    grade = judged(evidence, rubric, asked.decisions)
    page = staff_page_of(out, rubric, evidence, grade, asked.same_as, asked.decisions)
    if evidence == stored:
        write_judgement(out, rubric, evidence, grade, page)
        book.record_judgement(Result.of_grade(grade), before)
    else:
        # Evidence that the gradebook knows nothing of is run again by the next `grader grade`: no fingerprint.
        known = book.fingerprint(submission) if book.describes(submission, before) else None
        digest = rewrite_submission(out, rubric, evidence, grade, page)
        book.record(Result.of_grade(grade), known or "", digest, content=book.content(submission))
    book.written(submission, asked.decisions.version)


def class_rubric(out: Path, results: Iterable[Result]) -> Rubric | None:
    """Return the rubric that a class was graded by: a shipped one, or one that was applied here; None for others.

    Where several were used, the one that most submissions were graded by.
    """
    often = Counter(row.rubric_sha256 for row in results if row.rubric_sha256)
    if not often:
        return None
    wanted = often.most_common(1)[0][0]
    files = [*map(str, list_rubrics()), *sorted(map(str, out.glob(f"{APPLIED_RUBRIC}*.yaml")))]
    for name in files:
        try:
            if rubric_sha256(name) == wanted:
                return load_rubric(name)
        except RubricError:
            continue  # of an older grader, or written by hand: it is not what the class was graded by
    return None


def write_class(out: Path, rubric: Rubric, results: Iterable[Result]) -> None:
    """Write the class page, the table of grades and the page of passages in common, together."""
    rows = tuple(results)
    with_page = {row.submission for row in rows if (out / row.submission / STAFF_PAGE).is_file()}
    compared = rendering_of(out).similarity and len(rows) > 1
    similar = similar_page_of(out, rubric, rows) if compared else ""
    people = {name: item.names for name, item in read_hand_ins(out / STUDENTS).items() if item.names}
    index = render_index(rows, rubric, with_page, SIMILAR_PAGE if similar else "", people)
    replace_together(out, {"grades.csv": grades_csv(rows, rubric, people), "index.html": index, SIMILAR_PAGE: similar})


def similar_page_of(out: Path, rubric: Rubric, rows: Sequence[Result]) -> str:
    """Return the page of passages in common: the one that is there where no text has changed since."""
    stored_texts = {row.submission: out / row.submission / EVIDENCE for row in rows}
    digest = hashlib.sha256(repr((_own_digest(), rubric.title)).encode())
    for submission, path in stored_texts.items():
        digest.update(repr((submission, _cells_digest(path, *_facts(path)))).encode("utf-8", "replace"))
    stored = _text(out / SIMILAR_PAGE)
    if digest.hexdigest() in stored:
        return stored
    from grader.similarity import SubmissionText, find_similar  # noqa: PLC0415 - loads SciPy, for nothing else here

    texts = [SubmissionText(name, cells_of_line(read_cells_line(path))) for name, path in stored_texts.items()]
    return render_similar(find_similar(texts), rubric.title, digest.hexdigest())


@functools.lru_cache(maxsize=20_000)
def _cells_digest(path: Path, *_facts: int) -> str:
    """Return the digest of a submission's stored cells: read once as long as its file is the same.

    The review desk writes the class page after every decision, and reads no evidence again for it.
    """
    return hashlib.sha256(read_cells_line(path)).hexdigest()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""

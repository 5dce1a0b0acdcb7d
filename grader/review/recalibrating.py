"""The class in memory, for moving the rubric's numbers: read once, in the background, and judged as often as asked."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from grader.calibration.moving import Effect, StoredSubmission, dials, effect, moved_checks, moved_rubric, with_moved
from grader.checks import run_checks
from grader.durable import write_atomically
from grader.errors import GraderError, ResultsError
from grader.judge import grade as judge_grade
from grader.model import UNDECIDED, Evidence, Finding, Result, Rubric
from grader.regrading import APPLIED_RUBRIC, EVIDENCE
from grader.review.desk import Desk
from grader.rubrics.loading import read_rubric
from grader.rubrics.writing import rubric_yaml
from grader.storage import read_evidence, read_grade


@dataclass(frozen=True, slots=True)
class Loading:
    """How far the class has been read; `trouble` says why it can't be."""

    done: int
    total: int
    trouble: str = ""

    @property
    def ready(self) -> bool:
        """Whether numbers can be moved."""
        return self.done == self.total and not self.trouble


class Recalibration:
    """A class whose rubric's numbers can be moved. One object serves all threads.

    Evidence and findings are kept as they were read; what people decide meanwhile counts at once.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock, self._applying = threading.Lock(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._kept: dict[str, tuple[Evidence, Mapping[str, Finding]]] = {}
        self._loading = Loading(0, 1)
        self._at = -1

    def load(self) -> Loading:
        """Begin to read the class where that was not done, or another process has changed it; return how far it is."""
        with self._lock:
            changes = self._desk.book.changes()
            running = self._thread is not None and self._thread.is_alive()
            if not running and (self._at != changes or self._loading.trouble):
                self._at = changes
                names = [row.submission for row in self._desk.read().rows]
                self._loading = Loading(0, len(names))
                self._thread = threading.Thread(target=self._read_all, args=(names,), name="class", daemon=True)
                self._thread.start()
            return self._loading

    def _read_all(self, names: list[str]) -> None:
        kept: dict[str, tuple[Evidence, Mapping[str, Finding]]] = {}
        try:
            for name in names:
                kept[name] = self._read_one(name)
                self._loading = Loading(min(len(kept), len(names) - 1), len(names))
        except GraderError as error:
            self._loading = Loading(0, len(names), str(error))
            return
        self._kept = kept
        self._loading = Loading(len(names), len(names))

    def _read_one(self, submission: str) -> tuple[Evidence, Mapping[str, Finding]]:
        """Return evidence and the checks' own findings: those in grade.json where they are of this rubric."""
        rubric, folder = self._desk.rubric, self._desk.out / submission
        evidence = read_evidence(folder / EVIDENCE)
        try:
            stored = read_grade(folder / "grade.json")
        except ResultsError:
            stored = None
        if stored is None or stored.rubric_sha256 != rubric.sha256 or any(item.decided for item in stored.findings):
            found = run_checks(evidence, rubric.thresholds, rubric.checks)
        else:
            found = stored.findings
        return evidence, {item.check: item for item in found}

    def _class(self) -> list[StoredSubmission]:
        decisions = self._desk.read().decisions
        return [
            StoredSubmission(evidence, own, decisions.get(name, UNDECIDED))
            for name, (evidence, own) in self._kept.items()
        ]

    def effect(self, values: Mapping[str, float]) -> Effect:
        """Return what moving these numbers would do.

        Raises:
            ValueError: a number is none, or none of this rubric's.
        """
        rubric = self._desk.rubric
        return effect(self._class(), rubric, moved_rubric(rubric, values))

    def apply(self, values: Mapping[str, float], author: str, reason: str) -> str:
        """Judge the class by the moved rubric from now on; return the name of its file, beside the results.

        Raises:
            ValueError: as `effect`.
            RubricError: the moved rubric is none.
            ResultsError: it can't be stored.
        """
        with self._applying:
            before = self._desk.rubric
            moved = moved_rubric(before, values)
            text = rubric_yaml(moved).encode()
            after = read_rubric(text, "the moved rubric")
            name = f"{APPLIED_RUBRIC}{after.sha256[:12]}.yaml"
            write_atomically(self._desk.out / name, text)
            found = {item.submission: with_moved(item, moved_checks(before, after), after) for item in self._class()}
            results = [
                Result.of_grade(
                    judge_grade(item.evidence, after, tuple(found[item.submission].values()), decisions=item.decisions)
                )
                for item in self._class()
            ]
            self._desk.adopt(after, results, author, reason)
            self._kept = {key: (evidence, found[key]) for key, (evidence, _) in self._kept.items()}
            return name


def plain_values(given: Mapping[str, str], rubric: Rubric) -> dict[str, float]:
    """Return the numbers that a form or an address gives; what is empty is left as it is.

    Raises:
        ValueError: one is no number.
    """
    values: dict[str, float] = {}
    for name, text in given.items():
        if not name.startswith("to.") or not text.strip():
            continue
        try:
            values[name.removeprefix("to.")] = float(text.strip()[:30])
        except ValueError:
            raise ValueError(f"{text.strip()[:30]!r} is no number") from None
    moved_rubric(rubric, values)
    return values


def really_moved(values: Mapping[str, float], rubric: Rubric) -> dict[str, float]:
    """Return the numbers that differ from the rubric's own."""
    current = {item.name: item.current for item in dials(rubric)}
    return {name: value for name, value in values.items() if value != current[name]}

"""Grades notebooks through the real pipeline, many in one call, and keeps what came of each, so that a run can go on.

An outcome is found again by the notebook's content and the code of the grader that gave it. `any_grader` also takes
those of the grader as it was, for a long count while the code goes on changing: their evidence is judged again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

from grader.checks import run_checks
from grader.cli.options import DEFAULT_TIMEOUT_S, require_tier
from grader.errors import ResultsError
from grader.execution import RunSettings
from grader.gradebook import Gradebook
from grader.intake import load_submissions
from grader.judge import grade as judge_grade
from grader.model import Evidence
from grader.model.result import Result
from grader.pipeline import ClassGrader, GradeSettings
from grader.progress import Silence
from grader.rubrics import load_rubric
from grader.storage import read_evidence

from .draft import DataSet

REPOSITORY = Path(__file__).resolve().parents[2]
RUBRIC = "unit1"
AT_ONCE = 16
"""Notebooks in one call of the grader."""


class Written(Protocol):
    """A notebook that can be handed in: a folder's name, its text, and the data it has files of."""

    @property
    def name(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def data(self) -> DataSet: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What grading one notebook gave: outcome and summary by check, level by criterion."""

    status: str
    outcomes: Mapping[str, str]
    summaries: Mapping[str, str]
    levels: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Where outcomes are kept, and where the real data is."""

    store: Path
    data: Path | None
    jobs: int = 2
    any_grader: bool = False

    def outcomes(self, notebooks: Sequence[Written], tell: Callable[[str], None] = print) -> dict[str, Outcome]:
        """Grade what has not been graded by this grader; return the outcome of each by its name."""
        self.store.mkdir(parents=True, exist_ok=True)
        missing = [item for item in notebooks if self.known(item) is None]
        for start in range(0, len(missing), AT_ONCE):
            self._grade(missing[start : start + AT_ONCE], tell)
            tell(f"{min(start + AT_ONCE, len(missing))} of {len(missing)} graded")
        return {item.name: known for item in notebooks if (known := self.known(item)) is not None}

    def known(self, item: Written) -> Outcome | None:
        """Return the outcome kept for a notebook, None where it has to be graded."""
        folder = self._folder(item)
        try:
            kept = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            evidence = read_evidence(folder / "evidence.json")
        except (OSError, ResultsError):
            return None  # not run yet, or its evidence is of an older form
        return judged(evidence) if self.any_grader or kept["grader"] == grader_digest() else None

    def _folder(self, item: Written) -> Path:
        return self.store / hashlib.sha256(f"{item.data.files}\n{item.text}".encode()).hexdigest()[:24]

    def _grade(self, notebooks: Sequence[Written], tell: Callable[[str], None]) -> None:
        with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
            handed_in, out = Path(folder, "in"), Path(folder, "out")
            for item in notebooks:
                self._hand_in(item, handed_in / item.name)
            out.mkdir()
            by_name = {item.name: item for item in notebooks}
            settings = GradeSettings(
                out=out,
                rubric=load_rubric(RUBRIC),
                run=RunSettings.of(
                    require_tier("auto"),
                    timeout_s=DEFAULT_TIMEOUT_S,
                    data=self.data / "keras" if self.data else None,
                    threads=1,
                ),
                jobs=self.jobs,
                reference_budget_s=0,
                third_run=False,
            )
            keep = _Keeper(lambda result: self._keep(by_name[result.submission], out / result.submission, tell))
            with Gradebook.open(out) as book:
                ClassGrader(settings, book, keep, threading.Event()).grade_all(load_submissions(handed_in))

    def _hand_in(self, item: Written, folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "notebook.ipynb").write_text(item.text, encoding="utf-8")
        for name, source in item.data.files:
            if self.data is None:
                raise FileNotFoundError(source)
            path = self.data / source
            (shutil.copytree if path.is_dir() else shutil.copy)(path, folder / name)

    def _keep(self, item: Written, folder: Path, tell: Callable[[str], None]) -> None:
        kept = self._folder(item)
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir()
        shutil.copy(folder / "evidence.json", kept)
        (kept / "notebook.ipynb").write_text(item.text, encoding="utf-8")
        (kept / "run.json").write_text(json.dumps({"name": item.name, "grader": grader_digest()}), encoding="utf-8")
        run = json.loads((folder / "grade.json").read_text(encoding="utf-8"))["run"]
        tell(f"{item.name}: {run['status']} {(run.get('message') or '')[:200]}")


def judged(evidence: Evidence) -> Outcome:
    """Judge evidence by the rubric that everything of the corpus is judged by."""
    rubric = load_rubric(RUBRIC)
    grade = judge_grade(evidence, rubric, run_checks(evidence, rubric.thresholds))
    return Outcome(
        status=evidence.run.status,
        outcomes={found.check: found.outcome for found in grade.findings},
        summaries={found.check: found.summary for found in grade.findings},
        levels={item.criterion: item.level for item in grade.judgements},
    )


@dataclass(frozen=True, slots=True)
class _Keeper(Silence):
    """Keeps each result as it is finished, so that a run that is stopped has lost nothing."""

    keep: Callable[[Result], None] = field(default=lambda _result: None)

    def finished(self, result: Result, *, reused: bool) -> None:
        """Keep it."""
        self.keep(result)


@cache
def grader_digest() -> str:
    """Digest of the grader's own code and rubric."""
    return _digest((*sorted((REPOSITORY / "grader").rglob("*.py")), REPOSITORY / "rubric" / "unit1.yaml"))


def _digest(paths: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.name}\n".encode() + path.read_bytes())
    return total.hexdigest()

"""Runs notebooks by the real runner, measures them by the real measurer, and keeps both, so that a count can go on.

A run is found again by the notebook's content, and stands as long as what runs and watches it is the same code. What is
read from it and how it is judged are worked out anew whenever that code has changed: that costs a blink, a run or a
recomputation ten seconds. `any_runner` also takes runs of the runner and the probe, and recomputed figures, as they were.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Protocol

from grader.checks import run_checks
from grader.cli.options import require_tier
from grader.cli.running import DEFAULT_TIMEOUT_S
from grader.evidence.collecting import collect_evidence
from grader.evidence.official import known_splits
from grader.evidence.sealing import sealed_scorings
from grader.execution import RunSettings, load_run
from grader.intake import load_submissions
from grader.judge import grade as judge_grade
from grader.measuring import Measurer, References
from grader.model import Evidence, Run, Submission, Unreadable
from grader.progress import Silence
from grader.rubrics import load_rubric
from grader.storage import read_evidence, write_evidence

from .draft import DataSet

REPOSITORY = Path(__file__).resolve().parents[2]
RUBRIC = "unit1"
HANDED_IN, STUDENT, RUN_FOLDER, EVIDENCE, KEPT = "handed-in", "student", "run", "evidence.json", "kept.json"

RUNNER = ("probe", "execution")
VERIFIER = ("verification",)
MEASURER = (*RUNNER, *VERIFIER, "evidence", "model", "intake")
"""The parts of the grader that a run, a recomputation, and evidence depend on."""


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
    """Where runs are kept, and where the real data is."""

    store: Path
    data: Path | None
    jobs: int = 2
    any_runner: bool = False

    def outcomes(self, notebooks: Sequence[Written], tell: Callable[[str], None] = print) -> dict[str, Outcome]:
        """Run what has not been run; return the outcome of each by its name."""
        self.store.mkdir(parents=True, exist_ok=True)
        missing = [item for item in notebooks if not self._is_run(item)]
        with ThreadPoolExecutor(self.jobs) as pool:
            for done, news in enumerate(pool.map(self._run, missing), start=1):
                tell(f"{done} of {len(missing)}: {news}")
        return self.known_of(notebooks)

    def known_of(self, notebooks: Sequence[Written]) -> dict[str, Outcome]:
        """Return the outcome of each notebook that was run."""
        return {item.name: judged(self._evidence(item)) for item in notebooks if self._is_run(item)}

    def _is_run(self, item: Written) -> bool:
        kept = self._kept(item)
        return "runner" in kept and (self.any_runner or kept["runner"] == digest_of(*RUNNER))

    def _evidence(self, item: Written) -> Evidence:
        """Return what is known of a kept run: as it was measured, or measured anew where that is done otherwise now."""
        kept, folder = self._kept(item), self._folder(item)
        before = read_evidence(folder / EVIDENCE)
        if kept["measurer"] == digest_of(*MEASURER):
            return before
        submission, run = self._submission(folder), load_run(folder / RUN_FOLDER)
        evidence = collect_evidence(submission, run, known_splits(self._box().data))
        verifier = kept["verifier"] if self.any_runner else digest_of(*VERIFIER)
        if kept["verifier"] == verifier and kept.get("sealed") == sealed_digest(evidence, run):
            evidence = replace(evidence, verified=before.verified, starts=before.starts, ensembles=before.ensembles)
        else:
            verifier = digest_of(*VERIFIER)
            evidence = self._measurer().complete(evidence, run, self._box())
        return self._keep(item, run, replace(evidence, own_data=before.own_data), verifier)

    def _run(self, item: Written) -> str:
        folder = self._folder(item)
        shutil.rmtree(folder, ignore_errors=True)
        self._hand_in(item, folder)
        submission, measurer = self._submission(folder), self._measurer()
        run = measurer.run(submission, folder / RUN_FOLDER, self._box())
        self._keep(item, run, measurer.measure(submission, run, self._box()), digest_of(*VERIFIER))
        for name, _ in item.data.files:
            shutil.rmtree(folder / HANDED_IN / STUDENT / name, ignore_errors=True)
        return f"{item.name}: {run.status} {(run.message or '')[:200]}"

    def _keep(self, item: Written, run: Run, evidence: Evidence, verifier: str) -> Evidence:
        folder = self._folder(item)
        write_evidence(folder / EVIDENCE, evidence)
        runner = self._kept(item).get("runner", digest_of(*RUNNER))
        digests = {"runner": runner, "measurer": digest_of(*MEASURER), "verifier": verifier}
        digests["sealed"] = sealed_digest(evidence, run)
        (folder / KEPT).write_text(json.dumps({"name": item.name, **digests}), encoding="utf-8")
        return evidence

    def _kept(self, item: Written) -> dict[str, str]:
        try:
            kept: dict[str, str] = json.loads((self._folder(item) / KEPT).read_text(encoding="utf-8"))
        except OSError:
            return {}
        return kept

    def _folder(self, item: Written) -> Path:
        return self.store / hashlib.sha256(f"{item.data.files}\n{item.text}".encode()).hexdigest()[:24]

    def _hand_in(self, item: Written, folder: Path) -> None:
        handed_in = folder / HANDED_IN / STUDENT
        handed_in.mkdir(parents=True)
        (handed_in / "notebook.ipynb").write_text(item.text, encoding="utf-8")
        for name, source in item.data.files:
            if self.data is None:
                raise FileNotFoundError(source)
            path = self.data / source
            (shutil.copytree if path.is_dir() else shutil.copy)(path, handed_in / name)

    def _submission(self, folder: Path) -> Submission:
        found = load_submissions(folder / HANDED_IN)[0]
        if isinstance(found, Unreadable):
            raise TypeError(found.reason)
        return found

    def _box(self) -> RunSettings:
        data = self.data / "keras" if self.data else None
        return RunSettings.of(require_tier("auto"), timeout_s=DEFAULT_TIMEOUT_S, data=data, threads=1)

    def _measurer(self) -> Measurer:
        return Measurer(References(0, self.store), Silence(), threading.Event())


def judged(evidence: Evidence) -> Outcome:
    """Judge evidence by the rubric that everything of the corpus is judged by."""
    rubric = load_rubric(RUBRIC)
    grade = judge_grade(evidence, rubric, run_checks(evidence, rubric.thresholds, rubric.checks))
    return Outcome(
        status=evidence.run.status,
        outcomes={found.check: found.outcome for found in grade.findings},
        summaries={found.check: found.summary for found in grade.findings},
        levels={item.criterion: item.level for item in grade.judgements},
    )


def sealed_digest(evidence: Evidence, run: Run) -> str:
    """Digest of what leaves a run for recomputation: as long as it is the same, so are the figures."""
    total = hashlib.sha256()
    for item in sealed_scorings(evidence, run):
        total.update(repr(item).encode())
        for labels in filter(None, (item.labels, item.train_labels)):
            total.update(labels.values.read_bytes())
    return total.hexdigest()


@cache
def digest_of(*parts: str) -> str:
    """Digest of the code of some parts of the grader."""
    total = hashlib.sha256()
    for part in parts:
        for path in sorted((REPOSITORY / "grader" / part).rglob("*.py")):
            total.update(f"{path.name}\n".encode() + path.read_bytes())
    return total.hexdigest()

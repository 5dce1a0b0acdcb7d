"""What results depend on, as digests: equal keys stand for results that would come out alike."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from grader import __version__
from grader.execution import RunSettings
from grader.execution.interpreter import own_interpreter
from grader.model import EVIDENCE_VERSION, Submission
from grader.resources import PACKAGE, shipped

NOT_MEASURING = frozenset(
    {"cli", "checks", "judge", "questions", "reports", "rubrics", "calibration", "regrading", "opinions", "gradebook"}
    | {"pipeline", "scheduling", "progress", "claiming", "recognising", "repeating", "_assets", "__pycache__"}
)
"""Parts of the grader that nothing measured depends on: they judge, show, store and order."""

NOT_RUNNING = NOT_MEASURING | {"verification", "audit", "reference", "measuring", "reuse", "storage"}
"""Parts that what happens in a kernel does not depend on."""

SOURCES = frozenset({".py", ".json", ".yaml"})
REFERENCE_SOURCES = frozenset({".py", ".yaml", ".npz"})

NO_FILES = hashlib.sha256().hexdigest()
"""Digest of a folder that holds nothing but the notebook: for a run it is as if there were none."""

_LOOKS = re.compile(
    r"ipynb|listdir|scandir|glob|\bwalk\b|iterdir|system\(|subprocess|popen|^\s*[!%]\s*\w", re.MULTILINE
)
"""Code that may look at the notebook's own file, where that lies beside it: its text is then a part of what is run."""


def key_of(stage: str, parts: Mapping[str, Any]) -> str:
    """Digest a stage's inputs, plain JSON."""
    return hashlib.sha256(json.dumps([stage, parts], sort_keys=True).encode("utf-8", "replace")).hexdigest()


# ---------------------------------------------------------------- the grader and the machine
@functools.cache
def source_digest(without: frozenset[str] = NOT_MEASURING) -> str:
    """Digest the grader's own source, but for the parts named.

    Always by content: a version number does not tell a release from a checkout that was changed since.
    """
    digest = hashlib.sha256(__version__.encode())
    for path in _sources(PACKAGE, without):
        digest.update(str(path.relative_to(PACKAGE)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    if "reference" not in without:
        for path in sorted(shipped("reference").rglob("*")):
            if path.suffix in REFERENCE_SOURCES:
                digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources(folder: Path, without: frozenset[str]) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.stem in without or entry.name in without:
            continue
        if entry.is_dir():
            yield from _sources(entry, frozenset({"__pycache__"}))
        elif entry.suffix in SOURCES:
            yield entry


@functools.cache
def environment_digest(python: str) -> str:
    """Digest what is installed beside an interpreter, by name and version, and the kind of processor.

    Vectorised code adds up in another order on another processor.
    """
    folders = [Path(item) for item in sys.path if item] if python == sys.executable else _site_packages(python)
    names = sorted(name for folder in folders for name in _distributions(folder))
    return key_of(
        "environment", {"python": python, "names": names, "own": platform.python_version(), "cpu": _processor()}
    )


def _site_packages(python: str) -> list[Path]:
    prefix = Path(python).absolute().parent.parent
    patterns = ("lib*/python*/*-packages", "local/lib/python*/*-packages", "Lib/site-packages")
    return sorted(path for pattern in patterns for path in prefix.glob(pattern))


def _distributions(folder: Path) -> Iterator[str]:
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        if name.endswith((".dist-info", ".egg-info")) and not name.startswith("grader-"):
            yield name


@functools.cache
def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{platform.system()} {platform.machine()} {model or platform.processor()}"


# ---------------------------------------------------------------- submissions
def content_key(submission: Submission) -> str:
    """Digest what was handed in, whoever handed it in: equal for identical submissions.

    Where not all files were read, it is one student's own: nothing is taken for the same on half a look.
    """
    parts = {
        "notebook": submission.sha256,
        "files": submission.files_sha256,
        "whose": _whose(submission),
        "folder": submission.folder is not None,
        "working": submission.working,
        "suffix": submission.notebook.suffix.lower(),
        "name": submission.notebook.name if submission.is_pdf or submission.script else "",
        "script": None if submission.script is None else asdict(submission.script),
        "documents": [asdict(item) for item in submission.documents],
        "modules": [[cell.file, cell.source] for cell in submission.modules],
        "project": [asdict(item) for item in submission.project],
        "chosen": submission.chosen,
    }
    return key_of("content", parts)


def _whose(submission: Submission) -> str:
    return submission.id if submission.is_loose else ""


@dataclass(frozen=True, slots=True)
class Identities:
    """Digests of settings, for which folders of data are listed once a command, however many submissions there are."""

    known: dict[RunSettings, str] = field(default_factory=dict)

    def of(self, settings: RunSettings) -> str:
        """Return the digest of what a stored run has to have in common with these settings."""
        found = self.known.get(settings)
        if found is None:
            found = self.known[settings] = key_of("settings", settings.identity())
        return found


def run_key(submission: Submission, identity: str, python: str) -> str:
    """Digest what a run depends on: code, not text around it; files, settings, environment, and what watches.

    Args:
        submission: what is run.
        identity: digest of the settings (`Identities`).
        python: the kernel's interpreter.
    """
    code = [[cell.index, cell.source] for cell in submission.code_cells]
    run = (*submission.code_cells, *submission.modules)
    looks = submission.folder is not None and any(_LOOKS.search(cell.source) for cell in run)
    files = submission.files_sha256 if submission.files_sha256 != NO_FILES else ""
    parts = {
        "code": code,
        "files": files,
        "whose": _whose(submission),
        "working": submission.working,
        "script": None if submission.script is None else asdict(submission.script),
        "modules": [[cell.file, cell.source] for cell in submission.modules],
        "itself": [submission.sha256, submission.notebook.name] if looks else None,
        "settings": identity,
        "environment": environment_digest(python),
        "grader": source_digest(NOT_RUNNING),
    }
    return key_of("run", parts)


def code_key(submission: Submission) -> str:
    """Digest the code alone, whatever it is run with: how long it takes is told by that."""
    return key_of("code", {"code": [cell.source for cell in submission.code_cells]})


def evidence_key(
    content: str,
    settings: RunSettings,
    identity: str,
    *,
    hidden: str,
    reference_budget_s: float,
) -> str:
    """Digest all that is measured of a submission depends on.

    `content` is from `content_key`, `hidden` the digest of the instructor's test.
    """
    parts = {
        "content": content,
        "settings": identity,
        "environment": environment_digest(settings.python),
        "own": environment_digest(sys.executable) if reference_budget_s else asdict(own_interpreter()),
        "grader": source_digest(),
        "evidence": EVIDENCE_VERSION,
        "hidden_test": hidden,
        "references": reference_budget_s,
    }
    return key_of("evidence", parts)

"""What is kept: what says something of the submission. What the machine did to it is tried again."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
from reports.example_class import rich_evidence

from grader.model import Cell, Document, HiddenTest, ProjectFile, Run, Script, Submission
from grader.model.recomputed import PROCESS_ENDED
from grader.model.submission import LOOSE
from grader.reuse.evidence import Measured, is_lasting, keep_measured, kept_again
from grader.reuse.keys import NOT_MEASURING, NOT_RUNNING, content_key, run_key, source_digest
from grader.reuse.runs import keep_run
from grader.reuse.store import Store
from tests.test_layering import LAYERS, PACKAGE, imported_parts

GOOD = replace(rich_evidence(), verification_note="", reference_note="", own_data=None, hidden_test=None)
KEY = "c" * 64


def test_a_whole_measurement_is_kept() -> None:
    """Also of a notebook that fails: it fails again."""
    assert is_lasting(GOOD)
    assert is_lasting(replace(GOOD, run=replace(GOOD.run, status="error", failed_cell=3)))


@pytest.mark.parametrize("status", ["infrastructure_failure", "timeout", "out_of_memory", "kernel_died", "disk_full"])
def test_what_the_machine_may_have_done_is_not(status: str) -> None:
    """A busy machine times out, a full one kills."""
    assert not is_lasting(replace(GOOD, run=replace(GOOD.run, status=status)))  # type: ignore[arg-type]


def test_what_this_machine_lacked_or_lost_is_not() -> None:
    """A library that is not here, a damaged record of the run, a clean process that was killed: another time they are."""
    assert not is_lasting(replace(GOOD, run=replace(GOOD.run, needs=("module cv2",))))
    assert not is_lasting(replace(GOOD, run=replace(GOOD.run, channel_faults=1)))
    first, *others = GOOD.verified
    for ended in PROCESS_ENDED:
        killed = replace(first, origin="kernel", note=f"Not recomputed: {ended} (out_of_memory). These figures come")
        assert not is_lasting(replace(GOOD, verified=(*others, killed)))
    refused = replace(first, origin="kernel", note="Not recomputed: it is no Keras model. These figures come")
    assert is_lasting(replace(GOOD, verified=(*others, refused)))


@pytest.mark.parametrize(
    ("run", "kept"),
    [
        (Run("ok", "none", 1.0), True),
        (Run("ok", "none", 1.0, channel_faults=1), False),
        (Run("error", "none", 1.0, failed_cell=0), False),
        (Run("timeout", "none", 1.0), False),
    ],
)
def test_only_a_whole_run_is_kept(tmp_path: Path, run: Run, *, kept: bool) -> None:
    """One that failed may do better on a machine that has more, and a damaged record does not get better."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    store = Store(tmp_path / "cache", 10**9)
    keep_run(store, KEY, tmp_path / "run", run)
    assert store.has(KEY) == kept


def test_half_a_measurement_is_not() -> None:
    """Scores that could not be recomputed, references that failed or were cut, a hidden test without a result."""
    assert not is_lasting(replace(GOOD, verification_note="tried twice; both times no box"))
    assert not is_lasting(replace(GOOD, reference_note="no box"))
    assert GOOD.references
    assert not is_lasting(replace(GOOD, references=(replace(GOOD.references[0], cut=True),)))
    assert not is_lasting(replace(GOOD, hidden_test=HiddenTest("h.npz", "0" * 64, 3, note="no box")))


def test_a_run_more_is_made_once(tmp_path) -> None:
    """And made again where it came to nothing."""
    store = Store(tmp_path / "cache", 10**9)
    made = []

    def again(evidence):
        made.append(1)
        return evidence

    failed = replace(GOOD, run=replace(GOOD.run, status="infrastructure_failure"))
    assert kept_again(store, KEY, lambda: again(failed)) == failed
    assert kept_again(store, KEY, lambda: again(GOOD)) == GOOD
    assert kept_again(store, KEY, lambda: again(failed)) == GOOD
    assert len(made) == 2


def test_nothing_is_kept_of_a_failure(tmp_path) -> None:
    """The folder stays empty."""
    store = Store(tmp_path / "cache", 10**9)
    keep_measured(store, KEY, Measured(replace(GOOD, verification_note="no box")))
    assert store.get(KEY) is None


# ---------------------------------------------------------------- what was handed in
TOLD_APART = {"sha256", "files_sha256", "folder", "working", "script", "modules", "documents", "project", "chosen"}
NEVER = {"id", "hand_in", "notebook", "cells", "language", "saved_format"}
"""Whose it is and how it is called; what follows from the notebook's bytes or the project's files."""


def test_every_field_of_a_submission_was_thought_of() -> None:
    """A new one either tells submissions apart (`content_key`, and `run_key` where a run depends on it) or does not."""
    assert {item.name for item in fields(Submission)} == TOLD_APART | NEVER
    plain = Submission("a", Path("a.ipynb"), None, "0" * 64, "", (Cell(0, "code", "x = 1"),))
    other = {
        "sha256": "1" * 64,
        "files_sha256": "2" * 64,
        "folder": Path("/a"),
        "working": "notebooks",
        "script": Script("main.py"),
        "modules": (Cell(1, "code", "y = 2", file="src/model.py"),),
        "documents": (Document("README.md", "text"),),
        "project": (ProjectFile("data.csv", 3, "table"),),
        "chosen": "it lies highest",
    }
    assert set(other) == TOLD_APART
    keys = {name: content_key(replace(plain, **{name: value})) for name, value in other.items()}
    assert len({content_key(plain), *keys.values()}) == 1 + len(TOLD_APART)
    named = replace(plain, id="b", notebook=Path("b.ipynb"))
    assert content_key(named) == content_key(plain)


def test_files_that_were_not_read_are_nobody_elses() -> None:
    """Two students' weights of equal size: each is run; the same student's are known again."""
    ann = Submission("ann", Path("a.ipynb"), Path("/a"), "0" * 64, LOOSE + "2" * 64, (Cell(0, "code", "x = 1"),))
    ben = replace(ann, id="ben", folder=Path("/b"))
    assert content_key(ann) != content_key(ben)
    assert run_key(ann, "", "python") != run_key(ben, "", "python")
    later = replace(ann, folder=Path("/elsewhere"))
    assert (content_key(ann), run_key(ann, "", "python")) == (content_key(later), run_key(later, "", "python"))


LISTS = "import os\nhere = os.listdir()"


@pytest.mark.parametrize(
    ("cell", "module"),
    [
        (LISTS, ""),
        ("import helpers", LISTS),
        ("import os\nos.system('cat *')", ""),
        ("import helpers", "import subprocess\nsubprocess.run(['ls'])"),
        ("print(os.popen('ls').read())", ""),
    ],
)
def test_a_run_that_looks_around_sees_its_own_text(cell: str, module: str) -> None:
    """Its key has the notebook's text in it, wherever the looking is written; other runs are the code's alone."""
    modules = (Cell(1, "code", module, file="helpers.py"),) if module else ()
    one = Submission("ann", Path("a.ipynb"), Path("/a"), "0" * 64, "2" * 64, (Cell(0, "code", cell),), modules=modules)
    other = replace(one, sha256="1" * 64)
    assert run_key(one, "", "python") != run_key(other, "", "python")
    plain = replace(one, cells=(Cell(0, "code", "import helpers"),), modules=())
    assert run_key(plain, "", "python") == run_key(replace(plain, sha256="1" * 64), "", "python")


# ---------------------------------------------------------------- the grader's own source
def test_the_source_of_all_that_measures_is_in_the_key() -> None:
    """Nothing that measuring imports is left out of its digest; of running, nothing that a runner imports."""
    for starts, left_out in (({"measuring"}, NOT_MEASURING), ({"execution", "probe"}, NOT_RUNNING)):
        reached, open_ = set(), set(starts)
        while open_:
            part = open_.pop()
            reached.add(part)
            folder = PACKAGE / part
            files = [*folder.rglob("*.py")] if folder.is_dir() else [PACKAGE / f"{part}.py"]
            open_ |= {name for path in files for name in imported_parts(path)} - reached - {"__init__"}
        assert reached & left_out <= {"progress", "claiming"}  # whom to tell, and the folder's lock


def test_another_source_is_another_grader() -> None:
    """Digests differ by what they cover, and every part of the grader is covered or left out by name."""
    assert source_digest(NOT_RUNNING) != source_digest(NOT_MEASURING) == source_digest()
    known = {part for layer in LAYERS for part in layer}
    assert NOT_MEASURING - {"_assets", "__pycache__"} <= known

"""What travels between client and workers: whole, unpickled, and the same on the other side."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.errors import ClusterError, InfrastructureError
from grader.execution import RunSettings
from grader.intake import load_submission
from grader.reuse import Measured
from grader.scheduling.cluster.jobs import (
    Terms,
    hidden_parts,
    pack_error,
    pack_job,
    pack_measured,
    unpack_job,
    unpack_measured,
)
from grader.scheduling.cluster.listing import listing_digest
from grader.scheduling.cluster.parcel import folder_parts, pack, unpack, write_folder
from grader.scheduling.unmeasured import broken_evidence
from grader.verification.hidden_data import HiddenData
from tests.conftest import WriteNotebook

TERMS = Terms("session", again=False, reference_budget_s=3.0, cache=True, reads=True, warm=False, made_for="0")


def test_parts_come_whole_or_not_at_all() -> None:
    """A parcel that was cut, or is none, is a failure of the machine."""
    parts = {"a": b"1", "empty": b"", "b": b"\0" * 1000}
    assert unpack(pack(parts)) == parts
    for broken in (pack(parts)[:-1], pack(parts) + b"x", b"", b"nonsense" * 10):
        with pytest.raises(InfrastructureError):
            unpack(broken)


def test_a_folder_arrives_as_it_was(tmp_path: Path) -> None:
    """Files, empty folders, links as links, and times of change; earlier results stay behind."""
    source = tmp_path / "source"
    (source / "data" / "empty").mkdir(parents=True)
    (source / "data" / "table.csv").write_text("a,b\n")
    os.utime(source / "data" / "table.csv", ns=(10**18, 10**18))
    (source / "link").symlink_to("data/table.csv")
    (source / "out").mkdir()
    (source / "out" / "gradebook.db").write_text("")
    write_folder(folder_parts(source), tmp_path / "target")
    target = tmp_path / "target"
    assert sorted(str(path.relative_to(target)) for path in target.rglob("*")) == [
        "data",
        "data/empty",
        "data/table.csv",
        "link",
    ]
    assert (target / "data" / "table.csv").stat().st_mtime_ns == 10**18
    assert os.readlink(target / "link") == "data/table.csv"
    with pytest.raises(InfrastructureError):
        write_folder({"tree.json": b'[["../x", "folder", 0, ""]]'}, tmp_path / "other")


def test_a_job_arrives_as_it_was(tmp_path: Path, write_notebook: WriteNotebook) -> None:
    """Cells, files, settings and the instructor's test; the interpreter of the grader is the worker's own."""
    write_notebook("print(1)", "md:text", name="work.ipynb", folder=tmp_path / "class" / "ann")
    (tmp_path / "class" / "ann" / "data.csv").write_text("x\n1\n")
    submission = load_submission(tmp_path / "class" / "ann" / "work.ipynb")
    hidden = HiddenData("h.npz", "0" * 64, np.array(["cat", "dog"]), np.eye(2))
    settings = RunSettings("none")
    parcel = pack_job(submission, settings, TERMS, hidden_parts(hidden))
    (tmp_path / "place").mkdir()
    job = unpack_job(parcel, tmp_path / "place")
    assert replace(job.submission, folder=submission.folder, notebook=submission.notebook) == submission
    assert job.settings == settings
    assert job.terms == TERMS
    assert job.submission.notebook.read_bytes() == submission.notebook.read_bytes()
    assert (job.submission.folder / "data.csv").read_text() == "x\n1\n"  # type: ignore[operator]
    assert job.hidden is not None
    assert job.hidden.labels.tolist() == ["cat", "dog"]
    assert (job.hidden.rows == np.eye(2)).all()  # type: ignore[union-attr]


def test_results_are_read_and_not_believed(tmp_path: Path, write_notebook: WriteNotebook) -> None:
    """Evidence comes back equal; a worker's failure, and an answer that is none, are failures of the machine."""
    measured = Measured(broken_evidence(load_submission(write_notebook("1")), "no room"), b"{}")
    assert unpack_measured(pack_measured(measured)) == measured
    with pytest.raises(InfrastructureError, match="disk"):
        unpack_measured(pack_error("the disk is full"))
    for answer in ({}, {"evidence.json": b"{}", "executed.ipynb": b""}, {"evidence.json": b"\x80\x04."}):
        with pytest.raises(InfrastructureError):
            unpack_measured(pack(answer))


def test_folders_of_data_are_compared_by_names_and_sizes(tmp_path: Path) -> None:
    """A copy made at another time is the same; a missing file is not."""
    for name, changed in (("a", 1), ("b", 2)):
        (tmp_path / name / "mnist").mkdir(parents=True)
        (tmp_path / name / "mnist" / "x.npz").write_bytes(b"123")
        os.utime(tmp_path / name / "mnist" / "x.npz", (changed, changed))
    assert listing_digest(tmp_path / "a") == listing_digest(tmp_path / "b")
    (tmp_path / "b" / "mnist" / "y.npz").write_bytes(b"")
    assert listing_digest(tmp_path / "a") != listing_digest(tmp_path / "b")
    assert listing_digest(tmp_path / "c") is None


def test_too_much_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large data belongs into a folder that every worker has."""
    monkeypatch.setattr("grader.scheduling.cluster.parcel.MOST_BYTES", 10)
    (tmp_path / "big.bin").write_bytes(bytes(11))
    with pytest.raises(ClusterError, match="--data"):
        folder_parts(tmp_path)

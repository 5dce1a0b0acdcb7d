"""A class on a Dask cluster: as here, to the byte, whatever dies on the way; and no work for workers that don't fit."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grader.cli.scheduling import Scheduling
from grader.errors import ClusterError, InfrastructureError
from grader.execution import RunSettings
from grader.execution.interpreter import own_interpreter
from grader.intake import load_submission
from grader.progress import Silence
from grader.reuse.keys import source_digest
from grader.sandbox import TierReport
from grader.scheduling.cluster import worker
from grader.scheduling.cluster.client import _report
from grader.scheduling.cluster.jobs import Terms, pack_job, unpack_measured
from tests.cluster.conftest import Processes, cluster
from tests.crash.classroom import GRADER, grader, start, started_runs, write_notebook

ALONE = ("--reference-budget", "0", "--timeout", "60", "--no-warm-start")


# ---------------------------------------------------------------- workers that fit
def answer(**other: Any) -> dict[str, Any]:
    """What a worker like this machine says."""
    tier = {"tier": "bubblewrap", "gaps": [], "why_not_better": None, "remedy": None}
    same = {"version": "1", "source": source_digest(), "interpreter": asdict(own_interpreter())}
    told = {**same, "data": None, "files": [], "tier": tier, **other}
    return json.loads(json.dumps(told))


def test_a_worker_like_this_machine_fits() -> None:
    """Same sources, same libraries, an isolation that works."""
    assert _report("tcp://w:1", answer(), None).tier == "bubblewrap"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"source": "0" * 64, "version": "0.0.1"}, "has another grader"),
        ({"interpreter": {"name": "", "python": "3.9.1", "packages": [], "variables": []}}, "has other libraries"),
        ({"tier": None, "why": "no namespaces"}, "no isolation works on worker tcp://w:1 .no namespaces"),
        ({"tier": {"tier": "none", "gaps": [], "why_not_better": "bwrap is missing", "remedy": None}}, "bwrap"),
        ({"files": ["/course/wine.csv"]}, "lacks /course/wine.csv"),
        ({"data": "other"}, "has other data sets"),
    ],
)
def test_a_worker_that_does_not_fit_is_named(other: dict[str, Any], said: str) -> None:
    """With what is different, before anything is sent."""
    with pytest.raises(ClusterError, match=said):
        _report("tcp://w:1", answer(**other), None)


def test_no_scheduler_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit status 2, as for every option that can't be done."""
    pytest.importorskip("distributed")
    monkeypatch.setattr("grader.scheduling.cluster.client.CONNECT_S", 1)
    from grader.scheduling.cluster.client import Cluster

    with pytest.raises(ClusterError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        Cluster("tcp://127.0.0.1:9")


# ---------------------------------------------------------------- a class
def write_class(folder: Path) -> None:
    """Three that take a while, one of them with a file beside it."""
    for name in ("ann", "ben"):
        write_notebook(folder / name / "work.ipynb", f"# By {name}", "import time; time.sleep(3)", f"print('{name}')")
    write_notebook(folder / "cleo" / "work.ipynb", "# By cleo", "print(open('data/words.txt').read())")
    (folder / "cleo" / "data").mkdir()
    (folder / "cleo" / "data" / "words.txt").write_text("words of cleo")


def results(out: Path) -> dict[str, bytes]:
    """All that was written of each submission, but for times."""
    names = ("grade.json", "evidence.json", "executed.ipynb")
    return {
        str(path.relative_to(out)): re.sub(rb'"(wall_s|seconds)": [0-9.e-]+', b"", path.read_bytes())
        for name in names
        for path in sorted(out.glob(f"*/{name}"))
    }


@pytest.mark.slow
def test_a_cluster_gives_what_this_machine_gives(tmp_path: Path) -> None:
    """One of two workers is killed in mid-run: its submission runs again on the other, and nothing else is different."""
    write_class(tmp_path / "class")
    here = grader("grade", tmp_path / "class", "--out", tmp_path / "here", *ALONE, "--jobs", "2")
    assert here.returncode == 0, here.stderr
    with cluster(tmp_path, 2, "--resources", "MEMORY=100e9") as processes:
        command = [GRADER, "grade", tmp_path / "class", "--out", tmp_path / "there", *ALONE]
        running = subprocess.Popen(
            [*map(str, command), "--scheduler", processes.address],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        victim = processes.workers[0]
        _wait(lambda: _runs_a_kernel(victim.pid), running)
        victim.kill()
        _, stderr = running.communicate(timeout=200)
        assert running.returncode == 0, stderr
        assert started_runs(stderr) == []  # none here
        refused = grader(
            "grade",
            tmp_path / "class",
            "--out",
            tmp_path / "no",
            "--scheduler",
            processes.address,
            "--resource",
            "GPU=1",
        )
        assert refused.returncode == 2
        assert "no worker offers GPU=1" in refused.stderr
        stop_by_hand(tmp_path, processes)
    for name in ("ann", "ben", "cleo"):
        assert json.loads((tmp_path / "there" / name / "grade.json").read_text())["run"]["status"] == "ok", stderr
    assert results(tmp_path / "there") == results(tmp_path / "here")
    assert (tmp_path / "there" / "grades.csv").read_bytes() == (tmp_path / "here" / "grades.csv").read_bytes()
    assert not list((tmp_path / "there" / ".work").glob("*"))


def stop_by_hand(folder: Path, processes: Processes) -> None:
    """Ctrl-C ends the command, and what it has running on a worker; the worker lives on."""
    write_notebook(folder / "long" / "work.ipynb", "import time; time.sleep(300)")
    running = start("grade", folder / "long", "--out", folder / "stopped", *ALONE, "--scheduler", processes.address)
    survivor = processes.workers[1]
    _wait(lambda: _runs_a_kernel(survivor.pid), running)
    running.send_signal(signal.SIGINT)
    _, stderr = running.communicate(timeout=120)
    assert running.returncode == 130, stderr
    _wait(lambda: not _runs_a_kernel(survivor.pid), None)
    assert survivor.poll() is None


def _wait(until: Callable[[], bool], running: subprocess.Popen[str] | None) -> None:
    deadline = time.monotonic() + 120
    while not until() and time.monotonic() < deadline:
        assert running is None or running.poll() is None, running.communicate()
        time.sleep(0.05)
    assert until()


def _runs_a_kernel(process: int) -> bool:
    import psutil

    try:
        return any("grader.execution.runner" in child.cmdline() for child in psutil.Process(process).children())
    except psutil.Error:
        return False


def test_a_worker_that_was_not_asked_measures_nothing(tmp_path: Path) -> None:
    """One that joined after the check, of another kind: a failure of the machine, never a result."""
    path = tmp_path / "work.ipynb"
    write_notebook(path, "x = 1")
    terms = Terms("s", again=False, reference_budget_s=0.0, cache=False, reads=True, warm=False, made_for="another")
    told = worker.measure(pack_job(load_submission(path), RunSettings("none"), terms, {}))
    with pytest.raises(InfrastructureError, match="joined late"):
        unpack_measured(told)


@pytest.mark.parametrize("rerun", [False, True])
def test_a_rerun_is_one_on_workers_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, rerun: bool) -> None:
    """`--rerun` takes nothing from what a worker kept before; it keeps what it makes now in any case."""
    stores = []

    class InProcess:
        """A cluster of this process alone, which is as it has to be."""

        session = "s"

        def measured(self, parcel: bytes, *_how: Any) -> bytes:
            return worker.measure(parcel)

    def measured_here(measurer: Any, *_where: Any) -> Any:
        stores.append(measurer.keeping.store)
        raise InfrastructureError("far enough")

    monkeypatch.setenv("GRADER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(worker, "_isolation", TierReport)
    monkeypatch.setattr(worker, "Here", measured_here)
    path = tmp_path / "work.ipynb"
    write_notebook(path, "x = 1")
    run = RunSettings("bubblewrap")
    settings: Any = SimpleNamespace(
        run=run, run_by_era={}, hidden=None, reference_budget_s=0.0, cache=tmp_path / "cache", rerun=rerun
    )
    cluster: Any = InProcess()
    there = Scheduling("auto", "tcp://x", {}).place(cluster, settings, Silence(), threading.Event(), warm=False)
    assert there is not None
    with pytest.raises(InfrastructureError, match="far enough"):
        there.measure(load_submission(path), run)
    assert [store.reads for store in stores] == [not rerun]

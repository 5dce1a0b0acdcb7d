"""Runs of whole notebooks in real kernels: statuses, what is kept, what is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
import pytest

from grader.errors import RunnerError
from grader.execution import RunProgress, RunSettings, load_run, run_submission
from grader.model import Tier
from grader.sandbox import MIB

from .conftest import SMALL, RunCells, submission_of, text_of


def kernels_of(marker: str) -> list[int]:
    """Live processes that carry `marker` on their command line."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(marker in w for w in process.info["cmdline"] or [])
    ]


def wait_until(claim: object, within_s: float = 10.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if claim():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


class TestCells:
    def test_a_failing_cell_stops_nothing(self, tier: Tier, run_cells: RunCells) -> None:
        """Later cells run on; each cell's end, exception and outputs are recorded under its index."""
        run = run_cells(
            tier,
            "md:# Title",
            "x = 20; print('first')",
            "1/0",
            "def broken(:",
            "print(x + 1)",
            "raise SystemExit(3)",
            "x",
        )
        assert run.status == "error"
        assert [(cell.index, cell.status) for cell in run.cells] == [
            (1, "ok"), (2, "error"), (3, "error"), (4, "ok"), (5, "error"), (6, "ok"),
        ]  # fmt: skip
        assert [cell.exception for cell in run.cells if cell.status == "error"] == [
            "ZeroDivisionError",
            "SyntaxError",
            "SystemExit",
        ]
        assert (text_of(run, 1), text_of(run, 4), text_of(run, 6)) == ("first\n", "21\n", "20")
        assert run.failed_cell == 2
        assert run.message == "Cell 3 failed: ZeroDivisionError: division by zero (3 of 6 code cells failed)"
        assert run.completed
        assert run.isolation == tier

    def test_a_clean_run(self, tier: Tier, run_cells: RunCells) -> None:
        """All cells pass; the executed notebook holds the new outputs and the markdown, and is valid."""
        run = run_cells(
            tier,
            "md:Some *prose*",
            "print('hello')",
            "",
            "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()",
        )
        assert (run.status, run.message, run.failed_cell) == ("ok", None, None)
        assert run.executed_notebook is not None
        notebook = nbformat.read(run.executed_notebook, as_version=4)
        nbformat.validate(notebook)
        assert notebook.cells[0].source == "Some *prose*"
        assert notebook.cells[1].outputs[0].text == "hello\n"
        assert "image/png" in notebook.cells[3].outputs[0].data
        assert run.cells[-1].outputs[0].image_png

    def test_asking_for_input_is_an_error(self, best_tier: Tier, run_cells: RunCells) -> None:
        """`input()` fails at once, as it does for every batch run, instead of waiting for a person."""
        assert run_cells(best_tier, "name = input()").cells[0].exception == "StdinNotImplementedError"

    def test_progress_bars_are_read_as_shown(self, best_tier: Tier, run_cells: RunCells) -> None:
        """Lines that were rewritten count as their last state, however long they are."""
        run = run_cells(
            best_tier,
            "for n in range(300): print(f'\\r{n}/300', end='', flush=True)\nprint()",
            "print('abc\\b\\bX')",
            "print('x' * 1_000_000)",
        )
        assert text_of(run, 0) == "299/300\n"
        assert text_of(run, 1) == "aX\n"
        assert "characters left out" in text_of(run, 2)

    def test_progress_is_told(self, best_tier: Tier, tmp_path: Path) -> None:
        """Each code cell is announced when it begins, by its place in the notebook."""
        news: list[RunProgress] = []
        run_submission(submission_of("1", "md:x", "2"), tmp_path, RunSettings(best_tier, SMALL), news.append)
        assert [(item.cell, item.cells) for item in news] == [(0, 3), (2, 3)]

    def test_a_run_reads_back_as_it_was(self, best_tier: Tier, tmp_path: Path) -> None:
        """`load_run` gives the value that `run_submission` gave, artifacts and events included."""
        run = run_submission(submission_of("1/0", "import numpy"), tmp_path, RunSettings(best_tier, SMALL))
        assert load_run(tmp_path) == run
        assert run.events
        with pytest.raises(RunnerError, match="no readable run"):
            load_run(tmp_path / "elsewhere")


class TestFolder:
    def test_files_beside_the_notebook(self, tier: Tier, run_cells: RunCells, tmp_path: Path) -> None:
        """They are there at the same relative paths; folders take new files; the hand-in is not changed."""
        folder = tmp_path / "alice"
        (folder / "data" / "deep").mkdir(parents=True)
        (folder / "data" / "deep" / "x.csv").write_text("a,b\n1,2\n")
        (folder / "utils_of_mine.py").write_text("ANSWER = 42")
        (folder / "private.txt").write_text("mine")
        (folder / "private.txt").chmod(0o600)
        before = sorted(str(path) for path in folder.rglob("*"))
        run = run_cells(
            tier,
            "print(open('data/deep/x.csv').read())",
            "import utils_of_mine; print(utils_of_mine.ANSWER)",
            "print(open('private.txt').read())",
            "open('model.keras', 'w').write('x'); print('saved')",
            "handed_in = 'data/deep/x.csv'\nopen(handed_in, 'w').write('changed')",
            "open('data/new.csv', 'w').write('new')",
            "import os; print(sorted(name for name in os.listdir() if not name.startswith('.')))",
            folder=folder,
        )
        assert [text_of(run, n) for n in range(4)] == ["a,b\n1,2\n\n", "42\n", "mine\n", "saved\n"]
        if tier != "none":
            assert [run.cells[n].status for n in (4, 5)] == ["error", "ok"]
        assert "'data', 'model.keras', 'private.txt', 'utils_of_mine.py'" in text_of(run, 6)
        assert sorted(str(path) for path in folder.rglob("*")) == before
        assert (folder / "data" / "deep" / "x.csv").read_text() == "a,b\n1,2\n"

    def test_links_in_a_submission_lead_nowhere(self, tier: Tier, run_cells: RunCells, tmp_path: Path) -> None:
        """A link to another student's folder, in the hand-in, is not followed on the way into the box."""
        other = tmp_path / "bob"
        other.mkdir()
        (other / "notes.txt").write_text("canary of bob")
        folder = tmp_path / "alice"
        folder.mkdir()
        (folder / "mine.txt").write_text("mine")
        (folder / "bob").symlink_to(other)
        (folder / "here").symlink_to("mine.txt")
        run = run_cells(tier, "print(open('here').read())", "print(open('bob/notes.txt').read())", folder=folder)
        assert text_of(run, 0) == "mine\n"
        if tier != "none":
            assert run.cells[1].status == "error"
            assert "canary" not in text_of(run, 1)

    def test_what_an_earlier_run_left_can_be_written_anew(
        self, tier: Tier, run_cells: RunCells, tmp_path: Path
    ) -> None:
        """Saved models handed in are overwritten inside, new files go beside old ones; the hand-in stays as it was."""
        folder = tmp_path / "alice"
        (folder / "models" / "old").mkdir(parents=True)
        for name in ("best.keras", "models/m.h5", "models/old/notes.txt", "curve.png"):
            (folder / name).write_text("old")
        run = run_cells(
            tier,
            "BEST = 'best.keras'\nopen(BEST, 'w').write('new')\nopen('models/m.h5', 'a').write(' new')",
            "plot_savefig = lambda name: open(name, 'w').write('new')\nplot_savefig('curve.png')  # like plt.savefig",
            "open('models/new.txt', 'w').write('new')\nopen('models/old/new.txt', 'w').write('new')",
            "print(open(BEST).read(), open('models/m.h5').read(), open('models/old/notes.txt').read())",
            folder=folder,
        )
        assert run.status == "ok", run.message
        assert text_of(run, 3) == "new old new old\n"
        assert {path.read_text() for path in folder.rglob("*") if path.is_file()} == {"old"}
        assert len([path for path in folder.rglob("*") if path.is_file()]) == 4

    def test_many_files(self, best_tier: Tier, run_cells: RunCells, tmp_path: Path) -> None:
        """A folder of thousands of pictures is as readable as one of three."""
        folder = tmp_path / "alice"
        folder.mkdir()
        for number in range(2500):
            (folder / f"{number}.txt").write_text(str(number))
        run = run_cells(best_tier, "print(sum(int(open(f'{n}.txt').read()) for n in range(2500)))", folder=folder)
        assert text_of(run, 0) == f"{sum(range(2500))}\n"

    def test_datasets_are_offered(self, tier: Tier, run_cells: RunCells, tmp_path: Path) -> None:
        """Keras finds the files where it looks, the folder takes more, and GRADER_DATA names the offered ones."""
        data = tmp_path / "data"
        (data / "fashion-mnist").mkdir(parents=True)
        (data / "mnist.npz").write_text("not really")
        (data / "fashion-mnist" / "train.gz").write_text("nor this")
        run = run_cells(
            tier,
            "import os; home = os.path.expanduser('~/.keras'); print(home == os.environ['KERAS_HOME'], os.access(home, os.W_OK))",
            "print(open(home + '/datasets/mnist.npz').read(), open(home + '/datasets/fashion-mnist/train.gz').read())",
            "print(sorted(os.listdir(os.environ['GRADER_DATA'])))",
            "os.makedirs(home + '/datasets/mine_extracted'); print('made')",
            "open(os.environ['GRADER_DATA'] + '/mnist.npz', 'w')",
            data=data,
        )
        assert [text_of(run, n) for n in (0, 1, 2, 3)] == [
            "True True\n", "not really nor this\n", "['fashion-mnist', 'mnist.npz']\n", "made\n",
        ]  # fmt: skip
        if tier != "none":
            assert run.cells[4].status == "error"
            assert (data / "mnist.npz").read_text() == "not really"


class TestLimits:
    def test_time(self, tier: Tier, run_cells: RunCells) -> None:
        """The cell that was running is named; what came before is kept, what comes after is not run."""
        run = run_cells(
            tier, "print('kept')", "import time\ntime.sleep(100)", "print('never')", limits=replace(SMALL, wall_s=2.0)
        )
        assert (run.status, run.failed_cell) == ("timeout", 1)
        assert [cell.status for cell in run.cells] == ["ok", "interrupted", "not_run"]
        assert text_of(run, 0) == "kept\n"
        assert run.message is not None
        assert "in cell 2 (which had been running for" in run.message
        assert "2 s, the time allowed" in run.message
        assert run.executed_notebook is not None
        assert nbformat.read(run.executed_notebook, as_version=4).cells[0].outputs[0].text == "kept\n"

    @pytest.mark.slow
    def test_time_of_a_cell_that_refuses_to_be_interrupted(self, best_tier: Tier, run_cells: RunCells) -> None:
        """A cell that swallows the interrupt is ended all the same."""
        stubborn = "import time\nwhile True:\n    try: time.sleep(1)\n    except BaseException: pass"
        run = run_cells(best_tier, stubborn, limits=replace(SMALL, wall_s=1.0))
        assert (run.status, run.failed_cell) == ("timeout", 0)
        assert run.wall_s < 30

    def test_memory(self, tier: Tier, run_cells: RunCells) -> None:
        """A cell that eats the memory ends the run with a status that says so."""
        eat = "held = []\nwhile True: held.append(bytearray(b'x') * (32 << 20))"
        run = run_cells(tier, "print('kept')", eat, "1")
        assert (run.status, run.failed_cell) == ("out_of_memory", 1)
        assert text_of(run, 0) == "kept\n"
        assert run.peak_memory_bytes > 256 * MIB

    def test_an_impossible_allocation(self, best_tier: Tier, run_cells: RunCells) -> None:
        """A MemoryError in a cell is named as such; later cells run."""
        run = run_cells(best_tier, "b = bytearray(200 << 30)", "print('later')")
        assert (run.status, run.failed_cell) == ("out_of_memory", 0)
        assert text_of(run, 1) == "later\n"

    def test_fork_bomb(self, tier: Tier, run_cells: RunCells) -> None:
        """Too many processes end the run, and none is left."""
        marker = f"grader-bomb-{tier}-{os.getpid()}"
        bomb = f"import subprocess\nwhile True: subprocess.Popen(['sh', '-c', 'sleep 100; true', '{marker}'])"
        run = run_cells(tier, bomb)
        assert (run.status, run.failed_cell) == ("too_many_processes", 0)
        assert not kernels_of(marker)

    def test_output_flood(self, tier: Tier, run_cells: RunCells) -> None:
        """More output than allowed ends the run; what is kept is bounded."""
        run = run_cells(tier, "while True: print('x' * 1000)")
        assert (run.status, run.failed_cell) == ("output_flood", 0)
        assert run.executed_notebook is not None
        assert run.executed_notebook.stat().st_size < 3 * SMALL.output

    @pytest.mark.slow
    def test_a_picture_too_large(self, best_tier: Tier, run_cells: RunCells) -> None:
        """A single message above the cap never reaches the runner's memory."""
        show = "from IPython.display import display\ndisplay({'image/png': 'x' * (40 << 20)}, raw=True)"
        run = run_cells(best_tier, show, limits=replace(SMALL, memory=2048 * MIB))
        assert (run.status, run.failed_cell) == ("output_flood", 0)

    def test_full_disk(self, best_tier: Tier, run_cells: RunCells) -> None:
        """Scratch space that runs out is told as such."""
        run = run_cells(
            best_tier,
            "f = open('f', 'wb')\nfor _ in range(100): f.write(b'x' * (1 << 20)); f.flush()\nimport time; time.sleep(5)",
        )
        assert (run.status, run.failed_cell) == ("disk_full", 0)

    @pytest.mark.parametrize(
        ("how", "word"), [("os._exit(7)", "exit status 7"), ("os.kill(os.getpid(), 6)", "SIGABRT")]
    )
    def test_a_kernel_that_dies(self, tier: Tier, run_cells: RunCells, how: str, word: str) -> None:
        """The death of the kernel is its own status, with how it died; what came before is kept."""
        run = run_cells(tier, "print('kept')", f"import os; {how}", "1")
        assert (run.status, run.failed_cell) == ("kernel_died", 1)
        assert run.message is not None
        assert word in run.message
        assert text_of(run, 0) == "kept\n"


class TestWalls:
    def test_the_environment_of_a_kernel(
        self, tier: Tier, run_cells: RunCells, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing of the grader's environment is there; threads and backends are as set."""
        monkeypatch.setenv("GRADER_SECRET", "canary")
        run = run_cells(
            tier,
            "import os; print('canary' in str(os.environ), os.environ['OMP_NUM_THREADS'], os.environ.get('PYTHONHASHSEED'))",
            threads=3,
        )
        assert text_of(run, 0) == "False 3 None\n"

    def test_shell_lines_run_in_the_box(self, best_tier: Tier, run_cells: RunCells) -> None:
        """`!` lines work, and see what the kernel sees."""
        run = run_cells(best_tier, "!pwd", "import os; print(os.getcwd())")
        assert text_of(run, 0).strip() == text_of(run, 1).strip()

    def test_another_interpreter_that_cannot_run(self, best_tier: Tier, run_cells: RunCells) -> None:
        """A kernel that can't start is a failure of the infrastructure, never of the student."""
        run = run_cells(best_tier, "1", python="/usr/bin/true")
        assert run.status == "infrastructure_failure"
        assert run.message is not None
        assert "/usr/bin/true" in run.message


class TestEnds:
    def test_stopping(self, tier: Tier, tmp_path: Path) -> None:
        """Setting `stop` ends the run within seconds, and nothing of it is left."""
        marker = f"grader-stop-{tier}-{os.getpid()}"
        cell = f"import subprocess; subprocess.Popen(['sh', '-c', 'sleep 100; true', '{marker}'], start_new_session=True)\nimport time; time.sleep(60)"
        stop = threading.Event()
        ender = threading.Thread(target=lambda: (wait_until(lambda: kernels_of(marker)), stop.set()))
        ender.start()
        began = time.monotonic()
        with pytest.raises(RunnerError, match="stopped"):
            run_submission(submission_of(cell), tmp_path, RunSettings(tier, SMALL), stop=stop)
        ender.join()
        assert time.monotonic() - began < 20
        assert wait_until(lambda: not kernels_of(marker), 5)
        assert not (tmp_path / "run.json").exists()

    def test_the_grader_is_killed(self, tier: Tier, tmp_path: Path) -> None:
        """SIGKILL to the grader leaves neither runner nor kernel nor what the kernel started."""
        marker = f"grader-kill-{tier}-{os.getpid()}"
        code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
from execution.conftest import *
cell = "import subprocess, time; subprocess.Popen(['sh', '-c', 'sleep 100; true', '{marker}'], start_new_session=True); time.sleep(60)"
if __name__ == "__main__":
    run_submission(submission_of(cell), Path({str(tmp_path)!r}), RunSettings({tier!r}, SMALL))
"""
        script = tmp_path / "grade.py"
        script.write_text(code)
        with subprocess.Popen([sys.executable, str(script)]) as grader:
            assert wait_until(lambda: kernels_of(marker), 30)
            runner = [child.pid for child in psutil.Process(grader.pid).children()]
            grader.send_signal(signal.SIGKILL)
        assert wait_until(lambda: not kernels_of(marker))
        assert wait_until(lambda: not any(psutil.pid_exists(pid) for pid in runner))

    def test_the_runner_is_killed(self, best_tier: Tier, tmp_path: Path) -> None:
        """A runner that dies is a failure of the infrastructure, with its reason, and takes its kernel along."""
        marker = f"grader-runner-{os.getpid()}"
        cell = f"import subprocess, time; subprocess.Popen(['sh', '-c', 'sleep 100; true', '{marker}']); time.sleep(60)"

        def kill_runner() -> None:
            wait_until(lambda: kernels_of(marker))
            for child in psutil.Process().children():
                if "grader.execution.runner" in " ".join(child.cmdline()):
                    child.kill()

        killer = threading.Thread(target=kill_runner)
        killer.start()
        run = run_submission(submission_of(cell), tmp_path, RunSettings(best_tier, SMALL))
        killer.join()
        assert run.status == "infrastructure_failure"
        assert wait_until(lambda: not kernels_of(marker))
        assert load_run(tmp_path).status == "infrastructure_failure"

    def test_side_by_side(self, best_tier: Tier, tmp_path: Path) -> None:
        """Threads run submissions at once, each with its own kernel and folder."""
        runs = {}

        def one(name: str) -> None:
            cells = submission_of(
                f"print('{name}'); import time; time.sleep(1)", "open('mine', 'x').close()", name=name
            )
            runs[name] = run_submission(cells, tmp_path / name, RunSettings(best_tier, SMALL))

        threads = [threading.Thread(target=one, args=(name,)) for name in ("alice", "bob", "carol")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {name: (run.status, text_of(run, 0)) for name, run in runs.items()} == {
            name: ("ok", f"{name}\n") for name in ("alice", "bob", "carol")
        }

    def test_no_file_is_half_written(self, best_tier: Tier, tmp_path: Path) -> None:
        """After a run there are whole files only: no parts, no temporary ones."""
        run_submission(submission_of("import numpy"), tmp_path, RunSettings(best_tier, SMALL))
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "artifacts",
            "events.jsonl",
            "executed.ipynb",
            "job.json",
            "run.json",
        ]
        json.loads((tmp_path / "run.json").read_text())


CHANNEL = """
import os
variables = open('/proc/self/environ', 'rb').read().split(b'\\0')
channel = next(int(v.split(b'=')[1]) for v in variables if v.startswith(b'GRADER_PROBE_FD='))
"""
"""A cell that finds the channel as a student could."""


class TestForgery:
    def test_a_patched_message_stream_ends_the_runner_at_worst(self, best_tier: Tier, run_cells: RunCells) -> None:
        """Messages that are not Jupyter's never reach the grader: the run broke off by its own doing, no crash of ours."""
        forge = """
            kernel = get_ipython().kernel
            send = kernel.session.send
            kernel.session.send(kernel.iopub_socket, 'stream', {'no': 'text'}, parent=kernel.get_parent())
            kernel.session.send(kernel.iopub_socket, 'status', {}, parent=kernel.get_parent())
        """
        run = run_cells(best_tier, "\n".join(line.strip() for line in forge.strip().splitlines()), "1")
        assert run.status in {"kernel_died", "ok"}
        assert run.executed_notebook is None or run.executed_notebook.exists()

    def test_events_from_a_cell_are_claims_that_show(self, tier: Tier, run_cells: RunCells) -> None:
        """A student's own lines on the channel break its numbering: they are counted."""
        forge = CHANNEL + 'os.write(channel, b\'\\n{"seq": 0, "kind": "model.scored"}\\n{nonsense\\n\')'
        run = run_cells(tier, forge)
        assert run.channel_faults >= 2

    def test_events_cannot_be_taken_back(self, tier: Tier, run_cells: RunCells) -> None:
        """The channel can't be read from the kernel's side, not even through /proc."""
        steal = (
            CHANNEL
            + """
os.set_blocking(channel, False)
for path in (f'/proc/self/fd/{channel}', f'/dev/fd/{channel}'):
    try: print('opened', open(path, 'rb'))
    except OSError as error: print('refused')
try: print('read', os.read(channel, 10))
except OSError as error: print('refused')
os.set_blocking(channel, True)
"""
        )
        assert text_of(run_cells(tier, steal), 0) == "refused\nrefused\nread b''\n"

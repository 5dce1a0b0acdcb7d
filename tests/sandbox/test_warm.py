"""Commands that come into their box with libraries in memory are what they would have been without, only sooner.

All that `test_contract.py` claims of boxes is claimed of these too: it runs with them as one more tier.
"""

from __future__ import annotations

import os
import signal
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from grader.sandbox import Box, Offer, Sandbox, forks_can_enter
from grader.sandbox.warm import PREPARED, Preparation, Template

from .conftest import SMALL, WARM, RunCode, answer_of, require

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces exist on Linux only")

IN_MEMORY = "answer('colorsys' in sys.modules)"


@pytest.fixture(autouse=True)
def namespaces() -> None:
    require("bubblewrap")


@pytest.fixture
def fresh() -> Iterator[Template]:
    """A template of its own, for tests that do it harm."""
    made = Template(("colorsys",), {}, threads=2)
    yield made
    made.close()


class TestComingIn:
    def test_libraries_are_there_before_the_first_line(self, run_code: RunCode) -> None:
        """What the template has imported is in memory; in a box that starts by itself it is not."""
        assert answer_of(run_code(WARM, IN_MEMORY)) is True
        assert answer_of(run_code("bubblewrap", IN_MEMORY)) is False

    def test_it_is_started_as_python_would(self, run_code: RunCode) -> None:
        """Arguments, search path, variables, working folder, name of the main module and its file are the same."""
        code = """
            environment = {k: v for k, v in os.environ.items()}
            answer([sys.argv, [p for p in sys.path if not p.endswith(".zip")], environment, os.getcwd(), __name__,
                    __file__, sorted(os.listdir(".")), sys.flags.hash_randomization, sys.stdout.encoding])
        """
        assert answer_of(run_code(WARM, code)) == answer_of(run_code("bubblewrap", code))

    def test_nothing_of_the_grader_stays(self, run_code: RunCode) -> None:
        """No module of ours, no descriptor but the three, no folder of the template is left in the command."""
        code = """
            strings = [v for m in list(sys.modules.values()) for v in vars(m).values() if isinstance(v, str)]
            answer([[n for n in sys.modules if "grader" in n], sorted(os.listdir("/proc/self/fd"))[:3],
                    len(os.listdir("/proc/self/fd")), [s for s in strings if "/nbg-" in s and len(s) < 300]])
        """
        modules, first, count, folders = answer_of(run_code(WARM, code))
        assert (modules, first, folders) == ([], ["0", "1", "2"], [])
        assert count == 4, "the fourth is that of the listing itself"

    def test_remembered_folders_are_the_boxs(self, run_code: RunCode) -> None:
        """What libraries keep of home and temporary files is the box's, also where a function keeps it to itself."""
        code = """
            import matplotlib, tempfile
            answer([matplotlib.get_configdir(), tempfile.gettempdir()])
        """
        assert answer_of(run_code(WARM, code)) == answer_of(run_code("bubblewrap", code))


class TestWalls:
    @pytest.fixture
    def computing(self) -> Iterator[Template]:
        """A template with NumPy, whose forks have threads of OpenBLAS."""
        made = Template(("numpy", "threadpoolctl", "multiprocessing.process"), {}, threads=2)
        yield made
        made.close()

    def test_every_thread_is_behind_them(self, computing: Template, tmp_path: Path) -> None:
        """OpenBLAS's threads are made after the walls: each has the filter, none a capability."""
        code = """
            import os, re
            import numpy
            numpy.ones((600, 600)) @ numpy.ones((600, 600))
            tasks = [open(f"/proc/self/task/{task}/status").read() for task in os.listdir("/proc/self/task")]
            kinds = {tuple(re.findall(r"(?:Seccomp|NoNewPrivs|CapEff|CapBnd):\\s*(\\w+)", text)) for text in tasks}
            print(len(tasks), sorted(kinds))
        """
        count, _, kinds = _told(tmp_path, computing.entrance(), textwrap.dedent(code)).decode().partition(" ")
        assert int(count) > 1, "there is one thread only: the test shows nothing"
        assert eval(kinds) == [("0" * 16, "0" * 16, "1", "2")]

    def test_worker_processes_find_what_lies_beside_the_notebook(self, computing: Template, tmp_path: Path) -> None:
        """`multiprocessing` keeps the folder that it was imported in: it has to be the box's."""
        code = "import multiprocessing.process as it, os\nprint(it.ORIGINAL_DIR == os.getcwd(), os.uname().nodename)\n"
        assert _told(tmp_path, computing.entrance(), code) == b"True sandbox\n"


class TestRandomNumbers:
    def test_two_forks_draw_differently(self, run_code: RunCode) -> None:
        """Without a seed, no two commands draw the same numbers."""
        code = "import random, numpy; answer([random.random(), numpy.random.rand()])"
        first, second = answer_of(run_code(WARM, code)), answer_of(run_code(WARM, code))
        assert first[0] != second[0]
        assert first[1] != second[1]

    def test_a_seed_gives_what_it_gives_elsewhere(self, run_code: RunCode) -> None:
        """With one, they are those of a command that starts by itself, products of large matrices included."""
        code = """
            import random, numpy
            random.seed(7); numpy.random.seed(7)
            square = numpy.random.rand(400, 400)
            answer([random.random(), (square @ square @ square).sum().hex()])
        """
        assert answer_of(run_code(WARM, code)) == answer_of(run_code("bubblewrap", code))


class TestEnds:
    @pytest.mark.parametrize(
        ("code", "status"),
        [
            ("sys.exit(7)", 7),
            ("sys.exit('no')", 1),
            ("1 / 0", 1),
            ("os.kill(os.getpid(), 9)", 128 + signal.SIGKILL),
            ("import atexit; atexit.register(os._exit, 5)", 5),
        ],
    )
    def test_the_exit_status_is_the_commands(self, run_code: RunCode, code: str, status: int) -> None:
        """However a command ends, its box ends so; and as it would have without a template."""
        assert run_code(WARM, code).exit_code == run_code("bubblewrap", code).exit_code == status

    def test_its_last_words_are_heard(self, run_code: RunCode) -> None:
        """A traceback reaches the box's stderr."""
        assert "ZeroDivisionError" in run_code(WARM, "1 / 0").stderr_tail

    def test_it_ends_with_its_box(self, template: Template, tmp_path: Path) -> None:
        """Nothing of a box that was destroyed goes on, what came in by a fork as little as what that had started."""
        script = tmp_path / "loop.py"
        script.write_text("import os, time\nos.fork()\ntime.sleep(300)\n")
        with Sandbox(Box("bubblewrap", SMALL, offers=(Offer("loop.py", script),))) as sandbox:
            sandbox.start([sys.executable, sandbox.inside("loop.py")], entrance=template.entrance())
            entered = _until_entered(sandbox)
            below = [psutil.Process(entered), *_until(lambda: psutil.Process(entered).children())]
            sandbox.destroy()
        assert _until(lambda: not any(item.is_running() and item.status() != "zombie" for item in below))


class TestWithoutATemplate:
    def test_one_that_is_gone_is_done_without(self, fresh: Template, run_code: RunCode, tmp_path: Path) -> None:
        """Commands of a template that was killed start by themselves, and come out the same."""
        entrance = fresh.entrance()
        assert entrance is not None
        os.kill(fresh._process.pid, signal.SIGKILL)
        fresh._process.wait()
        assert fresh.entrance() is None
        assert _in_memory(tmp_path, entrance) == b"False\n"

    def test_one_with_a_second_thread_forks_nothing(self, tmp_path: Path) -> None:
        """A fork has one thread only: a template whose libraries made more is none."""
        (tmp_path / "threaded.py").write_text(
            "import threading\nthreading.Thread(target=threading.Event().wait).start()"
        )
        made = Template(("threaded",), {"PYTHONPATH": str(tmp_path)}, threads=2)
        try:
            assert made.entrance() is None
        finally:
            made.close()

    def test_one_that_still_imports_ends_with_its_grader(self, tmp_path: Path) -> None:
        """The operating system ends it when the grader's end of a pipe closes, as it does when a grader is killed."""
        (tmp_path / "endless.py").write_text(
            "import pathlib, time\npathlib.Path(__file__).with_name('began').touch()\ntime.sleep(300)"
        )
        made = Template(("endless",), {"PYTHONPATH": str(tmp_path)}, threads=2)
        assert _until((tmp_path / "began").exists)
        made.close()
        assert made._process.returncode == -signal.SIGIO

    def test_one_that_hangs_is_not_waited_for(
        self, fresh: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where nobody comes, the command starts by itself: here the template is stopped."""
        entrance = fresh.entrance()
        os.kill(fresh._process.pid, signal.SIGSTOP)
        monkeypatch.setattr("grader.sandbox.sandbox.GATE_S", 0.5)
        try:
            assert _in_memory(tmp_path, entrance) == b"False\n"
        finally:
            os.kill(fresh._process.pid, signal.SIGCONT)

    def test_what_reads_other_variables_starts_by_itself(self, template: Template) -> None:
        """Libraries were imported under the template's variables; a command with others would have other libraries."""
        entrance = template.entrance()
        assert entrance is not None
        command = [sys.executable, "/x.py"]
        own = {**template._variables, "HOME": "/elsewhere", "GRADER_DATA": "/d"}
        assert entrance.fits(command, own)
        assert not entrance.fits(command, {**own, "OMP_NUM_THREADS": "7"})
        assert not entrance.fits(command, {**own, "TF_USE_LEGACY_KERAS": "1"})
        assert not entrance.fits(["/usr/bin/python3", "/x.py"], own)
        assert not entrance.fits([sys.executable, "-c", "1"], own)


class TestPrepared:
    """What commands of one kind do first can be done for all of them, by a process beside the template."""

    SAY = "import sys\nprint(getattr(sys, 'prepared', None), 'colorsys' in sys.modules)\n"

    def made(self, tmp_path: Path, preparation: str) -> Template:
        script = tmp_path / "preparation.py"
        script.write_text(textwrap.dedent(preparation))
        return Template(("colorsys",), {}, threads=2, preparation=Preparation(script, "/in/the/box"))

    def test_only_those_who_ask_for_it_find_it_done(self, tmp_path: Path) -> None:
        """The template itself stays as it was: what is to be measured apart is a fork of that."""
        template = self.made(tmp_path, "import sys\ndef prepare(folder): sys.prepared = folder\n")
        try:
            assert _told(tmp_path, template.entrance(PREPARED), self.SAY) == b"/in/the/box True\n"
            assert _told(tmp_path, template.entrance(), self.SAY) == b"None True\n"
            assert _told(tmp_path, template.entrance(PREPARED), self.SAY) == b"/in/the/box True\n"
        finally:
            template.close()

    @pytest.mark.parametrize(
        "preparation",
        [
            "def prepare(folder): raise RuntimeError('no')",
            "import threading\ndef prepare(folder): threading.Thread(target=threading.Event().wait).start()",
            "import os\ndef prepare(folder): os._exit(0)",
            "import sys\nsys.exit(0)",
        ],
    )
    def test_where_it_fails_the_commands_do_it_themselves(self, tmp_path: Path, preparation: str) -> None:
        """They come of the template all the same."""
        template = self.made(tmp_path, preparation)
        try:
            assert _told(tmp_path, template.entrance(PREPARED), self.SAY) == b"None True\n"
        finally:
            template.close()

    def test_without_its_process_too(self, tmp_path: Path) -> None:
        """One that was killed is done without."""
        template = self.made(tmp_path, "def prepare(folder): pass")
        try:
            entrance = template.entrance(PREPARED)
            (prepared,) = psutil.Process(template._process.pid).children()
            prepared.kill()
            assert _until(lambda: not psutil.Process(template._process.pid).children())
            assert _told(tmp_path, entrance, self.SAY) == b"None True\n"
        finally:
            template.close()

    def test_it_ends_with_the_template(self, tmp_path: Path) -> None:
        """However that one ends."""
        template = self.made(tmp_path, "def prepare(folder): pass")
        assert template.entrance() is not None
        (prepared,) = psutil.Process(template._process.pid).children()
        template._process.kill()
        template.close()
        assert _until(lambda: not prepared.is_running() or prepared.status() == "zombie")


def test_whether_it_works_here_is_tried() -> None:
    """`grader doctor` says so from a box that was entered."""
    assert forks_can_enter()


def _in_memory(tmp_path: Path, entrance: object) -> bytes:
    """Say whether the template's library is in memory in a command that came by this way, or did not."""
    return _told(tmp_path, entrance, "import sys\nprint('colorsys' in sys.modules)\n")


def _told(tmp_path: Path, entrance: object, code: str) -> bytes:
    """The first line that a command prints which was offered this way in."""
    script = tmp_path / "told.py"
    script.write_text(code)
    with Sandbox(Box("bubblewrap", SMALL, offers=(Offer("told.py", script),))) as sandbox:
        process = sandbox.start([sys.executable, sandbox.inside("told.py")], stdout=-1, entrance=entrance)
        assert process.stdout is not None
        said = process.stdout.readline()  # not to its end: one that hangs has the other end too
        assert sandbox.wait(30) == 0
    return said


def _until_entered(sandbox: Sandbox) -> int:
    return _until(lambda: sandbox._roots_of_processes()[1:])[0]


def _until(question, within_s: float = 20.0):
    """The first answer that is not empty."""
    deadline = time.monotonic() + within_s
    while not (answer := question()):
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)
    return answer

"""What every box holds, whichever tier built it; what a tier doesn't hold is declared, and tested as declared."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from grader.model import Tier
from grader.sandbox import MIB, Box, Sandbox, run_script, tier_gaps
from grader.sandbox.interpreter import interpreter_roots
from grader.sandbox.uids import FIRST_UID, SLOTS

from .conftest import SMALL, RunCode, answer_of

LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="the tiers that isolate exist on Linux only")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server of the host, on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process of the host that has nothing to do with any box."""
    process = subprocess.Popen(["sleep", "60"], env={"CANARY": "secret-of-a-bystander"})
    yield process
    process.kill()
    process.wait()


def gone(marker: str, within_s: float = 5.0) -> bool:
    """Whether no process has `marker` on its command line, at the latest after `within_s`."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not processes_with(marker):
            return True
        time.sleep(0.05)
    return False


def processes_with(marker: str) -> list[int]:
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(word == marker for word in words):
            found.append(process.pid)
    return found


DAEMON = """
    import subprocess, time
    for session in (True, False):
        subprocess.Popen(["sh", "-c", "sleep 300 & sleep 300", ARGUMENTS["marker"]], start_new_session=session)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp("sh", ["sh", "-c", "sleep 300; true", ARGUMENTS["marker"]])
        os._exit(0)
    os.wait()
    time.sleep(ARGUMENTS["seconds"])
    answer("started")
"""


class TestNetwork:
    def test_no_server_of_the_host_is_reached(self, walled: Tier, run_code: RunCode, listener: socket.socket) -> None:
        """Connecting to a TCP port of the host fails, and nothing arrives there."""
        code = "import socket; answer(refused(socket.create_connection, ('127.0.0.1', ARGUMENTS['port']), 3))"
        assert answer_of(run_code(walled, code, port=listener.getsockname()[1]))
        listener.settimeout(0.2)
        with pytest.raises(TimeoutError):
            listener.accept()

    def test_no_unix_socket_of_the_host_is_reached(self, walled: Tier, run_code: RunCode, tmp_path: Path) -> None:
        """Neither abstract nor named Unix sockets lead out of the box."""
        name = f"grader-test-{os.getpid()}"
        path = tmp_path / "u"
        with socket.socket(socket.AF_UNIX) as abstract, socket.socket(socket.AF_UNIX) as named:
            abstract.bind(f"\0{name}")
            abstract.listen()
            named.bind(str(path))
            named.listen()
            path.chmod(0o777)
            code = """
                import socket
                answer([refused(socket.socket(socket.AF_UNIX).connect, a) for a in ("\\0" + ARGUMENTS["name"], ARGUMENTS["path"])])
            """
            assert all(answer_of(run_code(walled, code, name=name, path=str(path))))

    def test_no_datagram_leaves(self, walled: Tier, run_code: RunCode) -> None:
        """Sending UDP fails: no name can be looked up, nothing can be leaked through one."""
        code = """
            import socket
            def send(): socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53))
            answer(refused(send))
        """
        assert answer_of(run_code(walled, code))

    def test_the_absence_of_walls_is_declared(self, run_code: RunCode, listener: socket.socket) -> None:
        """The tier `none` says that it holds no network back, and does not."""
        assert any("network" in gap for gap in tier_gaps("none"))
        code = "import socket; answer(refused(socket.create_connection, ('127.0.0.1', ARGUMENTS['port']), 3))"
        assert answer_of(run_code("none", code, port=listener.getsockname()[1])) is None


class TestFiles:
    def test_files_outside_are_not_seen(self, walled: Tier, run_code: RunCode, tmp_path: Path) -> None:
        """A readable file of the host (another submission, a result) can't be opened, listed or written."""
        other = tmp_path / "bob"
        other.mkdir()
        (other / "answers.txt").write_text("canary")
        for path in (other, *other.parents):
            if path.stat().st_uid == os.geteuid() and path != Path("/"):
                path.chmod(path.stat().st_mode | 0o055)
        code = """
            path = ARGUMENTS["path"]
            answer([refused(open, path), refused(os.listdir, os.path.dirname(path)),
                    refused(open, path + ".new", "w")])
        """
        assert all(answer_of(run_code(walled, code, path=str(other / "answers.txt"))))
        assert sorted(other.iterdir()) == [other / "answers.txt"]

    def test_home_is_not_seen(self, walled: Tier, run_code: RunCode) -> None:
        """Of the home folder there is at most the way to an interpreter that lives in it."""
        code = """
            try: answer(os.listdir(ARGUMENTS["home"]))
            except OSError: answer([])
        """
        way = {
            Path(root).relative_to(Path.home()).parts[0]
            for root in interpreter_roots(sys.executable)
            if root.startswith(f"{Path.home()}/")
        }
        assert set(answer_of(run_code(walled, code, home=str(Path.home())))) <= way

    def test_system_and_interpreter_are_read_only(self, walled: Tier, run_code: RunCode) -> None:
        """Neither the system nor Python nor the grader's own files can be written."""
        code = """
            targets = ["/usr/x", "/etc/x", "/x", "/dev/x", os.path.join(sys.prefix, "x"), os.__file__, __file__, os.path.dirname(__file__) + "/x"]
            answer([refused(open, target, "a") for target in targets])
        """
        assert all(answer_of(run_code(walled, code)))

    def test_the_working_folder_is_writable_and_inputs_are_not(
        self, walled: Tier, run_code: RunCode, tmp_path: Path
    ) -> None:
        """The current folder takes files; an input can be read and not changed."""
        (tmp_path / "in.txt").write_text("input")
        code = """
            open("out.txt", "w").write("x")
            answer([open(INPUTS["in"]).read(), refused(open, INPUTS["in"], "a"), os.listdir(".").count("out.txt")])
        """
        text, refusal, written = answer_of(run_code(walled, code, inputs={"in": tmp_path / "in.txt"}))
        assert (text, bool(refusal), written) == ("input", True, 1)
        assert (tmp_path / "in.txt").read_text() == "input"

    def test_private_inputs_can_be_read(self, walled: Tier, run_code: RunCode, tmp_path: Path) -> None:
        """An instructor's umask keeps no input from the box that it is given to."""
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "x.txt").write_text("private")
        (tmp_path / "in" / "x.txt").chmod(0o600)
        (tmp_path / "in").chmod(0o700)
        code = "answer(open(INPUTS['in'] + '/x.txt').read())"
        assert answer_of(run_code(walled, code, inputs={"in": tmp_path / "in"})) == "private"

    def test_each_box_starts_empty(self, tier: Tier, run_code: RunCode) -> None:
        """What one box wrote, in its folder or in the temporary one, the next does not find."""
        code = """
            import tempfile
            found = [os.path.exists(f) for f in ("left.txt", tempfile.gettempdir() + "/left.txt")]
            for folder in (".", tempfile.gettempdir()): open(folder + "/left.txt", "w").write("x")
            answer(found)
        """
        for _ in range(2):
            assert answer_of(run_code(tier, code)) == [False, False]

    def test_nothing_is_left_on_the_host(self, tier: Tier, tmp_path: Path) -> None:
        """The host's folder of a box is gone when the box is closed, even if folders in it were closed to us."""
        with Sandbox(Box(tier, SMALL)) as sandbox:
            code = "import os; os.makedirs('a/b'); open('a/b/c', 'w').close(); os.chmod('a/b', 0); os.chmod('a', 0)"
            sandbox.start([sys.executable, "-I", "-S", "-c", code])
            assert sandbox.wait(20) == 0
            assert sandbox.folder.exists()
        assert not sandbox.folder.exists()


class TestOthers:
    def test_the_environment_is_clean(self, tier: Tier, run_code: RunCode, monkeypatch: pytest.MonkeyPatch) -> None:
        """No variable of the grader is there, neither in the process nor in those it can look at."""
        monkeypatch.setenv("GRADER_SECRET", "canary-value")
        code = """
            seen = dict(os.environ)
            told = [v for v in seen.values() if "canary-value" in v]
            if ARGUMENTS["walled"]:
                for name in os.listdir("/proc"):
                    try:
                        if name.isdigit() and b"canary-value" in open(f"/proc/{name}/environ", "rb").read(): told.append(name)
                    except OSError: pass
            answer([told, seen["HOME"] == os.getcwd()])
        """
        assert answer_of(run_code(tier, code, walled=tier != "none")) == [[], True]

    def test_other_processes_are_out_of_reach(
        self, walled: Tier, run_code: RunCode, bystander: subprocess.Popen[bytes]
    ) -> None:
        """A process of the host can't be signalled, traced or looked into."""
        code = """
            import ctypes
            pid = ARGUMENTS["pid"]
            def environ():
                if b"secret-of-a-bystander" in open(f"/proc/{pid}/environ", "rb").read(): raise SystemExit("read it")
                raise PermissionError
            trace = ctypes.CDLL(None, use_errno=True).ptrace(16, pid, 0, 0)
            try: os.kill(pid, 9); killed = True
            except OSError: killed = False
            answer([bool(refused(environ)), trace, killed])
        """
        looked_into, traced, killed = answer_of(run_code(walled, code, pid=bystander.pid))
        assert (looked_into, traced) == (True, -1)
        if killed:  # in a namespace of its own that number may be one of the box's own processes
            assert walled == "bubblewrap"
        assert bystander.poll() is None

    def test_root_shares_no_uid_with_a_box(self, walled: Tier, run_code: RunCode) -> None:
        """Started by root, a box has a uid of its own and no capability that matters."""
        if os.geteuid() != 0:
            pytest.skip("only root has uids to give")
        code = """
            held = [line.split()[1] for line in open("/proc/self/status") if line.startswith(("CapEff", "CapPrm", "CapBnd"))]
            answer([os.getuid(), os.getgid(), os.getgroups(), held])
        """
        uid, gid, groups, held = answer_of(run_code(walled, code))
        assert uid == gid
        assert FIRST_UID <= uid < FIRST_UID + SLOTS
        assert groups in ([], [gid])
        read_search = 1 << 2  # lets an interpreter under /root be read; what can be named is held by Landlock
        assert {int(mask, 16) for mask in held} <= {0, read_search}

    def test_namespaces_tracing_and_odd_memory_are_refused(self, walled: Tier, run_code: RunCode) -> None:
        """unshare, mount, io_uring, bpf, memfd_create and handles to files end with an error number."""
        code = """
            import ctypes, platform
            column = {"x86_64": 0, "aarch64": 1}[platform.machine()]
            calls = {"unshare": (272, 97), "mount": (165, 40), "io_uring_setup": (425, 425), "bpf": (321, 280),
                     "memfd_create": (319, 279), "open_by_handle_at": (304, 265), "shmget": (29, 194)}
            libc = ctypes.CDLL(None, use_errno=True)
            answer({name: (libc.syscall(n[column], 0x10000000, 0, 0, 0, 0), ctypes.get_errno()) for name, n in calls.items()})
        """
        for name, (result, number) in answer_of(run_code(walled, code)).items():
            assert (result, number) in {(-1, 1), (-1, 38)}, name

    def test_the_box_does_not_see_our_descriptors(self, tier: Tier, run_code: RunCode, tmp_path: Path) -> None:
        """Files that the grader has open, inheritable or not, are closed inside."""
        with (tmp_path / "roster.csv").open("w") as roster:
            os.set_inheritable(roster.fileno(), True)
            code = "answer([os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if os.path.lexists(f'/proc/self/fd/{n}')])"
            targets = answer_of(run_code(tier, code))
        assert not [target for target in targets if "roster" in target or "lock" in target]


class TestLimits:
    def test_memory(self, tier: Tier, run_code: RunCode) -> None:
        """More resident memory than allowed ends the box with a status that says so."""
        code = """
            import time
            held = []
            while True: held.append(bytearray(b"x") * (16 << 20)); time.sleep(0.02)
        """
        result = run_code(tier, code)
        assert result.status == "out_of_memory"
        assert "256 MiB are allowed" in result.stderr_tail
        assert result.peak_memory_bytes > 256 * MIB

    def test_memory_of_all_processes_together(self, tier: Tier, run_code: RunCode) -> None:
        """Memory spread over children counts as much."""
        code = """
            import time
            for _ in range(6):
                if os.fork() == 0:
                    held = bytearray(b"x") * (64 << 20); time.sleep(60)
            time.sleep(60)
        """
        assert run_code(tier, code).status == "out_of_memory"

    def test_shared_pages_are_counted_once(self, tier: Tier, run_code: RunCode) -> None:
        """Forked workers that only read their parent's data don't count it again each."""
        code = """
            import time
            held = bytearray(b"x") * (100 << 20)
            children = []
            for _ in range(5):
                child = os.fork()
                if child == 0: time.sleep(1); os._exit(0)
                children.append(child)
            for child in children: os.waitpid(child, 0)
            answer("done")
        """
        assert answer_of(run_code(tier, code)) == "done"

    def test_fork_bomb(self, tier: Tier, run_code: RunCode) -> None:
        """A fork bomb ends with its status, and none of it is left."""
        marker = f"bomb-{tier}-{os.getpid()}"
        code = """
            import subprocess
            while True:
                try: subprocess.Popen(["sh", "-c", "sleep 300; true", ARGUMENTS["marker"]])
                except OSError: pass
        """
        assert run_code(tier, code, marker=marker).status == "too_many_processes"
        assert gone(marker)

    def test_time(self, tier: Tier, run_code: RunCode) -> None:
        """A loop that holds the interpreter's lock is ended by the clock."""
        result = run_code(tier, "while True: pass", limits=replace(SMALL, wall_s=1.0))
        assert result.status == "timeout"
        assert 1.0 <= result.seconds < 8.0

    def test_output(self, tier: Tier, run_code: RunCode) -> None:
        """A flood on stdout ends the box, and only the allowed part is kept."""
        result = run_code(tier, "while True: print('x' * 10_000)")
        assert result.status == "output_flood"
        assert len(result.stdout) == SMALL.output

    def test_stderr_flood_costs_nothing(self, tier: Tier, run_code: RunCode) -> None:
        """However much goes to stderr, only the end of it is kept."""
        result = run_code(
            tier, "for _ in range(2000): sys.stderr.write('x' * 10_000)\nsys.stderr.write('the end'); answer(1)"
        )
        assert answer_of(result) == 1
        assert result.stderr_tail.endswith("the end")
        assert len(result.stderr_tail) < 100_000

    def test_disk(self, walled: Tier, run_code: RunCode) -> None:
        """The scratch folder holds its size: by its own file system, or ended by the watchdog where it has none."""
        code = """
            import time
            for n in range(100):
                with open(f"f{n}", "wb") as f: f.write(b"x" * (8 << 20))
                time.sleep(0.05)
        """
        result = run_code(walled, code)
        if walled == "bubblewrap":
            assert result.status == "error"
            assert "No space left on device" in result.stderr_tail
        else:
            assert any("disk" in gap for gap in tier_gaps(walled))
            assert result.status == "disk_full"

    def test_file_size(self, walled: Tier, run_code: RunCode) -> None:
        """No file grows above its cap."""
        code = "answer(refused(os.truncate, open('f', 'wb').fileno(), 128 << 20))"
        assert answer_of(run_code(walled, code, limits=replace(SMALL, scratch=256 * MIB)))

    def test_the_socket_folder_takes_no_files(self, walled: Tier, tmp_path: Path) -> None:
        """The folder of the kernel's sockets lies on the host's disk: files there are refused."""
        with Sandbox(Box(walled, SMALL)) as sandbox:
            code = f"open({sandbox.sockets_inside!r} + '/x', 'w')"
            sandbox.start([sys.executable, "-I", "-S", "-c", code])
            assert sandbox.wait(20) == 1
            assert b"PermissionError" in sandbox.stderr_tail
            assert not list(sandbox.sockets.iterdir())


class TestNothingIsLeft:
    def test_after_a_normal_end(self, tier: Tier, run_code: RunCode) -> None:
        """Children, daemons and orphans of a script are gone when its result is there."""
        marker = f"left-{tier}-{os.getpid()}"
        assert answer_of(run_code(tier, DAEMON, marker=marker, seconds=0.3)) == "started"
        assert not processes_with(marker)

    def test_after_a_limit(self, tier: Tier, run_code: RunCode) -> None:
        """The same after a limit was passed."""
        marker = f"limit-{tier}-{os.getpid()}"
        result = run_code(tier, DAEMON, limits=replace(SMALL, wall_s=1.5), marker=marker, seconds=60)
        assert result.status == "timeout"
        assert not processes_with(marker)

    def test_after_the_grader_was_killed(self, tier: Tier, tmp_path: Path) -> None:
        """SIGKILL to the grader ends the box and all daemons in it."""
        marker = f"killed-{tier}-{os.getpid()}"
        script = tmp_path / "daemon.py"
        script.write_text(
            f"import os\nARGUMENTS = dict(marker={marker!r}, seconds=60)\ndef answer(x): pass\n"
            + textwrap.dedent(DAEMON)
        )
        starter = (
            "import pathlib, sys; from grader.sandbox import *; "
            f"run_script(pathlib.Path({str(script)!r}), {{}}, {{}}, tier={tier!r}, limits=Limits())"
        )
        with subprocess.Popen([sys.executable, "-c", starter]) as grader:
            deadline = time.monotonic() + 20
            while len(processes_with(marker)) < 3 and time.monotonic() < deadline:
                time.sleep(0.05)
            assert len(processes_with(marker)) >= 3
            grader.send_signal(signal.SIGKILL)
        assert gone(marker)

    def test_boxes_side_by_side(self, tier: Tier, tmp_path: Path) -> None:
        """Several threads run boxes at once; the end of one is not the end of another."""
        script = tmp_path / "s.py"
        script.write_text(
            "import json, os, sys, time; time.sleep(json.loads(sys.argv[1])['arguments']['s']); print(os.getuid())"
        )
        results = {}

        def run(seconds: float) -> None:
            results[seconds] = run_script(script, {"s": seconds}, {}, tier=tier, limits=SMALL)

        threads = [threading.Thread(target=run, args=(seconds,)) for seconds in (0.1, 0.6, 1.2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [result.status for result in results.values()] == ["ok"] * 3
        if os.geteuid() == 0 and tier != "none":
            assert len({result.stdout for result in results.values()}) == 3

"""Attacks with processes and threads: too many of them, some that stay, some that reach for others."""

from __future__ import annotations

from grader.sandbox import tiers
from hostile.catalogue import Attack

ATTACKS = (
    Attack(
        "fork-bomb",
        "processes",
        "Start processes that start processes, until the machine stands still.",
        (
            """
mark()
time.sleep(0.5)
while True:
    try:
        os.fork()
    except OSError:
        pass
""",
        ),
        status="too_many_processes",
        stopped_in=0,
        message=r"cell 4 \(which had been running for \d+\.\d s\): it started more than \d+ processes; the code cell",
        held_by="watchdog, RLIMIT_NPROC, pid namespace or keeper",
    ),
    Attack(
        "process-flood",
        "processes",
        "Start a thousand patient programs.",
        (
            """
mark()
time.sleep(0.5)
started = [subprocess.Popen(["sleep", "60"]) for _ in range(1000)]
breached(len(started))
""",
        ),
        status="too_many_processes",
        stopped_in=0,
        message="more than 128 processes",
        held_by="watchdog",
    ),
    Attack(
        "daemon",
        "processes",
        "Leave a daemon behind: double fork, a session of its own, deaf to signals.",
        (
            """
mark()
for deaf in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(deaf, signal.SIG_IGN)
for session in (True, False):
    subprocess.Popen(["sh", "-c", "trap '' TERM HUP INT; sleep 600 & sleep 600; true", ARENA["token"]], start_new_session=session)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)   # no signal at the parent's death
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # a reaper of its own
        for descriptor in range(64):
            try: os.close(descriptor)
            except OSError: pass
        if os.fork() == 0:
            os.execvp("sleep", ["sleep", "601"])
        time.sleep(600)
    os._exit(0)
time.sleep(0.5)
""",
        ),
        held_by={"bubblewrap": "pid namespace", "landlock": "keeper (subreaper)"},
    ),
    Attack(
        "signal-others",
        "processes",
        "End or stop the grader, its parents, and whatever else can be signalled.",
        (
            """
mark()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
alone = os.path.exists("/run/nb")  # a pid namespace: its numbers are its own
for pid in (os.getppid(), ARENA["bystander"], os.getppid() - 1, os.getppid() - 2):
    if pid <= 1 or alone:
        continue
    for number in (signal.SIGTERM, signal.SIGSTOP, 0):
        attempt(f"signal {number} to {pid}", os.kill, pid, number)
if alone:
    try:
        os.kill(1, signal.SIGKILL)   # the first process of a namespace doesn't hear it
    except OSError as error:
        held(error)
    others = [name for name in os.listdir("/proc") if name.isdigit() and int(name) not in (1, os.getpid())]
    if len(others) > 4:
        breached(others)
if alone or ARENA["kill_all"]:
    try:
        os.kill(-1, signal.SIGKILL)
    except OSError as error:
        held(error)
held("still here")
""",
        ),
        may={"landlock": tiers.SIGNALS_OPEN},
        held_by={"bubblewrap": "pid namespace", "landlock": "own uid or Landlock's signal scope"},
    ),
    Attack(
        "trace-others",
        "processes",
        "Attach to other processes: ptrace, their memory, their descriptors.",
        (
            """
mark()
machine = os.uname().machine
numbers = {"x86_64": (101, 310, 311, 434, 438, 312), "aarch64": (117, 270, 271, 434, 438, 272)}[machine]
ptrace, readv, writev, pidfd_open, pidfd_getfd, kcmp = numbers
buffer = ctypes.create_string_buffer(64)
vector = (ctypes.c_ulong * 2)(ctypes.addressof(buffer), 64)
for pid in (os.getppid(), ARENA["bystander"], 1):
    attempt(f"ptrace {pid}", system_call, ptrace, 16, pid, 0, 0)
    attempt(f"seize {pid}", system_call, ptrace, 0x4206, pid, 0, 0)
    attempt(f"read memory of {pid}", system_call, readv, pid, vector, 1, vector, 1, 0)
    attempt(f"write memory of {pid}", system_call, writev, pid, vector, 1, vector, 1, 0)
    attempt(f"write /proc/{pid}/mem", open, f"/proc/{pid}/mem", "r+b")
    try:
        handle = system_call(pidfd_open, pid, 0)
    except OSError as error:
        held(error)
    else:
        attempt(f"descriptor of {pid}", system_call, pidfd_getfd, handle, 0, 0)
attempt("ptrace me", system_call, ptrace, 0, 0, 0, 0)
""",
        ),
        held_by="seccomp, pid namespace, uid",
    ),
    Attack(
        "thread-bomb",
        "processes",
        "Start threads until the machine can't.",
        (
            """
mark()
threading.stack_size(65536)
stop, count = threading.Event(), 0
try:
    while count < 20_000:
        threading.Thread(target=stop.wait, daemon=True).start()
        count += 1
except (RuntimeError, MemoryError) as error:
    held(f"{count}: {error}")
finally:
    stop.set()
if count > 4096:
    breached(count)
time.sleep(1)
""",
        ),
        held_by="RLIMIT_NPROC",
    ),
)

"""Attacks on the walls themselves: namespaces, mounts, privileges, and doors of the operating system."""

from __future__ import annotations

from hostile.catalogue import Attack

_NUMBERS = """
x86 = os.uname().machine == "x86_64"
def number(name):
    return {"mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
            "setns": (308, 268), "clone": (56, 220), "open_tree": (428, 428), "fsopen": (430, 430), "mount_setattr": (442, 442),
            "bpf": (321, 280), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "keyctl": (250, 219), "add_key": (248, 217),
            "userfaultfd": (323, 282), "perf_event_open": (298, 241), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
            "fanotify_init": (300, 262), "init_module": (175, 105), "finit_module": (313, 273), "kexec_load": (246, 104), "reboot": (169, 142),
            "swapon": (167, 224), "iopl": (172, None), "personality": (135, 92), "clone3": (435, 435), "syslog": (103, 116),
            "settimeofday": (164, 170), "clock_settime": (227, 112), "sethostname": (170, 161), "quotactl": (179, 60), "vhangup": (153, 58)}[name][0 if x86 else 1]
"""

ATTACKS = (
    Attack(
        "nested-namespaces",
        "escape",
        "Become root in a namespace of one's own, by every call that makes or enters one.",
        (
            _NUMBERS
            + """
mark()
for name, flag in (("user", 0x10000000), ("mount", 0x20000), ("pid", 0x20000000), ("net", 0x40000000), ("ipc", 0x8000000), ("uts", 0x4000000), ("cgroup", 0x2000000), ("time", 0x80)):
    attempt("unshare " + name, system_call, number("unshare"), flag)
    if name != "time":
        attempt("clone " + name, system_call, number("clone"), flag | 17, 0, 0, 0, 0)
    try:
        entry = os.open(f"/proc/1/ns/{'mnt' if name == 'mount' else name}", os.O_RDONLY)
    except OSError as error:
        held(error)
    else:
        attempt("enter " + name, system_call, number("setns"), entry, 0)
arguments = (ctypes.c_ulonglong * 11)(0x10000000, 0, 0, 0, 17)
attempt("clone3", system_call, number("clone3"), arguments, 88)
attempt("unshare, the program", subprocess.run, ["unshare", "-Ur", "true"], check=True)
attempt("bwrap in bwrap", subprocess.run, ["bwrap", "--ro-bind", "/", "/", "true"], check=True)
""",
        ),
        held_by="seccomp, max_user_namespaces",
    ),
    Attack(
        "mounts",
        "escape",
        "Mount, unmount, change the root: uncover what the box hides, or make it writable again.",
        (
            _NUMBERS
            + """
mark()
attempt("mount tmpfs", system_call, number("mount"), b"none", b"/tmp", b"tmpfs", 0, 0)
attempt("mount proc", system_call, number("mount"), b"proc", b"/proc", b"proc", 0, 0)
attempt("remount writable", system_call, number("mount"), b"none", b"/", None, 0x20 | 0x1000, 0)
attempt("bind", system_call, number("mount"), b"/", os.getcwd().encode(), None, 0x1000, 0)
attempt("unmount", system_call, number("umount2"), b"/proc", 2)
attempt("chroot", os.chroot, ".")
attempt("pivot_root", system_call, number("pivot_root"), b".", b".")
attempt("open_tree", system_call, number("open_tree"), -100, b"/", 1)
attempt("fsopen", system_call, number("fsopen"), b"tmpfs", 0)
attempt("mount_setattr", system_call, number("mount_setattr"), -100, b"/", 0, 0, 0)
attempt("the program", subprocess.run, ["mount", "-t", "tmpfs", "none", "/tmp"], check=True)
""",
        ),
        held_by="seccomp, capabilities",
    ),
    Attack(
        "privileges",
        "escape",
        "Become somebody else: root, another uid, more capabilities, by set-uid programs.",
        (
            """
mark()
for what, call, *words in (("setuid", os.setuid, 0), ("setgid", os.setgid, 0), ("setresuid", os.setresuid, 0, 0, 0), ("setgroups", os.setgroups, [0]),
                           ("chown", lambda: (append("mine"), os.chown("mine", 0, 0)))):
    attempt(what, call, *words)
for path in ("/usr/bin/su", "/usr/bin/sudo", "/usr/bin/passwd", "/usr/bin/mount", "/usr/bin/newuidmap", "/usr/bin/pkexec"):
    if os.path.exists(path):
        done = subprocess.run([path, "-n", "true"], input=b"", capture_output=True, timeout=20)
        held(f"{path}: {done.returncode}")
def set_uid_copy():
    import shutil
    shutil.copy(sys.executable, "python")
    os.chmod("python", 0o6755)
    return subprocess.check_output(["./python", "-c", "import os; print(os.geteuid())"])
try:
    if set_uid_copy() == b"0\\n":
        breached("a set-uid copy ran as root")
except (OSError, subprocess.SubprocessError) as error:
    held(error)  # where modes stay as they are, the copy can't even be run
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
usable = int(status["CapEff"], 16) & ~(1 << 2)   # CAP_DAC_READ_SEARCH: only to read what the walls let be named
if usable or int(status["CapPrm"], 16) & ~(1 << 2) or int(status["CapBnd"], 16) & ~(1 << 2):
    breached({name: status[name] for name in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb")})
if status["NoNewPrivs"].strip() != "1" or status["Seccomp"].strip() != "2":
    breached("no filter")
if os.getuid() == 0 or os.geteuid() == 0 or 0 in os.getgroups():
    breached("root")
attempt("raise a limit", lambda: __import__("resource").setrlimit(__import__("resource").RLIMIT_NPROC, (10**6, 10**6)))
attempt("raise the priority", os.nice, -10)
attempt("real time", os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(50))
""",
        ),
        held_by="own uid, capabilities, no_new_privs",
    ),
    Attack(
        "kernel-doors",
        "escape",
        "Knock at the operating system's odd doors: io_uring, bpf, keys, modules, handles, tracing, clocks.",
        (
            _NUMBERS
            + """
mark()
block = ctypes.create_string_buffer(4096)
for name, *words in (
    ("io_uring_setup", 8, block), ("io_uring_enter", 3, 1, 1, 0, 0), ("io_uring_register", 3, 0, 0, 0), ("bpf", 0, block, 72), ("bpf", 5, block, 72), ("keyctl", 0, -3, 0), ("add_key", b"user", b"k", b"v", 1, -3),
    ("userfaultfd", 0), ("perf_event_open", block, 0, -1, -1, 0), ("name_to_handle_at", -100, b"/", block, block, 0), ("open_by_handle_at", -100, block, 0),
    ("fanotify_init", 0, 0), ("init_module", block, 4096, b""), ("finit_module", 0, b"", 0), ("kexec_load", 0, 0, 0, 0),
    ("reboot", 0xFEE1DEAD, 672274793, 0, 0), ("swapon", b"/tmp/x", 0), ("personality", 0x0040000), ("syslog", 3, block, 4096),
    ("settimeofday", block, 0), ("clock_settime", 0, block), ("sethostname", b"pwned", 5), ("quotactl", 0, 0, 0, 0), ("vhangup",)):
    attempt(f"{name} {words[:2]}", system_call, number(name), *words)
if x86:
    attempt("iopl", system_call, 172, 3)
    try:
        done = subprocess.run([sys.executable, "-c", "import ctypes; ctypes.CDLL(None).syscall(ctypes.c_long(0x40000000 + 39))"])
        held(f"x32: {done.returncode}") if done.returncode == -31 else breached(f"x32: {done.returncode}")
    except OSError as error:
        held(error)
import fcntl, termios
attempt("push into the terminal", fcntl.ioctl, 0, termios.TIOCSTI, b"x")
attempt("the terminal", os.open, "/dev/tty", os.O_RDWR)
""",
        ),
        held_by="seccomp, capabilities",
    ),
)

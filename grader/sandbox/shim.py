"""The first process inside a box: takes away what the code to come must not have, then becomes that code.

Run as `python -I -S shim.py CONFIG`, where CONFIG is a JSON file of the grader:

    {"command": [...], "environment": {...}, "descriptors": [5], "folder": "/work", "rlimits": {"DATA": 1, ...},
     "uid": 61000, "keep_read_search": false, "landlock": {"read": [...], "write": [...], "sockets": [...],
     "connect": false}, "seccomp": "<hex>", "folders": ["name", ...], "links": [["name", "target"], ...],
     "copies": [["name", "source"], ...], "working": "name", "gate": 7, "gate_s": 30.0}

With a `gate`, a socket, a process that has the command's libraries loaded already may enter the box and become the
command instead (see `entering.py`); this one then only waits for its end. Where none comes within `gate_s` seconds,
the command starts here.

Only the standard library: any interpreter can run it. Whatever can't be taken away ends it with a message on stderr
and SHIM_FAILED, before any untrusted code has run.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import socket
import struct
import sys
from typing import Any

SHIM_FAILED = 97
"""Exit status for a box that could not be closed; not one that Python or a shell uses."""

KILLED = 137
"""Exit status of a command whose end nobody could tell: as a shell's for one that was killed."""

NICENESS = 5
"""A third of the weight of an ordinary process, where both want the processor."""

NAMESPACES = ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")
"""What a box may have of its own, in the order of entering: with the first come the rights to the others."""

ENTERED = b"entered"
GATE_MESSAGE = 64 * 1024
"""Bytes of one message over the gate at most; the configuration itself is read from its file."""

PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
SECCOMP_MODE_FILTER = 2
CAP_DAC_READ_SEARCH = 2
LAST_CAPABILITY = 63
LINUX_CAPABILITY_VERSION_3 = 0x20080522

# System-call numbers are the same on x86-64 and AArch64.
LANDLOCK_CREATE_RULESET = 444
LANDLOCK_ADD_RULE = 445
LANDLOCK_RESTRICT_SELF = 446
LANDLOCK_CREATE_RULESET_VERSION = 1
LANDLOCK_RULE_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_FILE = (1 << bit for bit in (0, 1, 2, 3, 5))
MAKE_SOCK = 1 << 9
REFER, TRUNCATE, IOCTL_DEV = (1 << bit for bit in (13, 14, 15))
FIRST_VERSION_RIGHTS = (1 << 13) - 1
RIGHTS_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
CONNECT_TCP = 2
SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 3


def libc() -> ctypes.CDLL:
    """The C library, with errno kept."""
    return ctypes.CDLL(None, use_errno=True)


def must(result: int, what: str) -> int:
    """A system call's result, or an OSError that says what was tried."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def prctl(what: str, option: int, *arguments: int) -> None:
    """Call prctl with all of its arguments as unsigned longs."""
    values = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    must(libc().prctl(ctypes.c_int(option), *values), what)


def become(uid: int, *, keep_read_search: bool) -> None:
    """Change to a uid of its own, without capabilities.

    `keep_read_search` keeps CAP_DAC_READ_SEARCH: needed where the interpreter or the files offered are private to
    root (an interpreter under /root); what can be named at all is held by the mounts or by Landlock.
    """
    wanted = 1 << CAP_DAC_READ_SEARCH if keep_read_search else 0
    bound_capabilities(wanted)
    if keep_read_search:
        prctl("keep capabilities", PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    set_capabilities(wanted)
    if keep_read_search:
        prctl("raise an ambient capability", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH)
    if os.getresuid() != (uid, uid, uid) or os.getresgid() != (uid, uid, uid):
        raise OSError("the uid did not change")
    require_no_capabilities(wanted)


def set_capabilities(mask: int) -> None:
    """Make `mask` the effective, permitted and inheritable capabilities."""
    header = ctypes.create_string_buffer(struct.pack("Ii", LINUX_CAPABILITY_VERSION_3, 0))
    low, high = mask & 0xFFFFFFFF, mask >> 32
    data = ctypes.create_string_buffer(struct.pack("6I", low, low, low, high, high, high))
    must(libc().capset(header, data), "capset")


def give_up_capabilities() -> None:
    """Drop all, and the means to get any, in a namespace whose first user this is."""
    bound_capabilities(0)
    set_capabilities(0)
    require_no_capabilities(0)


def bound_capabilities(allowed: int) -> None:
    """Let no program that is started from here on get a capability that is not allowed."""
    for capability in range(LAST_CAPABILITY + 1):
        if not allowed >> capability & 1:
            libc().prctl(
                PR_CAPBSET_DROP, ctypes.c_ulong(capability), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)
            )


def require_no_capabilities(allowed: int) -> None:
    """Raise OSError where this process holds a capability, or could get one, that is not allowed."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        held = [line.split()[1] for line in status if line.startswith(("CapEff", "CapPrm", "CapBnd"))]
    if any(int(mask, 16) & ~allowed for mask in held):
        raise OSError("capabilities were left over")


def set_limits(limits: dict[str, int]) -> None:
    """Set the resource limits, soft and hard, never above a hard limit that is already there."""
    if not limits:
        return
    import resource  # noqa: PLC0415 - Unix only, and this file is read elsewhere too

    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is None:
            continue  # not on this operating system
        hard = resource.getrlimit(number)[1]
        capped = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(number, (capped, capped))


def landlock_version() -> int:
    """The Landlock version of this kernel; 0 where there is none."""
    create = libc().syscall
    return max(0, int(create(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), LANDLOCK_CREATE_RULESET_VERSION)))


def restrict_files(read: list[str], write: list[str], sockets: list[str], *, connect: bool) -> None:
    """Close the file system but for the paths named, by Landlock; and TCP connections, unless `connect`."""
    version = landlock_version()
    if version < 1:
        raise OSError("Landlock is not available")
    rights = FIRST_VERSION_RIGHTS
    for since, right in ((2, REFER), (3, TRUNCATE), (5, IOCTL_DEV)):
        if version >= since:
            rights |= right
    attributes = struct.pack("Q", rights)
    if version >= 4:
        attributes += struct.pack("Q", 0 if connect else CONNECT_TCP)
    if version >= 6:
        attributes += struct.pack("Q", SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS)
    syscall = libc().syscall
    ruleset = must(
        syscall(LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0)),
        "landlock_create_ruleset",
    )
    for paths, allowed in (
        (read, EXECUTE | READ_FILE | READ_DIR),
        (write, rights),
        (sockets, MAKE_SOCK | REMOVE_FILE | READ_DIR),
    ):
        for path in paths:
            allow_beneath(ruleset, path, allowed & rights)
    prctl("no_new_privs", PR_SET_NO_NEW_PRIVS, 1)
    must(syscall(LANDLOCK_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)), "landlock_restrict_self")
    os.close(ruleset)


def allow_beneath(ruleset: int, path: str, rights: int) -> None:
    """Add one rule; a path that is not there needs none."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):
            rights &= RIGHTS_OF_FILES
        rule = struct.pack("=Qi", rights, descriptor)
        arguments = (ctypes.c_int(ruleset), ctypes.c_int(LANDLOCK_RULE_PATH_BENEATH), rule, ctypes.c_uint32(0))
        must(libc().syscall(LANDLOCK_ADD_RULE, *arguments), f"landlock_add_rule {path}")
    finally:
        os.close(descriptor)


def filter_system_calls(program: bytes) -> None:
    """Install a BPF program for this process and all that come of it."""
    code = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    prctl("no_new_privs", PR_SET_NO_NEW_PRIVS, 1)
    header = Program(len(program) // 8, ctypes.addressof(code))
    zero = ctypes.c_ulong(0)
    mode = ctypes.c_ulong(SECCOMP_MODE_FILTER)
    must(libc().prctl(PR_SET_SECCOMP, mode, ctypes.byref(header), zero, zero), "seccomp")


def be_first_to_go() -> None:
    """When the machine runs out of memory, let it take this process before any other."""
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
            score.write("1000")
    except OSError:
        pass  # an aid to the host, not a wall


def be_polite() -> None:
    """Leave the processor first to whoever watches the box: a fork bomb must not keep the watchdog from ending it."""
    with contextlib.suppress(OSError):  # an aid to the host, not a wall
        os.nice(NICENESS)


def leave_if_orphaned(owner: int | None) -> None:
    """End where the other end of this pipe is closed: whoever wanted the box is dead, and nobody would end it."""
    if owner is None:
        return
    poller = select.poll()
    poller.register(owner, select.POLLHUP)
    if poller.poll(0):
        os._exit(SHIM_FAILED)


def close_descriptors(kept: list[int]) -> None:
    """Close everything above stderr but the descriptors named, which are made to outlive exec."""
    low = 3
    for descriptor in sorted(kept):
        os.closerange(low, descriptor)
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - takes no keywords
        low = descriptor + 1
    os.closerange(low, max(os.sysconf("SC_OPEN_MAX"), 4096) if low < 4096 else low + 4096)


def copy_file(source: str, name: str) -> None:
    """Copy a file of the submission that the notebook writes itself; without room for it, it is not there."""
    try:
        if os.path.lexists(name):  # left by a fork that did not come in; no code of the student's has run yet
            os.unlink(name)
        with open(source, "rb") as original, open(name, "xb") as copy:
            while chunk := original.read(1 << 20):
                copy.write(chunk)
    except OSError:
        if os.path.exists(name):
            os.unlink(name)


def take_identity(config: dict[str, Any]) -> None:
    """Become the box's own user, and one that the machine can best do without."""
    if "uid" in config:
        become(config["uid"], keep_read_search=config.get("keep_read_search", False))
    if sys.platform == "linux":
        prctl("dumpable", PR_SET_DUMPABLE, 1)  # cleared by the change of uid; without it /proc/self is root's
        be_first_to_go()
        be_polite()


def furnish(config: dict[str, Any]) -> None:
    """Go to the folder of the files, put in it what is to be found there, and go where the command starts."""
    os.chdir(config["folder"])
    for name in config.get("folders", ()):
        os.makedirs(name, exist_ok=True)
    for name, target in config.get("links", ()):
        if not os.path.lexists(name):
            os.symlink(target, name)
    for name, source in config.get("copies", ()):
        copy_file(source, name)
    os.chdir(config.get("working") or ".")


def shut(config: dict[str, Any], kept: list[int]) -> None:
    """Take everything else away, in the order in which it can be taken; of the descriptors but `kept` are closed."""
    set_limits(config.get("rlimits", {}))
    leave_if_orphaned(config.get("owner"))
    close_descriptors(kept)
    if "landlock" in config:
        rules = config["landlock"]
        restrict_files(rules["read"], rules["write"], rules["sockets"], connect=rules["connect"])
    if "seccomp" in config:
        filter_system_calls(bytes.fromhex(config["seccomp"]))


def enter(config: dict[str, Any]) -> None:
    """Close the box around this process and become the command."""
    take_identity(config)
    furnish(config)
    shut(config, config.get("descriptors", []))
    command = config["command"]
    os.execve(command[0], command, config["environment"])  # noqa: S606 - no shell is wanted


# ---------------------------------------------------------------- a command that comes in by the gate
def hold(config: dict[str, Any]) -> None:
    """Offer this box by the gate; once the command is in, wait for its end and end as it did.

    Returns where nobody came. The one who waits has nothing that the command has not, but the gate, over which nothing
    is listened to at the other end.
    """
    with socket.socket(fileno=config["gate"]) as gate:
        try:
            offer_box(gate, config)
            if who_came(gate, config["gate_s"]) != ENTERED:
                return
        except OSError:
            return
        gate.settimeout(None)
        take_identity(config)
        shut(config, [gate.fileno()])
        answer = gate.recv(GATE_MESSAGE)
        os._exit(int(answer) if answer.isdigit() else KILLED)


def who_came(gate: socket.socket, within_s: float) -> bytes:
    """Wait for what is said at the gate, and shut it: from then on nobody can say that they are in."""
    gate.settimeout(within_s)
    try:
        return gate.recv(GATE_MESSAGE)
    except TimeoutError:
        gate.shutdown(socket.SHUT_RD)
        gate.settimeout(0)
        return gate.recv(GATE_MESSAGE)  # said just before; empty, or an error, where nothing was


def offer_box(gate: socket.socket, config: dict[str, Any]) -> None:
    """Send what makes this box: its namespaces, and every descriptor that the command is to have."""
    spaces = [name for name in NAMESPACES if os.path.exists(f"/proc/self/ns/{name}")]
    opened = [os.open(f"/proc/self/ns/{name}", os.O_RDONLY) for name in spaces]
    owner = [] if config.get("owner") is None else [config["owner"]]
    kept = [0, 1, 2, *config.get("descriptors", []), *owner]
    try:
        told = {"config": sys.argv[1], "namespaces": spaces, "descriptors": kept}
        socket.send_fds(gate, [json.dumps(told).encode()], [*opened, *kept])
    finally:
        for descriptor in opened:
            os.close(descriptor)


def main() -> None:
    """Read the configuration and enter."""
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            config = json.load(file)
        if "gate" in config:
            hold(config)
        enter(config)
    except Exception as error:  # noqa: BLE001 - whatever it is, the box is not closed and nothing may run in it
        print(f"sandbox: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(SHIM_FAILED)


if __name__ == "__main__":
    main()

"""The system-call filter of a box: a denylist, assembled to classic BPF.

The program is put together outside (the machine is the same) and only installed inside, by the shim. Refused calls
fail with an error number rather than killing the process, so that libraries that merely try fall back.
"""

from __future__ import annotations

import errno
import platform
import struct
from dataclasses import dataclass, field

# Classic BPF operations on 32-bit words (linux/bpf_common.h): class | size or operation | mode.
LOAD = 0x20
EQUAL = 0x15
AT_LEAST = 0x35
ANY_BIT = 0x45
MASK = 0x54
RETURN = 0x06

# Offsets in struct seccomp_data: number, architecture, then six 64-bit arguments (their low words, little endian).
NUMBER = 0
ARCHITECTURE = 4
ARGUMENTS = 16

ALLOW = 0x7FFF0000
ERRNO = 0x00050000
KILL_PROCESS = 0x80000000

AUDIT_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_BIT = 0x40000000
"""System calls of the x32 interface carry this bit, and would slip past numbers of the 64-bit one."""

NEW_NAMESPACES = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET."""

MAP_SHARED_ANONYMOUS = 0x21
"""MAP_SHARED and MAP_ANONYMOUS. Such pages stay when a process no longer maps or counts them, as long as a byte of
the mapping is held: memory without limit that no look at processes can see. multiprocessing maps files instead."""

MSG_FASTOPEN = 0x20000000
"""With this flag, sendto() connects."""

_COLUMN = {"x86_64": 0, "aarch64": 1}

DENIED: dict[str, tuple[int, int | None]] = {
    # Other processes.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "perf_event_open": (298, 241),
    # Parts of the kernel with a history of holes and no use in a notebook.
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "vmsplice": (278, 75),
    "splice": (275, 76),
    "tee": (276, 77),
    "personality": (135, 92),
    "modify_ldt": (154, None),
    "lookup_dcookie": (212, 18),
    # Mounts and namespaces.
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    # Files by handle pass by every path rule.
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    # Memory that no size cap counts.
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    # The machine.
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "nfsservctl": (180, 42),
    "iopl": (172, None),
    "ioperm": (173, None),
}

_ABSENT = {"memfd_create": (319, 279), "clone3": (435, 435)}
"""Answered "not implemented": callers fall back (clone3 hides its flags behind a pointer that a filter can't read)."""

_OTHERS_OF_THE_USER: dict[str, tuple[tuple[int, int | None], int]] = {
    "prlimit64": ((302, 261), 0),
    "setpriority": ((141, 140), 1),
}
"""Calls that reach any process of the same user, and the argument that names it: 0 is the caller itself."""

_METADATA_IGNORED: dict[str, tuple[int, int | None]] = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
}
"""Landlock has no say on the modes and times of files, so that a box of the grader's own user could close, or open to
all, whatever that user owns. Copying and unpacking call these in passing: they succeed, and do nothing."""

_METADATA_REFUSED: dict[str, tuple[int, int | None]] = {
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "truncate": (76, 45),  # by path; Landlock has a say from version 3 on
}

_INOTIFY_ADD_WATCH = (254, 27)
"""Tells the names of files in folders that Landlock closes; without mounts of its own a box must not have it."""

_FALLOCATE = (285, 47)
"""Takes a disk in no time, between any two looks; without it callers write instead, which takes its time."""

_CLONE = (56, 220)
_MMAP = (9, 222)
_SOCKET = (41, 198)
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16
_CONNECT = (42, 203)
_SENDTO = (44, 206)
_PASSING_DESCRIPTORS = ((46, 211), (307, 269))
"""sendmsg, sendmmsg. A descriptor on its way through a socket belongs to no process: a file without a name that was
sent on takes disk space that no look at processes finds."""


@dataclass(slots=True)
class Assembler:
    """Two passes: instructions with labels first, then jumps as the 8-bit distances that BPF knows."""

    _lines: list[tuple[int, int, str | None, str | None]] = field(default_factory=list)
    _labels: dict[str, int] = field(default_factory=dict)

    def label(self, name: str) -> None:
        """Name the next instruction."""
        self._labels[name] = len(self._lines)

    def emit(self, code: int, value: int, yes: str | None = None, no: str | None = None) -> None:
        """Add an instruction; `yes` and `no` are labels, None falls through."""
        self._lines.append((code, value, yes, no))

    def load(self, offset: int) -> None:
        """Load a word of struct seccomp_data."""
        self.emit(LOAD, offset)

    def argument(self, position: int) -> None:
        """Load the low word of a system call's argument."""
        self.load(ARGUMENTS + 8 * position)

    def program(self) -> bytes:
        """The assembled filter: 8 bytes an instruction."""
        return b"".join(
            struct.pack("HBBI", code, self._distance(yes, here), self._distance(no, here), value)
            for here, (code, value, yes, no) in enumerate(self._lines)
        )

    def _distance(self, label: str | None, here: int) -> int:
        if label is None:
            return 0
        distance = self._labels[label] - here - 1
        if not 0 <= distance <= 0xFF:
            raise ValueError(f"the jump from {here} to {label!r} is {distance} instructions long; BPF reaches 255")
        return distance


def machine_supported(machine: str | None = None) -> bool:
    """Whether the numbers of this machine's system calls are known here."""
    return (machine or platform.machine()) in _COLUMN


def filter_program(*, without_network_namespace: bool, same_user: bool = False, machine: str | None = None) -> bytes:
    """The denylist as BPF.

    Of sockets there are Unix, IPv4 and IPv6 ones and the route netlink that libzmq needs; all other families are
    either not held by a network namespace (vsock leads to the hypervisor) or of no use in a notebook.
    `without_network_namespace` adds what such a namespace would have held: no connect() at all (it would reach the
    Unix sockets of the host), and of sockets only Unix streams and TCP (a kernel binds one on loopback); no
    watching of folders, which mounts would have held; and no disk space taken without being written, or kept where no
    process shows it.
    `same_user` adds what a uid of its own, or mounts, would have held: modes, times and attributes of the user's
    files, and limits and priorities of the user's other processes.

    Raises:
        KeyError: the machine's system calls are not known (see `machine_supported`).
    """
    machine = machine or platform.machine()
    column = _COLUMN[machine]
    asm = Assembler()
    asm.load(ARCHITECTURE)
    asm.emit(EQUAL, AUDIT_ARCHITECTURE[machine], None, "kill")
    asm.load(NUMBER)
    if machine == "x86_64":
        asm.emit(AT_LEAST, X32_BIT, "kill")
    for numbers in _ABSENT.values():
        asm.emit(EQUAL, numbers[column], "absent")
    for denied in DENIED.values():
        number = denied[column]
        if number is not None:
            asm.emit(EQUAL, number, "refused")
    if same_user:
        _protect_the_user(asm, column)
    _refuse_new_namespaces(asm, column)
    _refuse_hidden_memory(asm, column)
    if without_network_namespace:
        asm.emit(EQUAL, _INOTIFY_ADD_WATCH[column], "refused")
        asm.emit(EQUAL, _FALLOCATE[column], "unsupported")
        _refuse_connections(asm, column)
        _allow_few_sockets(asm, column)
    else:
        _allow_known_families(asm, column)
    asm.label("allow")
    asm.emit(RETURN, ALLOW)
    asm.label("refused")
    asm.emit(RETURN, ERRNO | errno.EPERM)
    asm.label("forbidden")
    asm.emit(RETURN, ERRNO | errno.EACCES)
    asm.label("unsupported")
    asm.emit(RETURN, ERRNO | errno.EOPNOTSUPP)
    asm.label("done")
    asm.emit(RETURN, ERRNO)
    asm.label("absent")
    asm.emit(RETURN, ERRNO | errno.ENOSYS)
    asm.label("kill")
    asm.emit(RETURN, KILL_PROCESS)
    return asm.program()


def _protect_the_user(asm: Assembler, column: int) -> None:
    for calls, label in ((_METADATA_IGNORED, "done"), (_METADATA_REFUSED, "refused")):
        for numbers in calls.values():
            number = numbers[column]
            if number is not None:
                asm.emit(EQUAL, number, label)
    for name, (numbers, position) in _OTHERS_OF_THE_USER.items():
        asm.emit(EQUAL, numbers[column] or 0, None, f"not {name}")
        asm.argument(position)
        asm.emit(EQUAL, 0, "allow", "refused")
        asm.label(f"not {name}")


def _refuse_new_namespaces(asm: Assembler, column: int) -> None:
    asm.emit(EQUAL, _CLONE[column], None, "not clone")
    asm.argument(0)
    asm.emit(ANY_BIT, NEW_NAMESPACES, "refused", "allow")
    asm.label("not clone")


def _refuse_hidden_memory(asm: Assembler, column: int) -> None:
    asm.emit(EQUAL, _MMAP[column], None, "not mmap")
    asm.argument(3)
    asm.emit(MASK, MAP_SHARED_ANONYMOUS)
    asm.emit(EQUAL, MAP_SHARED_ANONYMOUS, "refused", "allow")
    asm.label("not mmap")


def _allow_known_families(asm: Assembler, column: int) -> None:
    asm.emit(EQUAL, _SOCKET[column], None, "not socket")
    asm.argument(0)
    for family in (AF_UNIX, AF_INET, AF_INET6):
        asm.emit(EQUAL, family, "allow")
    asm.emit(EQUAL, AF_NETLINK, None, "forbidden")
    asm.argument(2)
    asm.emit(EQUAL, 0, "allow", "forbidden")  # NETLINK_ROUTE
    asm.label("not socket")


def _refuse_connections(asm: Assembler, column: int) -> None:
    asm.emit(EQUAL, _CONNECT[column], "forbidden")
    for numbers in _PASSING_DESCRIPTORS:
        asm.emit(EQUAL, numbers[column], "refused")
    asm.emit(EQUAL, _SENDTO[column], None, "not sendto")
    asm.argument(3)
    asm.emit(ANY_BIT, MSG_FASTOPEN, "forbidden", "allow")
    asm.label("not sendto")


def _allow_few_sockets(asm: Assembler, column: int) -> None:
    sock_dgram, sock_raw, type_bits = 2, 3, 0xF
    asm.emit(EQUAL, _SOCKET[column], None, "not socket")
    asm.argument(0)
    asm.emit(EQUAL, AF_NETLINK, "plain protocol")
    asm.argument(1)
    asm.emit(MASK, type_bits)
    asm.emit(EQUAL, sock_dgram, "forbidden")
    asm.emit(EQUAL, sock_raw, "forbidden")
    asm.argument(0)
    asm.emit(EQUAL, AF_UNIX, "allow")
    asm.emit(EQUAL, AF_INET, "tcp")
    asm.emit(EQUAL, AF_INET6, "tcp", "forbidden")
    asm.label("tcp")
    asm.argument(2)
    asm.emit(EQUAL, 6, "allow")
    asm.label("plain protocol")
    asm.argument(2)
    asm.emit(EQUAL, 0, "allow", "forbidden")
    asm.label("not socket")

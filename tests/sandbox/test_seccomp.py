"""The assembler of the system-call filter, checked by running its programs."""

from __future__ import annotations

import errno
import struct

import pytest

from grader.sandbox import seccomp


def verdict(program: bytes, architecture: int, number: int, *arguments: int) -> int:
    """Run a classic BPF program on one system call, as the kernel would."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6])
    lines = [struct.unpack_from("HBBI", program, start) for start in range(0, len(program), 8)]
    accumulator = position = 0
    while True:
        code, yes, no, value = lines[position]
        position += 1
        if code == seccomp.LOAD:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif code == seccomp.MASK:
            accumulator &= value
        elif code == seccomp.RETURN:
            return value
        else:
            true = {
                seccomp.EQUAL: accumulator == value,
                seccomp.AT_LEAST: accumulator >= value,
                seccomp.ANY_BIT: bool(accumulator & value),
            }[code]
            position += yes if true else no


MACHINES = pytest.mark.parametrize(("machine", "column"), [("x86_64", 0), ("aarch64", 1)])


@MACHINES
@pytest.mark.parametrize("without_network_namespace", [True, False])
def test_every_denied_call_is_refused(machine: str, column: int, without_network_namespace: bool) -> None:
    """Each call of the denylist ends with an error; read and write pass."""
    program = seccomp.filter_program(without_network_namespace=without_network_namespace, machine=machine)
    architecture = seccomp.AUDIT_ARCHITECTURE[machine]
    for name, numbers in seccomp.DENIED.items():
        if numbers[column] is not None:
            assert verdict(program, architecture, numbers[column]) & seccomp.ERRNO, name
    for number in {"x86_64": (0, 1, 59), "aarch64": (63, 64, 221)}[machine]:
        assert verdict(program, architecture, number) == seccomp.ALLOW


@MACHINES
def test_other_architectures_are_killed(machine: str, column: int) -> None:
    """The 32-bit entry, with other numbers for the same calls, is no way around."""
    program = seccomp.filter_program(without_network_namespace=False, machine=machine)
    assert verdict(program, 0x40000003, 1) == seccomp.KILL_PROCESS
    if machine == "x86_64":
        assert verdict(program, seccomp.AUDIT_ARCHITECTURE[machine], seccomp.X32_BIT | 101) == seccomp.KILL_PROCESS


@MACHINES
def test_threads_start_and_namespaces_don_t(machine: str, column: int) -> None:
    """clone() with thread flags passes, with a new user namespace it doesn't."""
    program = seccomp.filter_program(without_network_namespace=False, machine=machine)
    clone = (56, 220)[column]
    architecture = seccomp.AUDIT_ARCHITECTURE[machine]
    assert verdict(program, architecture, clone, 0x003D0F00) == seccomp.ALLOW
    assert verdict(program, architecture, clone, 0x10000000) & seccomp.ERRNO


@MACHINES
def test_sockets_without_a_network_namespace(machine: str, column: int) -> None:
    """Streams on Unix and TCP sockets and libzmq's netlink may be made; datagrams, raw ones and connections not."""
    program = seccomp.filter_program(without_network_namespace=True, machine=machine)
    socket_call, connect = (41, 198)[column], (42, 203)[column]
    architecture = seccomp.AUDIT_ARCHITECTURE[machine]
    cloexec = 0o2000000
    for allowed in ((1, 1, 0), (2, 1, 0), (2, 1 | cloexec, 6), (10, 1, 6), (16, 3, 0)):
        assert verdict(program, architecture, socket_call, *allowed) == seccomp.ALLOW, allowed
    for refused in (
        (2, 2, 0),
        (2, 2 | cloexec, 17),
        (2, 3, 1),
        (1, 2, 0),
        (17, 3, 0),
        (16, 3, 9),
        (2, 1, 132),
        (38, 5, 0),
    ):
        assert verdict(program, architecture, socket_call, *refused) & seccomp.ERRNO, refused
    assert verdict(program, architecture, connect) & seccomp.ERRNO


@MACHINES
def test_sockets_with_a_network_namespace(machine: str, column: int) -> None:
    """Families that no network namespace holds, or that no notebook needs, can't be opened."""
    program = seccomp.filter_program(without_network_namespace=False, machine=machine)
    architecture = seccomp.AUDIT_ARCHITECTURE[machine]
    for allowed in ((1, 1, 0), (1, 2, 0), (2, 1, 6), (2, 2, 17), (10, 1, 6), (16, 3, 0)):
        assert verdict(program, architecture, (41, 198)[column], *allowed) == seccomp.ALLOW, allowed
    for refused in ((40, 1, 0), (38, 5, 0), (17, 3, 3), (16, 3, 12), (31, 3, 1)):
        assert verdict(program, architecture, (41, 198)[column], *refused) & seccomp.ERRNO, refused


@MACHINES
def test_memory_that_no_process_shows(machine: str, column: int) -> None:
    """Shared anonymous mappings are refused; private ones and those of files pass."""
    program = seccomp.filter_program(without_network_namespace=False, machine=machine)
    architecture, mmap = seccomp.AUDIT_ARCHITECTURE[machine], (9, 222)[column]
    assert verdict(program, architecture, mmap, 0, 4096, 3, 0x21) & seccomp.ERRNO
    for flags in (0x22, 0x01, 0x02, 0x4022):
        assert verdict(program, architecture, mmap, 0, 4096, 3, flags) == seccomp.ALLOW


@MACHINES
def test_what_is_the_same_user_s(machine: str, column: int) -> None:
    """A box of the grader's own user changes no file's mode (and thinks it did), and no other process's limits."""
    program = seccomp.filter_program(without_network_namespace=True, same_user=True, machine=machine)
    architecture = seccomp.AUDIT_ARCHITECTURE[machine]
    fchmod, fchown, truncate, prlimit = ((91, 52), (93, 55), (76, 45), (302, 261))
    assert verdict(program, architecture, fchmod[column], 3, 0o777) == seccomp.ERRNO
    assert verdict(program, architecture, fchown[column], 3) == seccomp.ERRNO | 1
    assert verdict(program, architecture, truncate[column]) == seccomp.ERRNO | 1
    assert verdict(program, architecture, prlimit[column], 1234) == seccomp.ERRNO | 1
    assert verdict(program, architecture, prlimit[column], 0) == seccomp.ALLOW
    assert verdict(program, architecture, (285, 47)[column], 3, 0, 0, 1 << 30) == seccomp.ERRNO | errno.EOPNOTSUPP
    own = seccomp.filter_program(without_network_namespace=True, machine=machine)
    assert verdict(own, architecture, fchmod[column], 3, 0o777) == seccomp.ALLOW


def test_a_jump_too_far_is_a_mistake() -> None:
    """BPF jumps reach 255 instructions; the assembler says so instead of making another jump."""
    asm = seccomp.Assembler()
    asm.emit(seccomp.EQUAL, 1, "far")
    for _ in range(300):
        asm.load(0)
    asm.label("far")
    asm.emit(seccomp.RETURN, seccomp.ALLOW)
    with pytest.raises(ValueError, match="255"):
        asm.program()

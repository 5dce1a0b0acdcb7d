"""What a box may use, with the reason of each default."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

MEMORY = 4 * GIB
"""A small convolutional network on 60,000 Fashion-MNIST images peaks near 2 GiB; a laptop of 8 GiB survives 4."""

DATA_HEADROOM = 1 * GIB
"""RLIMIT_DATA above the memory cap: thread stacks and reserved arenas count as data without being resident, and
TensorFlow aborts in C++ below 1 GiB of it. The watchdog, which sees resident memory, is meant to strike first."""

PROCESSES = 128
"""joblib starts one worker a core and a few keepers; no notebook of a course needs more, a fork bomb passes it."""

THREADS = 2048
"""Tasks of the box's user (RLIMIT_NPROC counts threads): the pools of several TensorFlow processes stay far below."""

SCRATCH = 1 * GIB
"""The working folder: checkpoints, and CIFAR-10 extracted (180 MB) with room to spare."""

TMP = 512 * MIB
SHM = 256 * MIB
FILE = 1 * GIB
OPEN_FILES = 1024

FILES = 200_000
"""Files and folders made: Tiny ImageNet unpacked has 120,000. Empty ones take no disk space, but the machine's memory
(about a kilobyte each), or the places for files that its disk has."""

WALL_S = 900.0
"""A quarter of an hour: ten epochs of the course's networks on two cores take under five minutes."""

OUTPUT = 16 * MIB
"""The largest of 227 real notebooks is 3.8 MB, its pictures included."""

MESSAGES = 50_000
"""Streams are flushed five times a second: a run of WALL_S makes under 10,000 messages unless it floods."""

MESSAGE = 12 * MIB
"""Largest single message from a kernel: a picture larger than this is a flood by itself."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps of one box. Sizes in bytes, `wall_s` in seconds from the start of the box.

    `memory` is the resident memory of all processes together; files in `scratch`, `tmp` and `shm` live in memory
    too and count apart. `output` caps what comes out: a script's stdout, or a kernel's messages, of which there may
    be `messages`, none larger than `message`. `files` counts files and folders, in each of the writable folders.
    """

    memory: int = MEMORY
    processes: int = PROCESSES
    threads: int = THREADS
    scratch: int = SCRATCH
    tmp: int = TMP
    shm: int = SHM
    file: int = FILE
    open_files: int = OPEN_FILES
    wall_s: float = WALL_S
    output: int = OUTPUT
    messages: int = MESSAGES
    message: int = MESSAGE
    files: int = FILES

    @property
    def data(self) -> int:
        """RLIMIT_DATA of each process, in bytes."""
        return self.memory + DATA_HEADROOM

    def rlimits(self) -> dict[str, int]:
        """The limits that the kernel of the operating system holds, by the name after `RLIMIT_`."""
        return {
            "DATA": self.data,
            "NPROC": self.threads,
            "FSIZE": self.file,
            "NOFILE": self.open_files,
            "CORE": 0,
            "MEMLOCK": 0,
            "MSGQUEUE": 0,
            "SIGPENDING": 256,
        }

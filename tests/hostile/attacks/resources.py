"""Attacks on memory and disk."""

from __future__ import annotations

from grader.sandbox import tiers
from hostile.catalogue import Attack

ATTACKS = (
    Attack(
        "memory-arrays",
        "memory",
        "Fill the memory with arrays, a piece at a time.",
        (
            """
mark()
import numpy as np
time.sleep(0.5)
kept = []
while True:
    kept.append(np.ones(8_000_000))
    if len(kept) > 100:
        breached(len(kept))
""",
        ),
        status="out_of_memory",
        stopped_in=0,
        message=r"cell 4.*(MiB of memory|MemoryError)",
        held_by="watchdog, RLIMIT_DATA",
    ),
    Attack(
        "memory-at-once",
        "memory",
        "Ask for more memory than there is, in one piece.",
        (
            """
mark()
import numpy as np
whole = np.ones(4_000_000_000)
breached(whole.nbytes)
""",
        ),
        status="out_of_memory",
        stopped_in=0,
        message=r"Cell 4 failed: .*MemoryError",
        held_by="RLIMIT_DATA",
    ),
    Attack(
        "memory-many-processes",
        "memory",
        "Share the memory bomb among processes, each below the limit.",
        (
            """
mark()
time.sleep(0.5)
for _ in range(20):
    if os.fork() == 0:
        time.sleep(0.5)
        kept = bytearray(os.urandom(1)) * 300_000_000
        time.sleep(60)
        os._exit(0)
for _ in range(20):
    os.wait()
breached("six gigabytes")
""",
        ),
        status="out_of_memory",
        stopped_in=0,
        message=r"cell 4 .*it used \d+ MiB of memory; 1536 MiB are allowed",
        held_by="watchdog",
    ),
    Attack(
        "memory-out-of-sight",
        "memory",
        "Hold memory that no process shows: shared mappings, memfd, System V, message queues, /dev/zero.",
        (
            """
mark()
import mmap
def forgotten(descriptor, flags, what):
    size = 64 << 20
    area = mmap.mmap(descriptor, size, flags=flags, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    area[0:size:4096] = b"x" * (size // 4096)
    area.madvise(mmap.MADV_DONTNEED)   # the pages stay, the process no longer counts them
    return f"{what}: {area[0:1]!r}"
attempt("shared and anonymous", forgotten, -1, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS, "64 MiB")
attempt("/dev/zero", lambda: forgotten(os.open("/dev/zero", os.O_RDWR), mmap.MAP_SHARED, "64 MiB"))
attempt("/dev/zero, read only", lambda: mmap.mmap(os.open("/dev/zero", os.O_RDONLY), 1 << 20, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ))
attempt("memfd", os.memfd_create, "hidden")
x86 = os.uname().machine == "x86_64"
attempt("memfd_secret", system_call, 447, 0)
attempt("System V shared memory", system_call, 29 if x86 else 194, 0, 64 << 20, 0o1600)
attempt("System V messages", system_call, 68 if x86 else 186, 0, 0o1600)
attempt("System V semaphores", system_call, 64 if x86 else 190, 0, 1, 0o1600)
attempt("POSIX messages", system_call, 240 if x86 else 180, b"/q", os.O_CREAT | os.O_RDWR, 0o600, 0)
assert len(open("/dev/urandom", "rb").read(16)) == 16
""",
        ),
        held_by="seccomp",
    ),
    Attack(
        "memory-shared-folder",
        "memory",
        "Fill /dev/shm, which is memory.",
        (
            """
mark()
size = 0
try:
    with open("/dev/shm/big", "wb") as file:
        while size < 2 << 30:
            size += file.write(bytes(16 << 20))
except OSError as error:
    held(f"{size}: {error}")
if size > 300 << 20:
    breached(size)
""",
        ),
        held_by={"bubblewrap": "size of its tmpfs", "landlock": "Landlock: there is none"},
    ),
    Attack(
        "pools",
        "memory",
        "No attack: a pool of processes, which needs shared memory, works.",
        (
            """
mark()
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
try:
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(abs, [-1, -2]))
except OSError as error:
    breached(f"no pool: {error}")
with ThreadPoolExecutor(2) as pool:
    print(list(pool.map(abs, [-1, -2])))
""",
        ),
        gaps={"landlock": tiers.NO_SHARED_MEMORY},
        held_by={"bubblewrap": "works", "landlock": "nothing: declared"},
    ),
    Attack(
        "disk-fill",
        "disk",
        "Fill the disk through the working folder.",
        (
            """
mark()
number, block = 0, bytes(32 << 20)
while number < 200:
    with open(f"fill{number}", "wb") as file:
        for _ in range(4):
            file.write(block)
    number += 1
breached(number)
""",
        ),
        status="disk_full",
        stopped_in=0,
        message={
            "bubblewrap": "Cell 4 failed: OSError: .*No space left",
            "landlock": "cell 4 .* more than 1024 MiB of files",
        },
        held_by={"bubblewrap": "size of its tmpfs", "landlock": "watchdog"},
    ),
    Attack(
        "disk-burst",
        "disk",
        "Take more disk than is allowed, between two looks.",
        (
            """
mark()
taken = 0
for number in range(2):
    descriptor = os.open(f"burst{number}", os.O_RDWR | os.O_CREAT)
    os.posix_fallocate(descriptor, 0, 900 << 20)
    taken += os.fstat(descriptor).st_blocks * 512
    os.close(descriptor)
if taken > 1 << 30:
    breached(f"{taken >> 20} MiB at once")
time.sleep(20)
""",
        ),
        status="disk_full",
        stopped_in=0,
        may={"landlock": tiers.DISK_POLLED},
        held_by={"bubblewrap": "size of its tmpfs", "landlock": "watchdog, after the fact: declared"},
    ),
    Attack(
        "disk-unlinked",
        "disk",
        "Fill the disk with files that have no name any more.",
        (
            """
mark()
kept = []
for number in range(40):
    descriptor = os.open("nameless", os.O_RDWR | os.O_CREAT)
    os.unlink("nameless")
    os.posix_fallocate(descriptor, 0, 128 << 20)
    kept.append(descriptor)
    time.sleep(0.1)
breached(f"{sum(os.fstat(d).st_blocks for d in kept) >> 11} MiB")
""",
        ),
        status="disk_full",
        stopped_in=0,
        message={"bubblewrap": "No space left", "landlock": "more than 1024 MiB of files"},
        held_by={"bubblewrap": "size of its tmpfs", "landlock": "watchdog"},
    ),
    Attack(
        "disk-out-of-sight",
        "disk",
        "Keep files without a name where no descriptor of a process shows them: mapped, or on their way in a socket.",
        (
            """
import mmap, socket
mark()
left, right = socket.socketpair()
kept, sent, block = [], 0, os.urandom(1 << 20)
for number in range(6):
    descriptor = os.open("nameless", os.O_RDWR | os.O_CREAT)
    os.unlink("nameless")
    for _ in range(300):
        os.write(descriptor, block)
    try:
        socket.send_fds(left, [b"x"], [descriptor])
        sent += 1
    except OSError:
        kept.append(mmap.mmap(descriptor, 300 << 20))
    os.close(descriptor)
time.sleep(2)
breached(f"{len(kept)} files mapped and {sent} sent, 300 MiB each")
""",
        ),
        status="disk_full",
        stopped_in=0,
        message={"bubblewrap": "No space left", "landlock": "more than 1024 MiB of files"},
        held_by={"bubblewrap": "size of its tmpfs", "landlock": "seccomp, watchdog"},
    ),
    Attack(
        "disk-huge-file",
        "disk",
        "Make one huge file: sparse, then full.",
        (
            """
mark()
def sparse():
    with open("sparse", "wb") as file:
        file.truncate(1 << 50)
def large():
    with open("large", "wb") as file:
        file.seek(2 << 30)
        file.write(b"x")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
attempt("a petabyte, sparse", sparse)
attempt("beyond the limit", large)
""",
        ),
        held_by="RLIMIT_FSIZE",
    ),
    Attack(
        "disk-inodes",
        "disk",
        "Make files without end, all empty: a file system may run out of places for them, or the machine of memory.",
        (
            """
mark()
number = 0
while number < 2_000_000:
    folder = f"f{number // 10_000}"
    os.mkdir(folder)
    for _ in range(10_000):
        os.mknod(f"{folder}/{number}")
        number += 1
breached(number)
""",
        ),
        status={
            "bubblewrap": "disk_full",
            "landlock": ("disk_full", "timeout"),
        },  # a slow disk takes more than a minute
        stopped_in=0,
        message=r"cell 4 .*(it made more than [\d,]+ files|stopped after)",
        held_by="watchdog",
    ),
    Attack(
        "disk-other-places",
        "disk",
        "Fill what else can be written: temporary folders, the sockets' folder, devices.",
        (
            """
mark()
import tempfile
def fill(folder):
    size = 0
    with open(f"{folder}/fill", "wb") as file:
        while size < 900 << 20:
            size += file.write(bytes(32 << 20))
    os.unlink(f"{folder}/fill")
    return size
own = "/run/nb" if os.path.isdir("/run/nb") else os.path.dirname(os.getcwd())
for folder in dict.fromkeys(("/tmp", "/dev", "/dev/shm", "/run", own, own + "/s", "/var/tmp", "/", os.path.expanduser("~/.."))):
    if os.path.realpath(folder) != os.getcwd():
        attempt("fill " + folder, fill, folder)
""",
        ),
        held_by={"bubblewrap": "read-only mounts, size of tmpfs", "landlock": "Landlock"},
    ),
    Attack(
        "sockets-folder",
        "disk",
        "Put something else into the folder of the kernel's sockets: pipes, files, folders, links, devices.",
        (
            """
mark()
own = ("/run/nb" if os.path.isdir("/run/nb") else os.path.dirname(os.getcwd())) + "/s"
attempt("a pipe", os.mkfifo, own + "/pipe")
attempt("a file", append, own + "/file")
attempt("a folder", os.mkdir, own + "/folder")
attempt("a link", os.symlink, "/etc/passwd", own + "/link")
attempt("a hard link", os.link, sys.argv[0], own + "/hard")
attempt("a rename", lambda: (append("x"), os.rename("x", own + "/x")))
attempt("a device", os.mknod, own + "/null", 0o020666, os.makedev(1, 3))
""",
        ),
        held_by="Landlock",
    ),
    Attack(
        "sockets-flood",
        "disk",
        "Fill the folder of the kernel's sockets with sockets.",
        (
            """
mark()
own = ("/run/nb" if os.path.isdir("/run/nb") else os.path.dirname(os.getcwd())) + "/s"
kept = 0
while kept < 200_000:
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(f"{own}/x{kept}")
    kept += 1
breached(kept)
""",
        ),
        status="kernel_died",
        stopped_in=0,
        message="folder of the kernel's sockets",
        held_by="watchdog",
    ),
)

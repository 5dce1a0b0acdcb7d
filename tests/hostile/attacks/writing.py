"""Attacks that write where they must not."""

from __future__ import annotations

import os
from pathlib import Path

from grader.sandbox import tiers
from hostile.catalogue import Attack


def _link_outwards(folder: Path) -> None:
    """Links that lead from the submission's folder to what is not its own."""
    os.symlink("../innocent/answers.txt", folder / "notes.txt")
    os.symlink(folder.parent / "innocent", folder / "friend")
    os.symlink("/etc/passwd", folder / "names.txt")
    (folder / "data").mkdir()
    os.symlink(folder.parent / "innocent" / "answers.txt", folder / "data" / "deep.txt")


ATTACKS = (
    Attack(
        "write-own-submission",
        "writing",
        "Change the files that were handed in: the notebook, what lies beside it, the folder's rights.",
        (
            """
mark()
own = ARENA["own"]
def tamper(what, path, call, *words):
    # Some calls are made to look as if they had worked.
    try:
        before = os.stat(path)
        call(path, *words)
    except OSError as error:
        held(f"{what}: {error}")
        return
    after = os.stat(path)
    if (before.st_mode, before.st_mtime_ns) != (after.st_mode, after.st_mtime_ns):
        breached(what)
for path in ("project.ipynb", own + "/project.ipynb", "data.csv", own + "/data.csv", "pictures/a.txt"):
    attempt("append to " + path, append, path)
    attempt("truncate " + path, os.truncate, path, 0)
    tamper("chmod " + path, path, os.chmod, 0o777)
    tamper("utime " + path, path, os.utime, (0, 0))
    attempt("xattr " + path, os.setxattr, path, "user.token", b"x")
attempt("new file", append, own + "/" + ARENA["token"])
attempt("new file in a folder", append, own + "/pictures/" + ARENA["token"])
attempt("rename", os.rename, own + "/data.csv", own + "/" + ARENA["token"])
attempt("remove", os.remove, own + "/data.csv")
""",
            """
# What is one's own to write: a file of one's own, and one named like a product of the notebook.
append("mine.txt")
open("weights.h5", "w").write("new")
assert open("weights.h5").read() == "new"
""",
        ),
        files={
            "data.csv": "1,2,3\n",
            "pictures/a.txt": "a",
            "weights.h5": "old",
        },
        held_by={"bubblewrap": "read-only mounts", "landlock": "Landlock, copies"},
    ),
    Attack(
        "change-modes-and-limits",
        "writing",
        "Change what a user may do to all that is the user's: modes, times and lengths of files, limits of processes.",
        (
            """
mark()
import resource
for path in (ARENA["home"], ARENA["home"] + "/.ssh", ARENA["home"] + "/.ssh/id_rsa", ARENA["neighbour"] + "/answers.txt", ARENA["out"] + "/roster.csv", ARENA["out"], ARENA["package"], "/etc/passwd"):
    for what, call, *words in (("chmod", os.chmod, 0o777), ("utime", os.utime, (0, 0)), ("chown", os.chown, -1, os.getgid()), ("truncate", os.truncate, 3)):
        try:
            before = os.stat(path)
        except OSError as error:
            held(error)
            continue
        try:
            call(path, *words)
        except OSError as error:
            held(f"{what} {path}: {error}")
        after = os.stat(path)
        # Times and lengths also change by the grader's own work in its folder.
        done = {"chmod": after.st_mode != before.st_mode, "utime": after.st_mtime == 0, "chown": after.st_gid != before.st_gid}
        if done.get(what, after.st_size == 3 != before.st_size):
            breached(f"{what} {path}")
    attempt("watch " + path, lambda: system_call({"x86_64": 254, "aarch64": 27}[os.uname().machine], inotify, path.encode(), 0x300)) if path != "/etc/passwd" and (inotify := ctypes.CDLL(None).inotify_init()) >= 0 else None
if not os.path.exists("/run/nb"):
    for pid in (os.getppid(), ARENA["bystander"]):
        attempt(f"limit {pid}", resource.prlimit, pid, resource.RLIMIT_CPU, (1000, 1000))
        attempt(f"priority of {pid}", os.setpriority, os.PRIO_PROCESS, pid, 19)
assert resource.getrlimit(resource.RLIMIT_CPU)
""",
        ),
        held_by={"bubblewrap": "namespaces", "landlock": "own uid or seccomp"},
    ),
    Attack(
        "change-own-modes",
        "writing",
        "No attack: change the mode and time of a file of one's own, copy it with both.",
        (
            """
mark()
import shutil
append("mine.sh", "#!/bin/sh\\ntrue\\n")
os.chmod("mine.sh", 0o755)
os.utime("mine.sh", (1, 1))
shutil.copy2("mine.sh", "copy.sh")
facts = os.stat("copy.sh")
if facts.st_mode & 0o777 != 0o755 or facts.st_mtime != 1:
    breached("modes and times stay as they were")
""",
        ),
        gaps={"landlock": tiers.MODES_FIXED},
        held_by={"bubblewrap": "works", "landlock": "works as root; as an ordinary user declared"},
    ),
    Attack(
        "write-grader",
        "writing",
        "Change the grader itself, the probe, or the Python that runs them.",
        (
            """
mark()
import site, sysconfig
for folder in (ARENA["package"], ARENA["package"] + "/judge", ARENA["site"], sysconfig.get_path("stdlib"), os.path.dirname(sys.executable), sys.prefix):
    attempt("new file in " + folder, append, folder + "/" + ARENA["token"])
for path in (ARENA["package"] + "/__init__.py", ARENA["package"] + "/judge/__init__.py", os.__file__, sys.executable, ARENA["site"] + "/sitecustomize.py", ARENA["site"] + "/" + ARENA["token"] + ".pth"):
    attempt("append to " + path, append, path)
for entry in sys.path:
    # A checkout below /tmp leaves the names of its folders in the box's own /tmp, which is scratch.
    scratch = os.path.isdir("/run/nb") and os.path.isdir(entry) and os.stat(entry).st_dev == os.stat("/tmp").st_dev
    if os.path.isdir(entry) and os.path.realpath(entry) != os.getcwd() and not scratch:
        attempt("new file in " + entry, append, entry + "/" + ARENA["token"])
own = "/run/nb" if os.path.isdir("/run/nb") else os.path.dirname(os.getcwd())
for name in ("shim.py", "box.json", "connection.json", "host.json", "lock", "probe/launch.py", "probe/__init__.py", "probe/" + ARENA["token"]):
    attempt("append to " + name, append, f"{own}/{name}")
""",
        ),
        held_by={"bubblewrap": "read-only mounts", "landlock": "Landlock"},
    ),
    Attack(
        "write-system",
        "writing",
        "Write into the system's folders, its settings and its devices.",
        (
            """
mark()
for folder in ("/", "/etc", "/usr", "/usr/bin", "/usr/local/bin", "/var/tmp", "/run", "/home", "/dev", "/opt", "/proc/sys/kernel", "/sys"):
    attempt("new file in " + folder, append, folder + "/" + ARENA["token"])
for path in ("/etc/passwd", "/etc/hosts", "/usr/bin/env", "/etc/ld.so.preload", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe",
             "/proc/sysrq-trigger", "/dev/sda", "/dev/vda", "/dev/mem", "/dev/kmsg", "/sys/kernel/mm/transparent_hugepage/enabled"):
    attempt("write " + path, append, path)
for kind, name in ((0o060666, "block"), (0o020666, "character")):
    attempt("make a device: " + name, os.mknod, name, kind, os.makedev(254, 0) if name == "block" else os.makedev(1, 1))
import shutil
attempt("remove /usr/bin", os.rename, "/usr/bin", "/usr/bin2")
attempt("unlink /etc/passwd", os.unlink, "/etc/passwd")
""",
        ),
        held_by={"bubblewrap": "read-only mounts, uid", "landlock": "Landlock, uid"},
    ),
    Attack(
        "write-through-links",
        "writing",
        "Reach outside through links: found beside the notebook, or made by it.",
        (
            """
mark()
for name in ("notes.txt", "friend/answers.txt", "data/deep.txt"):
    attempt("read " + name, read, name)
    attempt("append to " + name, append, name)
attempt("append to names.txt", append, "names.txt")
for target in (ARENA["neighbour"] + "/answers.txt", ARENA["own"] + "/project.ipynb", ARENA["home"] + "/.ssh/id_rsa", ARENA["out"] + "/roster.csv"):
    name = "link" + str(abs(hash(target)))
    os.symlink(target, name)
    if ARENA["own"] not in target:
        attempt("read through " + target, read, name)
    attempt("write through " + target, append, name)
    attempt("hard link to " + target, os.link, target, name + "h")
for way in ("/proc/self/root", "/proc/1/root", "/proc/self/task/" + str(os.getpid()) + "/root", "/proc/thread-self/root", "/dev/fd/../root"):
    attempt("read by " + way, read, way + ARENA["neighbour"] + "/answers.txt")
attempt("rename over", os.rename, "names.txt", ARENA["own"] + "/names.txt")
""",
        ),
        arrange=_link_outwards,
        held_by={"bubblewrap": "mount namespace", "landlock": "Landlock"},
    ),
    *(
        Attack(
            f"leave-for-the-next-{place}",
            "writing",
            "Leave a file for another submission to find, or find one: in temporary folders and shared memory.",
            (
                """
mark()
import tempfile
folders = {os.path.realpath(folder) for folder in ("/tmp", "/var/tmp", "/dev/shm", tempfile.gettempdir(), os.getcwd(), os.path.expanduser("~"), "/run", "/run/nb/s")}
for folder in sorted(folders):
    try:
        found = [name for name in os.listdir(folder) if "fromanother" in name]
    except OSError as error:
        held(f"{folder}: {error}")
        continue
    if found:
        breached(f"{folder}: {found}")
    try:
        append(f"{folder}/fromanother-{ARENA['token']}")
    except OSError as error:
        held(f"{folder}: {error}")
time.sleep(2)
""",
            ),
            held_by={"bubblewrap": "own tmpfs each", "landlock": "Landlock"},
        )
        for place in ("one", "two")
    ),
)

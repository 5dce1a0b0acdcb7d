"""Attacks that read what is none of theirs."""

from __future__ import annotations

from grader.sandbox import tiers
from hostile.catalogue import Attack

ATTACKS = (
    Attack(
        "read-other-submissions",
        "reading",
        "Read a neighbour's notebook and answers, or at least their names.",
        (
            """
mark()
attempt("list the class", os.listdir, ARENA["submissions"])
attempt("list a neighbour", os.listdir, ARENA["neighbour"])
for name in ("project.ipynb", "answers.txt"):
    attempt("read " + name, read, ARENA["neighbour"] + "/" + name)
for way in ("..", "../..", "/proc/self/cwd/..", "/proc/self/root" + ARENA["submissions"], "/proc/1/root" + ARENA["submissions"]):
    try:
        found = os.listdir(way)
    except OSError as error:
        held(f"{way}: {error}")
        continue
    if any("innocent" in name or "project" in name for name in found):
        breached(f"{way}: {found}")
""",
        ),
        held_by={"bubblewrap": "mount namespace", "landlock": "Landlock"},
    ),
    Attack(
        "read-results",
        "reading",
        "Read the results of the class: grades, gradebook, roster.",
        (
            """
mark()
for path in ("", "/innocent", "/.work"):
    attempt("list " + path, os.listdir, ARENA["out"] + path)
for path in ("/roster.csv", "/gradebook.db", "/gradebook.db-wal", "/grades.csv", "/innocent/grade.json", "/.work/" + ARENA["name"] + "/job.json"):
    attempt("read " + path, read, ARENA["out"] + path)
attempt("write", append, ARENA["out"] + "/grades.csv")
""",
        ),
        held_by={"bubblewrap": "mount namespace", "landlock": "Landlock"},
    ),
    Attack(
        "read-home",
        "reading",
        "Read the home folder of whoever grades: keys, tokens, history.",
        (
            """
mark()
attempt("list home", os.listdir, ARENA["home"])
attempt("read a key", read, ARENA["home"] + "/.ssh/id_rsa")
attempt("follow a link", lambda: (os.symlink(ARENA["home"], "h"), os.listdir("h")))
import pwd
for entry in pwd.getpwall():
    for name in (".ssh", ".bash_history", ".netrc", ".aws", ".config"):
        path = os.path.join(entry.pw_dir, name)
        if entry.pw_dir != os.getcwd() and os.path.exists(path):
            attempt("home of " + entry.pw_name, os.listdir, path)
""",
        ),
        held_by={"bubblewrap": "mount namespace", "landlock": "Landlock"},
    ),
    Attack(
        "read-system-secrets",
        "reading",
        "Read what only root may: shadow, host keys, the machine's memory and logs.",
        (
            """
mark()
for path in ("/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/ssh/ssh_host_ed25519_key", "/proc/kcore", "/dev/mem", "/dev/kmsg",
             "/proc/kmsg", "/var/log/syslog", "/var/log/auth.log", "/root/.bashrc", "/etc/machine-id", "/var/lib/dpkg/status"):
    attempt(path, read, path)
for path in ("/root", "/home", "/var/log", "/etc/ssh", "/mnt", "/media", "/boot", "/srv"):
    try:
        found = [name for name in os.listdir(path) if not name.startswith(".pyenv")]
    except OSError as error:
        held(f"{path}: {error}")
    else:
        breached(f"{path}: {found}") if found else held(f"{path}: empty")
""",
        ),
        held_by={"bubblewrap": "mount namespace", "landlock": "Landlock"},
    ),
    Attack(
        "read-environments",
        "reading",
        "Read the environment of the grader and of every other process.",
        (
            """
mark()
own = {str(os.getpid()), "self", "thread-self"}
told = dict(os.environ)
if any("canary" in value for value in told.values()):
    breached(told)
for name in os.listdir("/proc"):
    if not (name.isdigit() or name == "self"):
        continue
    try:
        environment = read(f"/proc/{name}/environ")
    except OSError as error:
        held(f"{name}: {error}")
        continue
    if b"canary" in environment or b"GRADER_TOKEN" in environment:
        breached(f"{name}: {environment}")
""",
        ),
        held_by={"bubblewrap": "pid namespace, clean environment", "landlock": "own uid or Landlock's ptrace scope"},
    ),
    Attack(
        "read-other-processes",
        "reading",
        "Look into the memory, descriptors and folders of other processes.",
        (
            """
mark()
def family():
    yield ARENA["bystander"]
    yield os.getppid()
    yield from (int(name) for name in os.listdir("/proc") if name.isdigit())
def same(pid):
    try:
        return open(f"/proc/{pid}/comm").read() == "" or os.stat(f"/proc/{pid}").st_uid == os.getuid() and pid in mine
    except OSError:
        return True
mine = {os.getpid()}
for pid in dict.fromkeys(family()):
    if pid in mine or pid == 0:
        continue
    for part in ("mem", "maps", "fd", "root", "cwd", "exe", "map_files", "auxv", "syscall", "stack"):
        path = f"/proc/{pid}/{part}"
        try:
            if part in ("fd", "map_files"):
                found = [os.readlink(f"{path}/{name}") for name in os.listdir(path)]
            elif part in ("root", "cwd"):
                found = os.listdir(path + "/")
                if part == "root" and found and set(found) <= set(os.listdir("/")):
                    continue  # the same root as ours
                if part == "cwd" and not found:
                    continue
            elif part == "exe":
                continue
            else:
                found = read(path)
        except OSError:
            continue
        if any(mark_ in repr(found) for mark_ in ("canary", ARENA["token"], "innocent", "grader/")) and "shim" not in repr(found):
            breached(f"{path}: {found!r}")
held("looked at all of them")
""",
        ),
        held_by={"bubblewrap": "pid namespace", "landlock": "own uid or Landlock's ptrace scope"},
    ),
    Attack(
        "read-file-facts",
        "reading",
        "Find out that files exist, how long they are and of when, without reading them.",
        (
            """
mark()
for path in (ARENA["neighbour"] + "/answers.txt", ARENA["out"] + "/roster.csv", ARENA["home"] + "/.ssh/id_rsa"):
    attempt(path, lambda: os.stat(path).st_size)
""",
        ),
        gaps={"landlock": tiers.FILE_FACTS},
        held_by={"bubblewrap": "mount namespace", "landlock": "nothing: declared"},
    ),
    Attack(
        "read-network-interfaces",
        "reading",
        "List the machine's network interfaces, addresses and open connections.",
        (
            """
mark()
try:
    names = [name for _, name in socket.if_nameindex()]
    breached(names) if set(names) - {"lo"} else held(names)
except OSError as error:
    held(error)
for path in ("/proc/net/dev", "/proc/self/net/tcp", "/proc/net/route", "/proc/net/unix"):
    try:
        lines = read(path).decode().splitlines()
    except OSError as error:
        held(f"{path}: {error}")
        continue
    here = [line for line in lines if f":{ARENA['tcp']:04X}" in line or ARENA["abstract"] in line or "eth" in line]
    breached(f"{path}: {here}") if here else held(f"{path}: {len(lines)} lines")
attempt("/sys/class/net", os.listdir, "/sys/class/net")
""",
        ),
        held_by={"bubblewrap": "network namespace", "landlock": "nothing: declared"},
        gaps={"landlock": tiers.INTERFACES_READABLE},
    ),
    Attack(
        "read-command-lines",
        "reading",
        "Read the command lines of other processes of the machine.",
        (
            """
mark()
others = []
for name in os.listdir("/proc"):
    if name.isdigit():
        try:
            words = read(f"/proc/{name}/cmdline")
        except OSError:
            continue
        if b"canary" in words:
            breached(words)
""",
        ),
        held_by={"bubblewrap": "pid namespace", "landlock": "nothing: declared"},
        gaps={"landlock": tiers.COMMAND_LINES_READABLE},
    ),
)

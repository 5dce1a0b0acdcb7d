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

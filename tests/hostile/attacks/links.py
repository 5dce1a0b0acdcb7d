"""Odd things in a submission's folder, and odd things left behind in the working folder."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from grader.sandbox import tiers
from hostile.catalogue import Attack

ODD_NAMES = (
    "-rf",
    "a b",
    "new\nline.txt",
    "täglich.csv",
    "quote'\".txt",
    "$(touch x)",
    "x" * 200,
    "..data",
    "~",
    "*",
    "\\",
    "%s",
)


def _odd_folder(folder: Path) -> None:
    """What no student should hand in: pipes, sockets, loops, names that mean something to a shell."""
    os.mkfifo(folder / "pipe.csv")
    os.mkfifo(folder / "loss.png")
    with socket.socket(socket.AF_UNIX) as server:
        here = os.open(folder, os.O_PATH)
        server.bind(f"/proc/self/fd/{here}/sock")
        os.close(here)
    os.symlink("loop", folder / "loop")
    os.symlink(".", folder / "self")
    os.symlink("/", folder / "root")
    os.symlink("/dev/zero", folder / "endless.csv")
    for name in ODD_NAMES:
        (folder / name).write_text("odd\n")
    (folder / "deep").mkdir()
    deep = folder / "deep"
    for _ in range(20):
        deep = deep / "d"
        deep.mkdir()
    (deep / "end.txt").write_text("the end\n")
    (folder / "closed.txt").write_text("x")
    (folder / "closed.txt").chmod(0)


def _many_files(folder: Path) -> None:
    for number in range(80):
        (folder / "pictures").mkdir(exist_ok=True)
        (folder / "pictures" / f"{number}.txt").write_text("x")


ATTACKS = (
    Attack(
        "odd-submission-folder",
        "links",
        "Hand in pipes, sockets, loops of links and names that shells and programs take for something else.",
        (
            """
mark()
names = sorted(os.listdir("."))
print(len(names))
for name in ("pipe.csv", "loss.png", "sock"):
    if os.path.lexists(name):
        breached(name)
for name in ("root" + ARENA["home"] + "/.ssh/id_rsa", "root" + ARENA["out"] + "/roster.csv", "self/../innocent/answers.txt", "loop"):
    attempt("read " + name, read, name)
assert open("-rf").read() == "odd\\n"
assert open("new\\nline.txt").read() == "odd\\n"
assert open("deep" + "/d" * 20 + "/end.txt").read() == "the end\\n"
""",
        ),
        arrange=_odd_folder,
        held_by="only plain files are shown; links lead nowhere",
    ),
    Attack(
        "walk-a-folder",
        "links",
        "No attack: walk through a folder of pictures handed in with the notebook.",
        (
            """
mark()
found = [name for folder, _, names in os.walk(".") for name in names if name.endswith("7.txt")]
print(len(os.listdir("pictures")), len(found))
if len(found) != 8:
    breached("a walk doesn't find the pictures")
""",
        ),
        arrange=_many_files,
        gaps={"landlock": tiers.FOLDERS_LINKED},
        held_by={"bubblewrap": "works", "landlock": "nothing: declared"},
    ),
    Attack(
        "leave-odd-things",
        "links",
        "Leave links to secrets, pipes, endless devices and closed folders where results might be collected.",
        (
            """
mark()
for number, target in enumerate((ARENA["home"] + "/.ssh/id_rsa", ARENA["out"] + "/roster.csv", ARENA["neighbour"] + "/answers.txt", "/proc/self/environ", "/dev/zero")):
    for name in ("model.keras", "loss.png", "executed.ipynb", "evidence.json", "report.html", "run.json", "events.jsonl"):
        os.makedirs(f"out{number}", exist_ok=True)
        os.symlink(target, f"out{number}/{name}")
        if number == 0:
            os.symlink(target, name)
os.mkfifo("pipe.keras")
os.mkfifo("a\\nb")
folder = "closed"
for _ in range(50):
    os.mkdir(folder)
    folder += "/" + "c" * 60
current = "closed"
os.chmod("closed", 0)
os.mkdir("sticky"); append("sticky/x"); os.chmod("sticky", 0o1000)
for number in range(2000):
    os.symlink("x", f"l{number}")
""",
        ),
        held_by="nothing is collected from the working folder; removed without following links",
    ),
)

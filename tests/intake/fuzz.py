"""Feeds malformed hand-ins to intake in a process of its own, and tells what was slowest and how much memory it took.

    python tests/intake/fuzz.py CASES [FIRST_SEED]
    python tests/intake/fuzz.py giants [NAME ...]

Ends with one line of JSON: the number of cases, the slowest one and its seconds, the peak memory, and every fault.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from malformed import GIANTS, GOOD, write_case

from grader.errors import SubmissionsNotFoundError
from grader.intake import load_submissions
from grader.model import Submission, Unreadable

SLOWEST_ALLOWED_S = 10.0
"""Of the processor, not of the clock. A notebook of the largest size allowed takes a second or two to read."""


def faults_of(found: tuple[Submission | Unreadable, ...]) -> Iterator[str]:
    """What is wrong with a result, whatever was handed in."""
    keys = {unicodedata.normalize("NFKC", item.id).casefold() for item in found}
    if len(keys) < len(found):
        yield "ids that a file system would merge"
    for item in found:
        if not item.id or item.id.startswith((".", "-", " ")) or set(item.id) & set("/\\\0\n<>\"'&:*?|"):
            yield f"an unsafe id: {item.id!r}"
        if len(os.fsencode(item.id)) > 230 or not item.id.isprintable():
            yield f"an id that is no file's name: {item.id[:50]!r}"
        if isinstance(item, Unreadable) and (len(item.reason) < 15 or len(item.reason) > 700):
            yield f"no clear reason: {item.reason[:80]!r}"
        if isinstance(item, Unreadable) and any(
            word in item.reason for word in ("Traceback", "Error(", "object at 0x")
        ):
            yield f"a reason for programmers: {item.reason[:80]!r}"
        if isinstance(item, Submission) and not all(isinstance(cell.source, str) for cell in item.cells):
            yield "a source that is no text"


def run_case(folder: Path, write: Callable[[Path], str]) -> tuple[str, float, list[str]]:
    """Read one malformed hand-in beside a good one; return its name, the seconds it took, and what went wrong."""
    (folder / "class").mkdir(parents=True)
    (folder / "unpacked").mkdir()
    (folder / "class" / "zz good.ipynb").write_text(json.dumps(GOOD))
    name = write(folder / "class")
    began = time.process_time()
    try:
        found = load_submissions(folder / "class", folder / "unpacked")
    except SubmissionsNotFoundError as error:
        return name, time.process_time() - began, [f"the whole class failed: {error}"]
    except BaseException as error:  # noqa: BLE001 - any exception is what this looks for
        return name, time.process_time() - began, [f"{type(error).__name__}: {error}"]
    seconds = time.process_time() - began
    faults = list(faults_of(found))
    if not any(isinstance(item, Submission) and item.id.startswith("zz good") for item in found):
        faults.append("the good one beside it was not read")
    outside = {entry.name for entry in folder.iterdir()} - {"class", "unpacked"}
    if outside:
        faults.append(f"written outside: {outside}")
    if seconds > SLOWEST_ALLOWED_S:
        faults.append(f"took {seconds:.1f} s")
    return name, seconds, faults


def write_giant(name: str, folder: Path) -> str:
    """Write a giant in a process of its own, whose memory is not counted."""
    writer = os.fork()
    if writer == 0:
        (folder / name).write_bytes(GIANTS[name]())
        os._exit(0)
    os.waitpid(writer, 0)
    return name


def run(writers: Iterable[Callable[[Path], str]]) -> dict[str, object]:
    """Run cases one after the other; return what they showed."""
    cases, slowest, faults = 0, ("", 0.0), []
    base = Path(tempfile.mkdtemp(prefix="fuzz-"))
    try:
        for write in writers:
            cases += 1
            name, seconds, wrong = run_case(base / "case", write)
            faults += [f"{name}: {fault}" for fault in wrong]
            slowest = max(slowest, (name, seconds), key=lambda item: item[1])
            shutil.rmtree(base / "case")
    finally:
        shutil.rmtree(base, ignore_errors=True)
    peak = peak_mb()
    return {"cases": cases, "slowest": slowest[0], "seconds": round(slowest[1], 3), "peak_mb": peak, "faults": faults}


def peak_mb() -> int:
    """Return the most memory this program held, in megabytes: ru_maxrss would count what the caller of it held."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024


def main(what: str, *more: str) -> None:
    """Run giants, or so many cases from the first seed on, and print what they showed."""
    if what == "giants":
        writers = [partial(write_giant, name) for name in more or GIANTS]
    else:
        first = int(more[0]) if more else 0
        writers = [partial(write_case, seed=seed) for seed in range(first, first + int(what))]
    print(json.dumps(run(writers)))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Running `grader check` beside a kernel: the same command as in a terminal, so that the verdict is the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import ResultsError
from grader.model import Grade
from grader.storage import read_grade

OF_THE_KERNEL = ("MPLBACKEND", "JPY_SESSION_NAME", "JPY_PARENT_PID", "JPY_API_TOKEN", "PYDEVD_USE_FRAME_EVAL")
"""Variables of the kernel that a terminal hasn't: with them a notebook might run otherwise than in the class."""

COMMAND = (sys.executable, "-c", "from grader.cli.main import main; main()")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to: the command's exit status, the grade (None where there is none), what the command said."""

    status: int
    grade: Grade | None
    report: Path | None
    said: str


def check(notebook: Path, options: Sequence[str], said: Callable[[str], None]) -> Checked:
    """Check a notebook by the command, in a process of its own; `said` gets each line as it comes.

    Results lie where the command puts them: in `NOTEBOOK-check` beside the notebook, or in the folder of `--out`.
    """
    out = _out(notebook, options)
    before = _newest(out)
    lines: list[str] = []
    environment = {name: value for name, value in os.environ.items() if name not in OF_THE_KERNEL}
    with subprocess.Popen(
        [*COMMAND, "check", str(notebook), *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            for line in process.stdout or ():
                lines.append(line.rstrip())
                said(line.strip())
        except BaseException:  # the cell was interrupted: nothing of it goes on behind
            process.terminate()
            raise
    found = _newest(out)
    if found is None or found == before:
        return Checked(process.returncode, None, None, "\n".join(lines))
    try:
        grade = read_grade(found[1])
    except ResultsError as error:
        return Checked(process.returncode, None, None, str(error))
    return Checked(process.returncode, grade, found[1].with_name("report.html"), "\n".join(lines))


def _out(notebook: Path, options: Sequence[str]) -> Path:
    for place, option in enumerate(options):
        if option == "--out" and place + 1 < len(options):
            return Path(options[place + 1]).absolute()
        if option.startswith("--out="):
            return Path(option.removeprefix("--out=")).absolute()
    return notebook.absolute().with_name(f"{notebook.stem}-check")


def _newest(out: Path) -> tuple[int, Path] | None:
    """Return the grade written last, with when."""
    found = [(path.stat().st_mtime_ns, path) for path in out.glob("*/grade.json")]
    return max(found, default=None)

"""`%grader_check`: what the class's grader says of this notebook, shown below the cell."""

from __future__ import annotations

import os
import shlex
import time
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.display import display

from grader.magics.finding import ASK, Found, find_notebook, unsaved_cells
from grader.magics.running import Checked, check
from grader.reports.language import say, speaking
from grader.reports.summary import language_of_page, notebook_html, summarise, summary_text
from grader.rubrics import load_rubric

SAVE_FIRST = (
    "this notebook was changed since it was saved: save it (Ctrl+S, on a Mac Cmd+S) and run this cell again. It is the "
    "file that is checked, from top to bottom in a fresh kernel, as it will be graded"
)


class Shown:
    """Something with a form for notebooks and one for terminals."""

    def __init__(self, text: str, page: str) -> None:
        """Take both forms."""
        self._text, self._page = text, page

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        del include, exclude
        return {"text/plain": self._text, "text/html": self._page}

    def __repr__(self) -> str:
        return self._text


@magics_class
class CheckMagics(Magics):  # type: ignore[misc]  # IPython ships no types
    """The magic, and when each cell of the session was run."""

    def __init__(self, shell: Any) -> None:
        """Take the shell; from now on it is kept which cell ran when."""
        super().__init__(shell)
        history = getattr(shell.history_manager, "input_hist_raw", None) or [""]
        self._ran = [(time.time(), str(history[-1]))]  # the cell that loads this

    def cell_begins(self, information: Any) -> None:
        """Keep what is run, to tell whether the notebook was saved since."""
        self._ran.append((time.time(), str(information.raw_cell)))

    @line_magic  # type: ignore[untyped-decorator]
    def grader_check(self, line: str) -> None:
        """Check this notebook with the engine that grades it: `%grader_check [NOTEBOOK] [options of grader check]`.

        The saved file is run from top to bottom in a fresh kernel; this kernel and its variables are left alone. The
        verdict is that of `grader check NOTEBOOK` on the command line, and takes as long. Options: `--budget full`,
        `--rubric FILE`, `--data DIR` and the others of that command.
        """
        named, words = notebook_and_options(line)
        found = self._notebook(named)
        if not named and not found.is_current and unsaved_cells(found.path, self._ran):
            raise UsageError(SAVE_FIRST)
        handle = display(Shown(f"Checking {found.path.name} ...", ""), display_id=True)

        def progress(said: str) -> None:
            if said and handle is not None:
                handle.update(Shown(f"Checking {found.path.name}: {said}", ""))

        checked = check(found.path, words, progress)
        shown = _shown(checked, words)
        if handle is None:  # a plain IPython shell shows nothing twice
            display(shown)
        else:
            handle.update(shown)

    def _notebook(self, named: str) -> Found:
        folder = Path.cwd()
        if named:
            path = folder / named
            if not path.exists():
                raise UsageError(f"{named} is not there; {ASK}")
            return Found(path)
        found = find_notebook(self.shell.user_ns, os.environ, folder)
        if found is None:
            raise UsageError(ASK)
        return found


def notebook_and_options(line: str) -> tuple[str, list[str]]:
    """Return what a line names: the notebook, first or last in it (nothing: this one), and the command's options."""
    words = shlex.split(line)
    if words and not words[0].startswith("-"):
        return words[0], words[1:]
    if words and words[-1].endswith(".ipynb") and words[-2:-1] != ["--starter"]:
        return words[-1], words[:-1]
    return "", words


def _shown(checked: Checked, options: list[str]) -> Shown:
    if checked.grade is None or checked.report is None:
        return Shown(f"There is no verdict.\n{checked.said}", "")
    rubric = load_rubric(options[options.index("--rubric") + 1] if "--rubric" in options[:-1] else "unit1")
    report = os.path.relpath(checked.report)
    with speaking(language_of_page(checked.report.read_bytes())):
        summary = summarise(checked.grade, rubric if rubric.sha256 == checked.grade.rubric_sha256 else None)
        return Shown(f"{summary_text(summary)}\n{say('The whole report:')} {report}", notebook_html(summary, report))


def register(shell: Any) -> None:
    """Give a shell the magic."""
    magics = CheckMagics(shell)
    shell.register_magics(magics)
    shell.events.register("pre_run_cell", magics.cell_begins)

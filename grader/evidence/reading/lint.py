"""The notebook linter behind `code.clean`: ruff in notebook mode, with a small rule set of our own."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from dataclasses import dataclass
from typing import Any

from grader.evidence.reading.source import Source
from grader.model.reading import LintIssue

RULES = {
    "F401": "imported, never used",
    "F402": "an import shadowed by a loop variable",
    "F403": "star import: noted; tutorials teach it, so checks tolerate it",
    "F502": "broken % formatting",
    "F504": "broken % formatting",
    "F507": "broken % formatting",
    "F521": "broken str.format",
    "F522": "broken str.format",
    "F524": "broken str.format",
    "F601": "the same key twice in a dictionary",
    "F602": "the same key twice in a dictionary",
    "F632": "`is` with a literal",
    "F811": "defined again before it was used",
    "F821": "undefined name",
    "F823": "a local name used before it is set",
    "F841": "a local variable never used",
    "E701": "several statements on one line",
    "E702": "several statements on one line",
    "E711": "== None",
    "E712": "== True",
    "E713": "not x in y",
    "E714": "not x is y",
    "E721": "type(x) == type(y)",
    "E722": "bare except",
    "B006": "a list as default argument",
    "B015": "a comparison whose value goes nowhere",
    "B018": "an expression whose value goes nowhere: a leftover of debugging",
    "A001": "a builtin overwritten: `list = ...`, `sum = ...`",
    "PLW0127": "x = x",
}
"""What says "messy" or "broken". Not formatting: spaces, line lengths and import order are a matter of taste."""
NEEDS_ALL_CELLS = frozenset({"F401", "F811", "F821"})
"""Rules that can't be told when a cell had to be left out: it may hold the use or the definition."""
IPYTHON_NAMES = ("display", "get_ipython", "In", "Out", "_", "__", "___", "_i", "_ih", "_oh", "_dh", "exit", "quit")
TIMEOUT_S = 15.0
"""A notebook lints in well under a second; this is for a machine that is swamped, and for code made to be slow."""


@dataclass(frozen=True, slots=True)
class LintReport:
    """What the linter found. `ran` is False, with the reason, where it could not run: nothing is then known."""

    issues: tuple[LintIssue, ...]
    ran: bool
    reason: str = ""


def lint_sources(sources: tuple[Source, ...]) -> LintReport:
    """Lint the code cells that parse as one notebook; cells that don't are reported as `invalid-syntax`."""
    broken = tuple(source for source in sources if source.tree is None)
    whole = tuple(source for source in sources if source.tree is not None)
    issues = [LintIssue("invalid-syntax", "this cell is not valid Python", source.index, 1) for source in broken]
    try:
        answer = _ruff(_notebook(whole))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return LintReport(tuple(issues), ran=False, reason=f"ruff could not run: {error}")
    for entry in answer:
        issue = _issue(entry, whole)
        if issue is not None and not (broken and issue.rule in NEEDS_ALL_CELLS):
            issues.append(issue)
    return LintReport(tuple(sorted(issues, key=lambda item: (item.cell, item.line, item.rule))), ran=True)


def _notebook(sources: tuple[Source, ...]) -> str:
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell{source.index}",
            "metadata": {},
            "outputs": [],
            "source": source.text,
        }
        for source in sources
    ]
    metadata = {"language_info": {"name": "python"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def _ruff(notebook: str) -> list[dict[str, Any]]:
    """Run ruff on a notebook given on its standard input, whatever is configured around it.

    Raises:
        OSError: there is no ruff.
        subprocess.SubprocessError: it failed or took too long.
        ValueError: its answer is not the JSON it promises.
    """
    # A student's suppression comments speak to their linter, not to this one: `--ignore-noqa`.
    command = [_program(), "check", "--isolated", "--no-cache", "--ignore-noqa", "--exit-zero", "--quiet"]
    command += ["--output-format", "json", "--target-version", "py311", "--select", ",".join(RULES)]
    command += ["--config", f"builtins = {json.dumps(IPYTHON_NAMES)}", "--stdin-filename", "notebook.ipynb", "-"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RUFF_")}
    done = subprocess.run(
        command,
        input=notebook.encode(errors="replace"),
        capture_output=True,
        timeout=TIMEOUT_S,
        env=environment,
        check=True,
    )
    answer = json.loads(done.stdout)
    if not isinstance(answer, list):
        raise ValueError("its answer is not a list")  # noqa: TRY004 - one error for all that is wrong with an answer
    return answer


def _program() -> str:
    """Return the path of ruff; one thread at a time.

    Python's own `sysconfig`, which ruff asks, gives None to a second thread that asks while the first makes it ready.

    Raises:
        OSError: there is none.
    """
    with _FINDING:
        # Imported here: where ruff is missing, only linting is missing.
        from ruff import find_ruff_bin  # type: ignore[import-untyped]  # noqa: PLC0415

        return str(find_ruff_bin())


_FINDING = threading.Lock()


def _issue(entry: dict[str, Any], sources: tuple[Source, ...]) -> LintIssue | None:
    number = entry.get("cell")
    if not isinstance(number, int) or not 1 <= number <= len(sources):
        return None
    line = entry.get("location", {}).get("row", 1)
    return LintIssue(
        str(entry.get("code") or "invalid-syntax"), str(entry.get("message", "")), sources[number - 1].index, line
    )

"""The text of a PDF export, read in a box of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from grader.errors import SubmissionError
from grader.model import Cell, Submission, Tier
from grader.sandbox import Limits, ScriptResult, run_script
from grader.sandbox.limits import MIB

SCRIPT = Path(__file__).with_name("inside_pdf.py")

GUARD_S = 120.0
MEMORY = 1024 * MIB
MOST_PAGES = 300
MOST_CHARACTERS = 1_000_000
MOST_OUTPUT = 16 * MIB

LEAST_WORDS = 20
"""A PDF with less text is a scan, or pictures of a screen."""

_CODE = re.compile(
    r"^\s*(?:(?:In|Out)?\s*\[[\d ]*\]:?|import \w|from \w[\w.]* import|def \w+\(|class \w+[(:]|for \w.* in .*:$"
    r"|return\b|(?:if|while|with|elif) .*:$|else:$|@\w|#|%|!|>>>)"
    r"|^\s*[\w.\[\]'\", ]+\s[-+*/]?=\s\S|^\s*[\w.]+\(.*|[\])}],?\s*$|^\s*\d+/\d+ [━=]|^Epoch \d+/\d+"
)
"""Lines of an export that are code, or what a training prints: nobody's sentences."""

_HEADING = re.compile(r"^\s*(?:\d+(?:\.\d+)*\.?\s+)?[A-ZÁÉÍÓÚÑ¿¡][^.!?:;,=()]{2,60}$")


def with_pdf_text(
    submission: Submission, *, tier: Tier, limits: Limits | None = None, run: Callable[..., ScriptResult] = run_script
) -> Submission:
    """Return a PDF's submission with its pages as text cells.

    Raises:
        SubmissionError: the PDF is locked, broken, or holds no text.
        SandboxError: the sandbox of that tier failed.
    """
    tight = replace(limits or Limits(), wall_s=GUARD_S, output=MOST_OUTPUT, memory=MEMORY)
    arguments = {"pages": MOST_PAGES, "characters": MOST_CHARACTERS}
    result = run(SCRIPT, arguments, {"pdf": submission.notebook}, tier=tier, limits=tight)
    pages = _pages(result)
    if sum(len(page.split()) for page in pages) < LEAST_WORDS:
        why = "" if result.status == "ok" else f" that could be read ({result.status.replace('_', ' ')})"
        raise SubmissionError(f"holds hardly any text{why}; hand in the notebook, or a PDF made from it")
    cells = tuple(
        Cell(number, "markdown", as_markdown(page), file=f"{submission.notebook.name}, page {number + 1}", line=1)
        for number, page in enumerate(pages)
    )
    return replace(submission, cells=cells)


def _pages(result: ScriptResult) -> list[str]:
    pages: list[str] = []
    for line in result.stdout.decode("utf-8", "replace").splitlines():
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(answer, dict):
            continue
        if isinstance(answer.get("refused"), str):
            raise SubmissionError(answer["refused"][:200])
        if isinstance(answer.get("text"), str) and len(pages) < MOST_PAGES:
            pages.append(answer["text"].encode("utf-8", "replace").decode("utf-8"))
    return pages


def as_markdown(page: str) -> str:
    """Return a page's prose: lines of one paragraph joined, titles as headings, code and its printing left out."""
    found: list[str] = []
    joins = False
    for line in page.splitlines():
        text = line.strip()
        if not text or _CODE.search(text):
            joins = False
        elif _HEADING.match(text) and len(text.split()) <= 8 and not joins:
            found += ["", f"## {text}", ""]
        elif joins:
            found[-1] += f" {text}"
        else:
            found += ["", text]
            joins = True
        joins = joins and not text.endswith((".", "!", "?", ":"))
    return "\n".join(found).strip()

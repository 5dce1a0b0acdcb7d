"""Links handed in where a notebook should be: nothing is fetched, so the refusal says what to do instead."""

from __future__ import annotations

import re
from pathlib import Path

from grader.errors import SubmissionError
from grader.intake.files import opened

LISTS = frozenset({".txt", ".csv", ".tsv", ".md", ".html", ".htm", ".url", ".webloc", ".rtf", ".json", ".xml"})
"""Endings of files that may hold nothing but links: lists, and what browsers and course systems save of one."""

MOST_BYTES = 256 * 1024
"""What is read of such a file; 300 links take 40 KB."""

WHAT_TO_DO = (
    "grader fetches nothing; ask for the notebook itself (in Colab: File > Download > Download .ipynb), and grade the "
    "folder of those files"
)

_LINK = re.compile(
    r"https?://(?:colab\.research\.google\.com|drive\.google\.com|docs\.google\.com|github\.com|gist\.github\.com|"
    r"(?:www\.)?kaggle\.com|1drv\.ms|(?:www\.)?dropbox\.com|deepnote\.com|mybinder\.org|nbviewer\.(?:jupyter\.)?org)"
    r"/[^\s\"'<>,;|)\]]+",
    re.IGNORECASE,
)


def links_in(path: Path) -> tuple[str, ...]:
    """Return the addresses of notebooks and shared files that a small text file holds, each once, as they come."""
    if path.suffix.lower() not in LISTS:
        return ()
    try:
        with opened(path, "file") as (descriptor, _), open(descriptor, "rb", closefd=False) as file:
            text = file.read(MOST_BYTES).decode("utf-8", "replace")
    except SubmissionError:
        return ()
    return tuple(dict.fromkeys(match[0] for match in _LINK.finditer(text)))


def refused_list(path: Path) -> str:
    """Return why a file that was named as the submissions can't be graded, empty where it holds no links."""
    links = links_in(path)
    if not links:
        return ""
    what = "a link" if len(links) == 1 else f"a list of {len(links)} links"
    return f"{path} is {what} ({_shown(links[0])}), and {WHAT_TO_DO}"


def only_links(files: list[Path]) -> str:
    """Return why a student's files can't be graded where they hold a link in a notebook's place, else nothing."""
    link = next((found for path in files for found in links_in(path)), "")
    return f"holds a link ({_shown(link)}) and no notebook; {WHAT_TO_DO}" if link else ""


def _shown(link: str) -> str:
    return link if len(link) <= LONGEST_SHOWN else f"{link[:LONGEST_SHOWN]}…"


LONGEST_SHOWN = 80

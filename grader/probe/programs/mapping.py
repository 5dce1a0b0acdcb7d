"""From URLs to files that were handed along, and notes for the host. Standard library only; also read by programs.

The mapping is a JSON file of the grader: `{"exact": {url: path}, "folders": [[prefix, folder], ...]}`.
"""

from __future__ import annotations

import json
import os
import re
import urllib.parse
from typing import Any

URLS_VARIABLE = "GRADER_URLS"
"""Environment variable that names the mapping's file."""

NOTES_VARIABLE = "GRADER_NOTES"
"""Environment variable that names the file for programs' notes."""

MAX_NOTE = 1_000
"""Characters of one text in a note."""

_DRIVE_HOSTS = frozenset({"drive.google.com", "drive.usercontent.google.com"})
_DRIVE_ID = re.compile(r"[\w-]{10,}")
_DRIVE_PATH = re.compile(r"/(?:file/)?d/([\w-]{10,})")


def canonical(url: str) -> str:
    """Return one spelling for addresses of the same thing.

    http and https, quoted and plain characters, and the many links to one file of Google Drive are taken as the same;
    the part after `#` never leaves a browser.
    """
    parts = urllib.parse.urlsplit(url.strip())
    scheme = "https" if parts.scheme.lower() == "http" else parts.scheme.lower()
    host = parts.netloc.lower().rpartition("@")[2]
    for port in (":80", ":443"):
        host = host.removesuffix(port)
    if host in _DRIVE_HOSTS:
        found = drive_id(url)
        if found:
            return drive_url(found)
    path = urllib.parse.quote(urllib.parse.unquote(parts.path or "/"), safe="/*~+,;=:@!$&'()")
    return urllib.parse.urlunsplit((scheme, host, path, parts.query, ""))


def drive_id(url: str) -> str:
    """Return the id that a link to Google Drive names; empty where it names none."""
    parts = urllib.parse.urlsplit(url)
    given = urllib.parse.parse_qs(parts.query).get("id", [""])[0]
    if _DRIVE_ID.fullmatch(given):
        return given
    found = _DRIVE_PATH.search(parts.path)
    return found.group(1) if found else ""


def drive_url(file_id: str) -> str:
    """Return the one spelling of a Google Drive file's address."""
    return f"https://drive.google.com/uc?id={file_id}"


def is_remote(url: Any) -> bool:
    """Tell whether this is an address on a network."""
    return isinstance(url, str) and url.strip().lower().startswith(("http://", "https://", "ftp://"))


class UrlMap:
    """Local files by URL. Exact addresses come before folders, longer prefixes before shorter ones."""

    def __init__(self, exact: dict[str, str], folders: list[list[str]]) -> None:
        """Take canonical addresses; a folder's prefix ends in `/`."""
        self._exact = {canonical(url): path for url, path in exact.items()}
        self._folders = sorted(([canonical(url), path] for url, path in folders), key=lambda item: -len(item[0]))

    @classmethod
    def offered(cls) -> UrlMap:
        """Return the mapping that the environment names; an empty one where there is none or it can't be read."""
        try:
            with open(os.environ[URLS_VARIABLE], encoding="utf-8") as file:
                told = json.load(file)
            return cls(dict(told["exact"]), [list(item) for item in told["folders"]])
        except (KeyError, OSError, ValueError, TypeError):
            return cls({}, [])

    def find(self, url: str) -> str | None:
        """Return the file that stands for an address, None where there is none."""
        try:
            wanted = canonical(url)
        except ValueError:
            return None
        found = self._exact.get(wanted)
        if found is not None:
            return found
        for prefix, folder in self._folders:
            if wanted.startswith(prefix):
                rest = urllib.parse.unquote(wanted[len(prefix) :].partition("?")[0])
                path = os.path.normpath(os.path.join(folder, rest))
                if path.startswith(folder + os.sep) and os.path.isfile(path):
                    return path
        return None


def file_name(url: str) -> str:
    """Return the name that a download of an address gets."""
    path = urllib.parse.urlsplit(url).path
    return os.path.basename(urllib.parse.unquote(path)) or "index.html"


def write_note(kind: str, *values: str) -> None:
    """Leave a note for the host, from a program; silent where that can't be done."""
    path = os.environ.get(NOTES_VARIABLE, "")
    if not path:
        return
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps([kind, *(value[:MAX_NOTE] for value in values)]) + "\n")
    except OSError:
        pass  # a full disk costs the note, not the program


def read_notes(path: str, start: int, most: int) -> tuple[list[list[str]], int]:
    """Return the whole notes after byte `start`, and where the next reading begins; odd lines are left out."""
    with open(path, "rb") as file:
        file.seek(start)
        whole, _, _ = file.read(most).rpartition(b"\n")
    notes: list[list[str]] = []
    for line in whole.splitlines():
        try:
            note = json.loads(line)
        except ValueError:
            continue
        if isinstance(note, list) and all(isinstance(value, str) for value in note):
            notes.append(note)
    return notes, start + len(whole)

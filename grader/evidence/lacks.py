"""What a run asked for in vain, as the probe told it: which address, file or secret a failing cell was after."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass

from grader.evidence.records import Lacked
from grader.model import CellRun

MOST_NOTES = 100
"""Most substitutions repeated in a report: a loop over pages of a site says nothing new after these."""

_EMPTY = frozenset({"KeyError", "IndexError", "StopIteration"})
"""What an empty `files.upload()` ends in, in the cell that takes the first file out of it."""

_PACKAGES = {
    "tensorflow_datasets": "`tensorflow_datasets` fetches its data from the network, which is off while grading: load "
    "the data set with `keras.datasets`, or hand the files in beside the notebook.",
    "kagglehub": "`kagglehub` fetches its data from the network, which is off while grading: hand the files in beside "
    "the notebook, or read them with `pandas` from an address that the grader can map with --urls.",
    "opendatasets": "`opendatasets` fetches its data from the network, which is off while grading: hand the files in "
    "beside the notebook.",
    "gdown": "`gdown` fetches its data from the network, which is off while grading: hand the files in beside the "
    "notebook; the command `!gdown ID` works where the grader maps the file with --urls.",
}
"""Packages that are of no use without a network: installing them would not help."""


@dataclass(frozen=True, slots=True)
class Lacks:
    """What was asked for in vain, in order."""

    told: Sequence[Lacked] = ()

    def urls(self, cell: CellRun) -> list[str]:
        """Return the addresses that the cell itself could not reach."""
        return [item.name for item in self.told if item.need == "url" and item.cell == cell.index]

    def url_of(self, file: str, cell: CellRun) -> str:
        """Return the address that a missing file was to come from: the one of its name, else the last one; or empty."""
        before = [item.name for item in self.told if item.need == "url" and item.cell <= cell.index]
        named = [url for url in before if file and _file_of(url) == re.split(r"[\\/]", file)[-1]]
        return (named or before)[-1] if before else ""

    def needs(self, cell: CellRun, source: str) -> list[str]:
        """Return what a failing cell needed of what Colab gives: a file to upload, a secret, somebody at a browser."""
        exception = cell.exception.rpartition(".")[2]
        here = [item for item in self.told if item.cell == cell.index]
        if exception == "SecretNotFoundError":
            return next(([f"secret {item.name}"] for item in here if item.need == "secret"), [])
        if any(item.need == "input" for item in here):
            return ["input"]
        named = next((item.name for item in here if item.need == "file" and item.name), "")
        if exception == "KeyError" and named and named in cell.message:
            return [f"upload {named}"]
        empty = any(item.need == "file" and not item.name and item.cell <= cell.index for item in self.told)
        return ["upload "] if empty and exception in _EMPTY and "upload" in source else []


def advice_on_package(name: str) -> str:
    """Return what to do about a package that is of no use here; empty for any other."""
    return _PACKAGES.get(name.partition(".")[0], "")


def _file_of(url: str) -> str:
    return urllib.parse.unquote(urllib.parse.urlsplit(url).path).rpartition("/")[2]

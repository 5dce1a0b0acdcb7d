"""`grader.toml`: the environments of a course by name.

Every key there is:

    [environments]
    default = "keras2"                     # used where --python is not given

    [environments.keras2]
    python = "envs/keras2/bin/python"      # relative to the file; the environment's folder will do
    variables = { TF_USE_LEGACY_KERAS = "1" }
    for = "keras2"                         # runs the notebooks that are written for Keras 2, without being asked
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import EnvironmentFileError

FILE = "grader.toml"

VARIABLES = frozenset({"TF_USE_LEGACY_KERAS", "TF_ENABLE_ONEDNN_OPTS", "TF_DETERMINISTIC_OPS", "PYTHONHASHSEED"})
"""Variables an environment may set: they say how numbers are computed. None of them names a file or loads code."""

ERAS = ("keras2",)
"""What a notebook can be found to be written for, by reading it."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_VALUE_LENGTH = 100


@dataclass(frozen=True, slots=True)
class NamedEnvironment:
    """One environment of the file: its interpreter as an absolute path, and the variables set in it."""

    name: str
    python: str
    variables: tuple[tuple[str, str], ...] = ()
    era: str = ""


@dataclass(frozen=True, slots=True)
class EnvironmentFile:
    """What a `grader.toml` says; without a file, nothing."""

    path: Path | None = None
    environments: tuple[NamedEnvironment, ...] = ()
    default: str = ""

    def get(self, name: str) -> NamedEnvironment | None:
        """Return the environment of that name."""
        return next((item for item in self.environments if item.name == name), None)

    def for_era(self, era: str) -> NamedEnvironment | None:
        """Return the environment that runs what was written for `era`."""
        return next((item for item in self.environments if item.era == era), None)


def trusted_folders(submissions: Path, *, own: bool) -> tuple[Path, ...]:
    """Return the folders whose `grader.toml` is the instructor's: beside the submissions, then the current one.

    A file inside of what was handed in is a student's, and names a program to run: it is never read, also where the
    command is given from inside that folder. `own` notebooks (`grader check`) are trusted as far as their folder.
    """
    given = Path(os.path.realpath(submissions))
    current = Path(os.path.realpath(Path.cwd()))
    handed_in = given if given.is_dir() else given.parent
    if own:
        return tuple(dict.fromkeys((handed_in, current)))
    beside = given.parent if given.is_dir() or given.suffix.lower() == ".zip" else None
    untrusted = given if beside is not None else handed_in
    places = [folder for folder in (beside, current) if folder is not None]
    return tuple(dict.fromkeys(folder for folder in places if not folder.is_relative_to(untrusted)))


def read_environments(folders: Sequence[Path]) -> EnvironmentFile:
    """Read the first `grader.toml` there is in these folders.

    Raises:
        EnvironmentFileError: it can't be read, or has mistakes.
    """
    path = next((folder / FILE for folder in folders if (folder / FILE).is_file()), None)
    return EnvironmentFile() if path is None else load_environments(path)


def load_environments(path: Path) -> EnvironmentFile:
    """Read one file.

    Raises:
        EnvironmentFileError: it can't be read, or has mistakes, each named by its path.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EnvironmentFileError(str(path), (f"it can't be read ({error})",)) from error
    mistakes = tuple(_mistakes(content))
    if mistakes:
        raise EnvironmentFileError(str(path), mistakes)
    tables = dict(content.get("environments", {}))
    default = tables.pop("default", "")
    named = tuple(_environment(name, table, path.parent) for name, table in tables.items())
    return EnvironmentFile(path, named, default)


def _environment(name: str, table: Mapping[str, Any], folder: Path) -> NamedEnvironment:
    python = os.path.abspath(folder / Path(table["python"]).expanduser())
    return NamedEnvironment(name, python, tuple(sorted(table.get("variables", {}).items())), table.get("for", ""))


# ---------------------------------------------------------------- mistakes
def _mistakes(content: Mapping[str, Any]) -> Iterator[str]:
    for key in content:
        if key != "environments":
            yield f"$.{key} is not known here; environments are"
    tables = content.get("environments", {})
    if not isinstance(tables, dict):
        yield "$.environments has to be a table of environments"
        return
    for name, table in tables.items():
        if name == "default":
            continue
        at = f"$.environments.{name}"
        if not _NAME.fullmatch(name):
            yield f"{at}: a name is letters, digits, - and _, and starts with a letter"
        if not isinstance(table, dict):
            yield f"{at} has to be a table with a python"
        else:
            yield from _mistakes_of(table, at)
    default = tables.get("default", "")
    if default and (not isinstance(default, str) or default not in tables):
        yield f"$.environments.default names {default!r}, which is not among the environments"
    eras = [table["for"] for table in tables.values() if isinstance(table, dict) and isinstance(table.get("for"), str)]
    for era in sorted({era for era in eras if eras.count(era) > 1}):
        yield f"$.environments: more than one environment is for {era!r}"


def _mistakes_of(table: Mapping[str, Any], at: str) -> Iterator[str]:
    for key in table:
        if key not in {"python", "variables", "for"}:
            yield f"{at}.{key} is not known; python, variables and for are"
    if not isinstance(table.get("python"), str) or not table["python"].strip():
        yield f"{at}.python has to be the path of an interpreter"
    if "for" in table and table["for"] not in ERAS:
        yield f"{at}.for is {table['for']!r}; it can be {', '.join(ERAS)}"
    variables = table.get("variables", {})
    if not isinstance(variables, dict):
        yield f"{at}.variables has to be a table of texts"
        return
    for name, value in variables.items():
        if name not in VARIABLES:
            yield f"{at}.variables.{name} can't be set; these can: {', '.join(sorted(VARIABLES))}"
        elif not isinstance(value, str) or len(value) > _VALUE_LENGTH or not value.isprintable():
            yield f'{at}.variables.{name} has to be a short text in quotes, like "1"'

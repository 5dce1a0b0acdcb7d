"""A project folder: what to run in it, its documents, and what its other files are."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from grader.errors import SubmissionError
from grader.file_kinds import columns_of, keys_of, kind_of_file
from grader.intake.beside import hash_files
from grader.intake.commands import commands_in
from grader.intake.files import opened
from grader.intake.read import load_notebook, read_cells
from grader.intake.scripts import (
    MAX_MODULES,
    announcing_cell,
    cells_of_script,
    has_main_guard,
    modules_used,
    read_text,
)
from grader.model import Cell, Document, ProjectFile, Script, Submission
from grader.resources import holds_results

MAX_FILES = 3_000
"""Files of one project that are listed; folders of pictures are counted by the audit."""

MAX_DEPTH = 6
MAX_DOCUMENTS = 16
MAX_DOCUMENT = 60_000
"""Characters read of one document."""

MAX_ALL_DOCUMENTS = 200_000
MAX_LINES_BYTES = 32 * 1024 * 1024
"""Tables up to this size have their rows counted."""

MAX_ALL_LINES_BYTES = 256 * 1024 * 1024
HEAD_BYTES = 64 * 1024
MAX_JSON_BYTES = 1024 * 1024

MAX_SCRIPTS = 4
"""Commands of one README that are run, one after the other: prepare, train, evaluate, predict."""

MAIN_SCRIPTS = ("main.py", "train.py", "run.py")
"""What a project's entry is called where no document says it, surest first."""

DOCUMENT_DEPTH = 3
_DOCUMENT_SUFFIXES = frozenset({".md", ".markdown", ".rst", ".txt", ""})
_DOCUMENT_NAMES = re.compile(
    r"readme|model[\s_-]?card|experiments?\b|experiment[\s_-]?log|data(?:set)?[\s_-]?(?:note|card|sheet|statement)"
    r"|\bnotes?\b|\bnotas\b|reflect|reflexi|write[\s_-]?up|conclu|next[\s_-]?steps?|failure[\s_-]?cases|scope"
    r"|responsible|\binforme\b|\bmemoria\b",
    re.IGNORECASE,
)
"""Names of plain texts that somebody wrote to be read (others are lists and logs); of markdown files all are read."""

_NO_DOCUMENTS = re.compile(
    r"^(?:licen[cs]e|copying|changelog|contributing|code_of_conduct|requirements.*|constraints.*|labels|classes"
    r"|class_names|vocab.*|assignment.*|instructions?|rubric.*)$",
    re.IGNORECASE,
)
"""Texts that no student wrote, or that nobody reads: the assignment's, licences, lists of names."""

_NO_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages", "venv", "env", "__MACOSX"})


@dataclass(frozen=True, slots=True)
class Project:
    """What lies under a student's folder: paths relative to it, with their sizes."""

    root: Path
    files: tuple[tuple[str, int], ...]

    @classmethod
    def at(cls, root: Path) -> Project:
        """List a folder."""
        return cls(root, tuple(_listed(root)))

    def documents(self) -> tuple[Document, ...]:
        """Read the README and other documents, the README first; each text and all together are capped."""
        names = [path for path, size in self.files if size and _is_document(path)]
        names.sort(key=lambda path: (path.count("/"), "readme" not in path.lower(), path))
        found: list[Document] = []
        room = MAX_ALL_DOCUMENTS
        for path in names[:MAX_DOCUMENTS]:
            text = _beginning(self.root / path, min(room, MAX_DOCUMENT))
            if text.strip():
                found.append(Document(path, text, dict(self.files)[path]))
                room -= len(text)
        return tuple(found)

    def facts(self) -> tuple[ProjectFile, ...]:
        """Return what each file is, going by its name, and by the beginning of those of text."""
        room = MAX_ALL_LINES_BYTES
        found = []
        for path, size in self.files:
            found.append(_fact(self.root / path, path, size, min(room, MAX_LINES_BYTES)))
            room -= size if found[-1].rows is not None else 0
        return tuple(found)

    def scripts(self) -> tuple[str, ...]:
        """Return the Python files."""
        return tuple(path for path, _ in self.files if path.endswith(".py"))

    def to_run(self, documents: tuple[Document, ...]) -> tuple[Script, ...]:
        """Return the scripts to be run, in order: as documents say, else the one that is plainly the entry."""
        here = {path for path, _ in self.files}
        named = [script for item in documents for script in commands_in(item.text, here.__contains__)]
        if named:
            return tuple(self._sequence(named, here))
        tops = [path for path in self.scripts() if "/" not in path]
        for name in MAIN_SCRIPTS:
            found = next((path for path in (name, f"src/{name}") if path in here), None)
            if found is not None:
                return (Script(found),)
        guarded = [path for path in self.scripts() if has_main_guard(_source(self.root / path))]
        for only in (guarded, tops):
            if len(only) == 1:
                return (Script(only[0]),)
        return ()

    def _sequence(self, named: list[Script], here: set[str]) -> Iterator[Script]:
        """Yield the first command, and those of other scripts after it whose files are there or were written before."""
        seen: list[str] = []
        code = ""
        for script in named:
            path = f"{script.working}/{script.path}" if script.working else script.path
            if path in seen or len(seen) == MAX_SCRIPTS or script.working != named[0].working:
                continue
            files = [word for word in script.arguments if re.search(r"\.\w{1,8}$", word) and not _is_number(word)]
            if not seen or all(word in here or Path(word).name in code for word in files):
                seen.append(path)
                code += _source(self.root / path) + " ".join(script.arguments)
                yield script


def with_project(submission: Submission, root: Path) -> Submission:
    """Return a submission with the documents, modules and files of the folder that it was handed in as.

    All of it is there at run time; the notebook is run in its own folder in it.
    """
    project = Project.at(root)
    documents = project.documents()
    if submission.folder is not None and submission.folder != root:
        working = submission.folder.relative_to(root).as_posix()
        files = hash_files(root, submission.notebook)
        submission = replace(submission, folder=root, working=working, files_sha256=files)
    modules = _modules(project, submission.cells, f"{submission.working}/" if submission.working else "")
    # Documents come last, behind the code of modules: what follows the training is its write-up.
    read = _document_cells(documents, len(submission.cells) + len(modules))
    return replace(
        submission,
        cells=(*submission.cells, *read),
        modules=modules,
        documents=documents,
        project=project.facts(),
    )


def load_scripts(root: Path, submission_id: str, scripts: tuple[Script, ...]) -> Submission:
    """Read a project without a notebook: the cells of its scripts, in the order they are run.

    Raises:
        SubmissionError: a script can't be read.
    """
    cells: list[Cell] = []
    for number, script in enumerate(scripts):
        path = Path(script.working, script.path)
        if number:
            cells += [replace(cell, index=len(cells)) for cell in read_cells([_code(announcing_cell(script))])]
        cells += cells_of_script(read_text(root / path), path.as_posix(), len(cells))
    first = root / scripts[0].working / scripts[0].path
    return Submission(
        id=submission_id,
        notebook=first,
        folder=root,
        sha256=hashlib.sha256("\0".join(cell.source for cell in cells).encode("utf-8", "replace")).hexdigest(),
        files_sha256=hash_files(root, first),
        cells=tuple(cells),
        script=scripts[0],
        working=scripts[0].working,
    )


def fullest(notebooks: list[Path], root: Path) -> tuple[Path, str] | None:
    """Return which of several notebooks is meant, and why: the one a README names, else by far the fullest."""
    named = [item for item in notebooks if _named_in_readme(item.name, root)]
    if len(named) == 1:
        return named[0], f"of {len(notebooks)} notebooks the one that the README names"
    sizes = []
    for path in notebooks:
        try:
            read = load_notebook(path, "x", None)
        except SubmissionError:
            return None
        sizes.append((sum(len(cell.source) for cell in read.cells), path))
    sizes.sort(key=lambda item: item[0], reverse=True)
    if sizes[0][0] >= MUCH_FULLER * sizes[1][0] + LEAST_FULLER:
        return sizes[0][1], f"of {len(notebooks)} notebooks the one with by far the most in it"
    return None


MUCH_FULLER = 3
LEAST_FULLER = 1_000
"""A notebook that is graded in place of others has three times what the next one has, and a thousand characters more:
short of that a person says which one counts."""


def _named_in_readme(name: str, root: Path) -> bool:
    return any(name in item.text for item in Project.at(root).documents() if "readme" in item.path.lower())


def _document_cells(documents: tuple[Document, ...], first: int) -> list[Cell]:
    return [Cell(first + place, "markdown", item.text, file=item.path, line=1) for place, item in enumerate(documents)]


def _modules(project: Project, cells: tuple[Cell, ...], place: str) -> tuple[Cell, ...]:
    """Return the project's own modules that the code imports, whole; they are read, and run only by being imported."""
    files = frozenset(project.scripts())
    ran = {cell.file for cell in cells}
    folders = {f"{Path(name).parent.as_posix()}/" for name in ran if "/" in name}
    places = tuple(dict.fromkeys((place, "", *sorted(folders), "src/")))
    waiting = [cell.source for cell in cells if cell.kind == "code"]
    found: list[Cell] = []
    known = set(ran)
    while waiting and len(found) < MAX_MODULES:
        fresh = [path for path in modules_used(waiting, places, files) if path not in known]
        waiting = []
        for path in fresh[: MAX_MODULES - len(found)]:
            known.add(path)
            source = _source(project.root / path)
            waiting.append(source)
            found.append(Cell(len(cells) + len(found), "code", source, file=path, line=1))
    return tuple(found)


def _code(source: str) -> dict[str, object]:
    return {"cell_type": "code", "source": source}


def _source(path: Path) -> str:
    try:
        return read_text(path)
    except (SubmissionError, OSError):
        return ""


def _beginning(path: Path, characters: int) -> str:
    try:
        with opened(path, "document") as (descriptor, _), open(descriptor, "rb", closefd=False) as file:
            raw = file.read(characters * 4)
    except (SubmissionError, OSError):
        return ""
    if b"\0" in raw:
        return ""
    return raw.decode("utf-8-sig", "replace")[:characters]


def _is_document(path: str) -> bool:
    name = Path(path)
    if path.count("/") >= DOCUMENT_DEPTH or name.suffix.lower() not in _DOCUMENT_SUFFIXES:
        return False
    if _NO_DOCUMENTS.match(name.stem):
        return False
    if name.suffix == "":
        return name.name.lower() == "readme"
    return name.suffix.lower() in {".md", ".markdown", ".rst"} or _DOCUMENT_NAMES.search(name.stem) is not None


def _fact(path: Path, name: str, size: int, room: int) -> ProjectFile:
    kind = kind_of_file(name)
    table = kind == "table" and Path(name).suffix.lower() in {".csv", ".tsv"}
    if not table and not (kind == "json" and size <= MAX_JSON_BYTES):
        return ProjectFile(name, size, kind)
    try:
        with opened(path, "file") as (descriptor, _), open(descriptor, "rb", closefd=False) as file:
            if not table:
                return ProjectFile(name, size, kind, keys=keys_of(file.read(MAX_JSON_BYTES).decode("utf-8", "replace")))
            head = file.read(HEAD_BYTES)
            columns = columns_of(head.decode("utf-8", "replace"), name)
            rows = _lines(head, file.read(max(0, room - len(head)))) - bool(columns) if size <= room else None
    except (SubmissionError, OSError):
        return ProjectFile(name, size, kind)
    return ProjectFile(name, size, kind, columns, None if rows is None else max(0, rows))


def _lines(head: bytes, rest: bytes) -> int:
    last = (rest or head)[-1:]
    return head.count(b"\n") + rest.count(b"\n") + (last not in {b"\n", b""})


def _listed(root: Path) -> Iterator[tuple[str, int]]:
    """Yield path and size of each regular file; links, hidden things, environments and earlier results are left out."""
    seen = 0
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        depth = len(here.parts) - len(root.parts)
        folders[:] = sorted(
            name for name in folders if depth < MAX_DEPTH and not _is_foreign(here / name) and not name.startswith(".")
        )
        for name in sorted(names):
            path = here / name
            if name.startswith(".") or path.is_symlink() or not path.is_file():
                continue
            seen += 1
            if seen > MAX_FILES:
                return
            yield path.relative_to(root).as_posix(), path.stat().st_size


def _is_foreign(folder: Path) -> bool:
    return folder.name in _NO_FOLDERS or (folder / "pyvenv.cfg").exists() or holds_results(folder)


def _is_number(word: str) -> bool:
    return re.fullmatch(r"[\d.eE+-]+", word) is not None

"""Looking for submissions in folders of classes and students, in archives, and in downloads of course systems."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from grader.errors import SubmissionError, SubmissionsNotFoundError
from grader.intake.archives import ADVICE, MAX_SUBMISSION_BYTES, LeftOut, Unpacker, is_archive, names_in
from grader.intake.candidates import (
    EMPTY,
    LINKED_FOLDER,
    Candidate,
    of_pdfs,
    of_scripts,
    only_one,
    several,
    single,
    why_empty,
)
from grader.intake.downloads import HandedIn, recognise
from grader.intake.folders import MAX_DEPTH, is_folder, is_notebook, is_pdf, notebooks_in, unwrapped, visible
from grader.intake.projects import MAIN_SCRIPTS
from grader.model import UNSAID


@dataclass(frozen=True, slots=True)
class _Held:
    """What lies in a folder that may be a class's: notebooks, folders with what is in them, archives, PDFs, links.

    `inside` holds None for folders without anything to run; `pdfs` are those that are somebody's work.
    """

    loose: list[Path]
    inside: dict[Path, Candidate | None]
    packed: list[Path]
    pdfs: list[Path]
    linked: list[Path]

    @property
    def has_students(self) -> bool:
        """Whether any folder holds a student's work."""
        return any(student is not None for student in self.inside.values())


@dataclass(frozen=True, slots=True)
class Finder:
    """Looks for submissions; archives are opened only where there is an unpacker."""

    unpacker: Unpacker | None
    assignment: str = ""

    def at(self, path: Path) -> list[Candidate]:
        """Return the submissions at a path that somebody named.

        Raises:
            SubmissionsNotFoundError: there is nothing, or it can't be opened.
        """
        try:
            if not os.path.exists(path):
                path.stat()  # says why
            if os.path.isdir(path):
                os.listdir(path)
        except FileNotFoundError as error:
            what = f"{path} does not exist; give a notebook or a folder of notebooks"
            raise SubmissionsNotFoundError(what) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise SubmissionsNotFoundError(f"{path} can't be opened ({reason}); check its permissions") from error
        path = path.absolute()
        if os.path.isdir(path):
            return list(self._in_folder(path))
        if is_archive(path):
            return list(self._in_archive(path))
        return [single(path)]

    def _in_folder(self, folder: Path) -> Iterator[Candidate]:
        """Yield the submissions of a class folder, or of one student's own project folder."""
        entries = visible(folder)
        if download := self._download(folder, entries):
            yield from map(self._of_download, download)
            return
        held = self._held(entries)
        project = self._project(folder, held)
        if project is not None:
            yield project
        else:
            yield from self._of_class(held)

    def _held(self, entries: list[Path]) -> _Held:
        """Look into each entry of a folder that somebody named."""
        loose = [entry for entry in entries if is_notebook(entry)]
        inside = {entry: self.of_student(entry) for entry in entries if is_folder(entry)}
        if loose:  # beside notebooks, a folder of scripts or PDFs belongs to one of them, unless it has a README
            inside = {entry: student if _stands_alone(student) else None for entry, student in inside.items()}
        packed = [entry for entry in entries if self._holds_submission(entry)]
        pdfs = _loose_pdfs(entries, loose, packed, inside.values())
        linked = [entry for entry in entries if os.path.islink(entry) and os.path.isdir(entry) and entry not in loose]
        return _Held(loose, inside, packed, pdfs, linked)

    def _project(self, folder: Path, held: _Held) -> Candidate | None:
        """Return the one project that a folder is; None where it is a class."""
        if len(held.loose) == 1 and not held.packed and not held.has_students:
            # A single project with its data beside it.
            return Candidate(held.loose[0].stem, held.loose[0], folder, root=folder)
        if not held.loose and not held.packed and _is_project(folder, held.inside.values()):
            return self.of_student(folder) or Candidate(folder.name, folder, None, EMPTY)
        return None

    def _of_class(self, held: _Held) -> Iterator[Candidate]:
        for file in (*held.loose, *held.pdfs):
            yield Candidate(file.stem, file, None)
        for archive in held.packed:
            yield self._of_archive(archive, archive.stem)
        by_folder = not (held.loose or held.pdfs) or held.has_students
        for entry, student in held.inside.items():
            # Beside loose notebooks alone, a folder holds data; in a class of folders, a student who forgot something.
            if student is not None or by_folder:
                yield student or Candidate(entry.name, entry, None, why_empty(entry))
        for entry in held.linked:
            yield Candidate(entry.name, entry, None, LINKED_FOLDER)

    def _in_archive(self, archive: Path) -> Iterator[Candidate]:
        """Yield the submissions of an archive that somebody named: a whole class, or one student's project."""
        if self.unpacker is None:
            yield Candidate(archive.stem, archive, None, f"is an archive; {ADVICE}")
            return
        try:
            folder, left_out = self.unpacker.unpack(archive)
        except SubmissionError as error:
            raise SubmissionsNotFoundError(f"{archive} {error}") from error
        found = list(self._in_folder(unwrapped(folder)))
        lost = [item for item in left_out if Path(item.name).suffix.lower() in {".ipynb", ".zip"}]
        if len(found) == 1 and not lost and found[0].hand_in == UNSAID:
            yield replace(found[0], name=archive.stem)
            return
        yield from found
        for item in lost:
            name = item.name.replace("\\", "/").rstrip("/").rpartition("/")[2]
            yield Candidate(Path(name).stem, Path(name), None, f"was left in the archive: it {item.reason}")

    def _download(self, folder: Path, entries: list[Path]) -> list[HandedIn]:
        """Return what a course system's download holds; nothing where the folder is none, or can't be opened here."""
        found = recognise(folder, entries, self.assignment)
        inner = unwrapped(folder)
        if not found and inner != folder:
            found = recognise(inner, visible(inner), self.assignment)
        return found if self.unpacker is not None or not any(item.files for item in found) else []

    def _of_download(self, item: HandedIn) -> Candidate:
        """Return what one student handed in through a course system, its files brought together."""
        folder = item.folder
        if self.unpacker is not None and item.files:
            folder = self.unpacker.gather(item.files)
        if folder is not None and os.path.islink(folder):
            return Candidate(item.name, folder, None, LINKED_FOLDER, hand_in=item.hand_in)
        if folder is None or item.problem:
            return Candidate(item.name, Path(item.name), None, item.problem or EMPTY, hand_in=item.hand_in)
        found = self.of_student(folder) or Candidate(item.name, folder, None, why_empty(folder))
        return replace(found, name=item.name, hand_in=item.hand_in)

    def of_student(self, student: Path) -> Candidate | None:
        """Return what a student's folder holds: a notebook, an archive of one, scripts; None where it holds none."""
        notebooks = list(notebooks_in(student, MAX_DEPTH))
        if notebooks:
            return only_one(student.name, student, notebooks)
        packed = [entry for entry in visible(student) if self._holds_submission(entry)]
        if len(packed) == 1:
            return self._of_archive(packed[0], student.name)
        if packed:
            return several(student.name, student, packed, "archives")
        return of_scripts(student.name, student) or of_pdfs(student.name, student)

    def _of_archive(self, archive: Path, name: str) -> Candidate:
        """Unpack one student's archive. One that does not come out whole is not graded in part."""
        if self.unpacker is None:
            return Candidate(name, archive, None, f"is an archive; {ADVICE}")
        try:
            folder, left_out = self.unpacker.unpack(archive, MAX_SUBMISSION_BYTES)
        except SubmissionError as error:
            return Candidate(name, archive, None, str(error))
        if left_out:
            return Candidate(name, archive, None, _left_out(left_out))
        notebooks = list(notebooks_in(folder, MAX_DEPTH))
        if notebooks:
            return only_one(name, folder, notebooks)
        return of_scripts(name, folder) or of_pdfs(name, folder) or Candidate(name, archive, None, EMPTY)

    def _holds_submission(self, entry: Path) -> bool:
        """Whether an archive is somebody's hand-in: it lists a notebook or a project's entry, or can't even be listed.

        Others are data.
        """
        if not is_archive(entry) or os.path.isdir(entry):
            return False
        try:
            names = [name.lower() for name in names_in(entry)]
        except SubmissionError:
            return True
        return any(name.endswith((".ipynb", ".zip")) or name.rpartition("/")[2] in MAIN_SCRIPTS for name in names)


def _loose_pdfs(
    entries: list[Path], loose: list[Path], packed: list[Path], inside: Iterable[Candidate | None]
) -> list[Path]:
    """Return the PDFs in a class folder that are somebody's work: beside notebooks, or alone."""
    pdfs = [entry for entry in entries if is_pdf(entry)]
    names = {notebook.stem for notebook in loose}
    if loose:
        return [pdf for pdf in pdfs if pdf.stem not in names and not _ASSIGNMENT.search(pdf.stem)]
    return [] if packed or any(student is not None for student in inside) else pdfs


_ASSIGNMENT = re.compile(r"assignment|instruction|rubric|syllabus|enunciado|instruccion|readme", re.IGNORECASE)
"""PDFs beside a class's notebooks that no student wrote."""


def _stands_alone(student: Candidate | None) -> bool:
    """Whether a folder beside loose notebooks is a student's: it holds a notebook, or scripts and a README on them."""
    if student is None or student.notebook.suffix.lower() == ".pdf":
        return False
    return not student.scripts or (student.root is not None and (student.root / "README.md").is_file())


def _is_project(folder: Path, inside: Iterable[Candidate | None]) -> bool:
    """Whether a folder that was named is one student's project of scripts, and not a class of such projects."""
    if not any(entry.suffix == ".py" for entry in visible(folder)):
        return False
    return all(student is None or student.scripts for student in inside) and of_scripts("", folder) is not None


def _left_out(left_out: tuple[LeftOut, ...]) -> str:
    first = left_out[0]
    more = f" (and {len(left_out) - 1:,} more)" if len(left_out) > 1 else ""
    return f"was not unpacked: {first.name[:100]} in it {first.reason}{more}; {ADVICE}"

"""Finding submissions: in a folder, in a folder per student, in zip archives of either."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from grader.errors import SubmissionError, SubmissionsNotFoundError
from grader.intake.archives import ADVICE, MAX_SUBMISSION_BYTES, LeftOut, Unpacker, is_archive, names_in
from grader.intake.downloads import HandedIn, recognise
from grader.intake.handed import Found
from grader.intake.links import only_links, refused_list
from grader.intake.names import Ids
from grader.intake.projects import MAIN_SCRIPTS, Project, fullest, load_scripts, with_project
from grader.intake.read import load_notebook, load_pdf
from grader.model import UNSAID, HandIn, Script, Submission, Unreadable
from grader.resources import holds_results

MAX_DEPTH = 4
"""How deep a student's folder is searched for a notebook: unpacked archives wrap one or two folders."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A submission that was found: the name it goes by, and its notebook or the reason why there is none.

    `root` is the folder that was handed in as a project (`folder` is the notebook's own, in it), `scripts` what is run
    of a project without a notebook, `chosen` why this one of several notebooks.
    """

    name: str
    notebook: Path
    folder: Path | None
    problem: str = ""
    root: Path | None = None
    scripts: tuple[Script, ...] = ()
    chosen: str = ""
    hand_in: HandIn = UNSAID


def load_submissions(
    path: Path, unpacked: Path | None = None, assignment: str = ""
) -> tuple[Submission | Unreadable, ...]:
    """Read all submissions at `path`: a notebook, a folder of notebooks, a folder per student, or a zip of any of them.

    Downloads of Canvas, Moodle, Gradescope and nbgrader are known by their names: each student's files come together
    under the names they were handed in under, and the submission says whose it is.

    What can't be read comes back as Unreadable under its name; the others are unaffected.

    Args:
        path: the file or folder.
        unpacked: an empty, private folder that zip archives are opened into; it must outlive the submissions.
            Without one, archives are not opened.
        assignment: which of several assignments, where nbgrader's folder holds more than one.

    Raises:
        SubmissionsNotFoundError: where there is no such path, or nothing that looks like a submission.
    """
    return tuple(item.load() for item in find_submissions(path, unpacked, assignment))


def find_submissions(path: Path, unpacked: Path | None = None, assignment: str = "") -> tuple[Found, ...]:
    """Find all submissions at `path`, as `load_submissions` does, and read none of them yet."""
    refused = refused_list(path) if os.path.isfile(path) else ""
    if refused:
        raise SubmissionsNotFoundError(refused)
    finder = Finder(Unpacker(unpacked) if unpacked is not None else None, assignment)
    candidates = sorted(finder.at(path), key=lambda item: item.name)
    if not candidates:
        raise SubmissionsNotFoundError(
            f"{path} holds no notebook; it should hold .ipynb files, or one folder or .zip per student with a notebook "
            "in it"
        )
    ids = Ids()
    return tuple(_found(candidate, ids.new(candidate.name)) for candidate in candidates)


def load_submission(path: Path) -> Submission:
    """Read one notebook with the files beside it, or one project's folder, as `grader check` does.

    Raises:
        SubmissionsNotFoundError: where there is no such file or folder, or nothing in it to run.
        SubmissionError: where the notebook can't be read.
    """
    if os.path.isdir(path):
        return _load_project(path.absolute())
    if not os.path.isfile(path):
        raise SubmissionsNotFoundError(
            f"{path} is not there; give the notebook to check, a file ending in .ipynb, or your project's folder"
        )
    if refused := refused_list(path):
        raise SubmissionsNotFoundError(refused)
    if path.suffix.lower() not in {".ipynb", ".pdf"}:
        raise SubmissionError(f"{path.name} {NO_NOTEBOOK}")
    found = _single(path.absolute())
    if _is_pdf(path):
        return _read(found, Ids().new(path.stem))
    return _read(replace(found, folder=path.absolute().parent), Ids().new(path.stem))


def _load_project(folder: Path) -> Submission:
    found = Finder(None).of_student(folder)
    if found is None:
        raise SubmissionsNotFoundError(f"{folder} {_why_empty(folder)}")
    if found.problem:
        raise SubmissionError(f"{folder.name} {found.problem}")
    return _read(found, Ids().new(folder.name))


NO_NOTEBOOK = "is not a notebook: its name doesn't end in .ipynb"


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
        return [_single(path)]

    def _in_folder(self, folder: Path) -> Iterator[Candidate]:
        """Yield the submissions of a class folder, or of one student's own project folder."""
        entries = _visible(folder)
        if download := self._download(folder, entries):
            yield from map(self._of_download, download)
            return
        loose = [entry for entry in entries if _is_notebook(entry)]
        inside = {entry: self.of_student(entry) for entry in entries if _is_folder(entry)}
        if loose:  # beside notebooks, a folder of scripts or PDFs belongs to one of them, unless it has a README
            inside = {entry: student if _stands_alone(student) else None for entry, student in inside.items()}
        packed = [entry for entry in entries if self._holds_submission(entry)]
        if len(loose) == 1 and not packed and all(student is None for student in inside.values()):
            # A single project with its data beside it.
            yield Candidate(loose[0].stem, loose[0], folder, root=folder)
            return
        if not loose and not packed and _is_project(folder, inside.values()):
            yield self.of_student(folder) or Candidate(folder.name, folder, None, EMPTY)
            return
        for notebook in loose:
            yield Candidate(notebook.stem, notebook, None)
        for pdf in _loose_pdfs(entries, loose, packed, inside.values()):
            yield Candidate(pdf.stem, pdf, None)
        for archive in packed:
            yield self._of_archive(archive, archive.stem)
        pdfs = _loose_pdfs(entries, loose, packed, inside.values())
        by_folder = not (loose or pdfs) or any(student is not None for student in inside.values())
        for entry, student in inside.items():
            # Beside loose notebooks alone, a folder holds data; in a class of folders, a student who forgot something.
            if student is not None or by_folder:
                yield student or Candidate(entry.name, entry, None, _why_empty(entry))
        for entry in entries:
            if os.path.islink(entry) and os.path.isdir(entry) and entry not in loose:
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
        found = list(self._in_folder(_unwrapped(folder)))
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
        inner = _unwrapped(folder)
        if not found and inner != folder:
            found = recognise(inner, _visible(inner), self.assignment)
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
        found = self.of_student(folder) or Candidate(item.name, folder, None, _why_empty(folder))
        return replace(found, name=item.name, hand_in=item.hand_in)

    def of_student(self, student: Path) -> Candidate | None:
        """Return what a student's folder holds: a notebook, an archive of one, scripts; None where it holds none."""
        notebooks = list(_notebooks(student, MAX_DEPTH))
        if notebooks:
            return _only(student.name, student, notebooks)
        packed = [entry for entry in _visible(student) if self._holds_submission(entry)]
        if len(packed) == 1:
            return self._of_archive(packed[0], student.name)
        if packed:
            return _several(student.name, student, packed, "archives")
        return _of_scripts(student.name, student) or _of_pdfs(student.name, student)

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
        notebooks = list(_notebooks(folder, MAX_DEPTH))
        if notebooks:
            return _only(name, folder, notebooks)
        return _of_scripts(name, folder) or _of_pdfs(name, folder) or Candidate(name, archive, None, EMPTY)

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


LINKED_FOLDER = "is a link to a folder; copy the folder itself here"

EMPTY = "holds no notebook (.ipynb) and no script that is plainly the one to run; ask the student for it"


def _of_pdfs(name: str, root: Path) -> Candidate | None:
    """Return the only PDF that lies in a student's folder; None where there is none."""
    pdfs = [entry for entry in _visible(_unwrapped(root)) if _is_pdf(entry)]
    if len(pdfs) == 1:
        return Candidate(name, pdfs[0], None)
    return _several(name, root, pdfs, "PDFs and no notebook") if pdfs else None


def _loose_pdfs(
    entries: list[Path], loose: list[Path], packed: list[Path], inside: Iterable[Candidate | None]
) -> list[Path]:
    """Return the PDFs in a class folder that are somebody's work: beside notebooks, or alone."""
    pdfs = [entry for entry in entries if _is_pdf(entry)]
    names = {notebook.stem for notebook in loose}
    if loose:
        return [pdf for pdf in pdfs if pdf.stem not in names and not _ASSIGNMENT.search(pdf.stem)]
    return [] if packed or any(student is not None for student in inside) else pdfs


_ASSIGNMENT = re.compile(r"assignment|instruction|rubric|syllabus|enunciado|instruccion|readme", re.IGNORECASE)
"""PDFs beside a class's notebooks that no student wrote."""


def _is_pdf(entry: Path) -> bool:
    return entry.suffix.lower() == ".pdf" and not os.path.isdir(entry)


def _stands_alone(student: Candidate | None) -> bool:
    """Whether a folder beside loose notebooks is a student's: it holds a notebook, or scripts and a README on them."""
    if student is None or student.notebook.suffix.lower() == ".pdf":
        return False
    return not student.scripts or (student.root is not None and (student.root / "README.md").is_file())


def _single(path: Path) -> Candidate:
    if _is_pdf(path):
        return Candidate(path.stem, path, None)
    if path.suffix.lower() != ".ipynb":
        return Candidate(path.stem, path, None, NO_NOTEBOOK)
    others = any(_is_notebook(entry) and entry != path for entry in _visible(path.parent))
    # Beside other people's notebooks, what lies there may be theirs.
    return Candidate(path.stem, path, None) if others else Candidate(path.stem, path, path.parent, root=path.parent)


def _only(name: str, root: Path, notebooks: list[Path]) -> Candidate:
    """Return the notebook that lies highest; of several the one that is plainly meant."""
    root = _unwrapped(root)
    shallowest = min(len(path.parts) for path in notebooks)
    best = [path for path in notebooks if len(path.parts) == shallowest]
    if len(best) == 1:
        return Candidate(name, best[0], best[0].parent, root=root)
    chosen = fullest(best, root)
    if chosen is None:
        return _several(name, root, best, "notebooks")
    return Candidate(name, chosen[0], chosen[0].parent, root=root, chosen=chosen[1])


def _of_scripts(name: str, root: Path) -> Candidate | None:
    """Return what is run of a project without a notebook; None where nothing plainly is."""
    base = _unwrapped(root)
    project = Project.at(base)
    scripts = project.to_run(project.documents())
    if not scripts:
        return None
    return Candidate(name, base / scripts[0].working / scripts[0].path, base, root=base, scripts=scripts)


def _is_project(folder: Path, inside: Iterable[Candidate | None]) -> bool:
    """Whether a folder that was named is one student's project of scripts, and not a class of such projects."""
    if not any(entry.suffix == ".py" for entry in _visible(folder)):
        return False
    return all(student is None or student.scripts for student in inside) and _of_scripts("", folder) is not None


def _several(name: str, where: Path, found: list[Path], what: str) -> Candidate:
    names = ", ".join(path.name for path in found[:5])
    return Candidate(name, where, None, f"holds {len(found)} {what} ({names}); keep the one that is to be graded")


def _left_out(left_out: tuple[LeftOut, ...]) -> str:
    first = left_out[0]
    more = f" (and {len(left_out) - 1:,} more)" if len(left_out) > 1 else ""
    return f"was not unpacked: {first.name[:100]} in it {first.reason}{more}; {ADVICE}"


def _why_empty(folder: Path) -> str:
    if not os.access(folder, os.R_OK | os.X_OK):
        return "can't be opened; check the folder's permissions"
    return only_links([entry for entry in _visible(_unwrapped(folder)) if not os.path.isdir(entry)]) or EMPTY


def _unwrapped(folder: Path) -> Path:
    """Return the folder inside folders that hold nothing else: what packers wrap around what they pack."""
    for _ in range(MAX_DEPTH):
        entries = _visible(folder)
        if len(entries) != 1 or not _is_folder(entries[0]):
            break
        folder = entries[0]
    return folder


def _notebooks(folder: Path, depth: int) -> Iterator[Path]:
    for entry in _visible(folder):
        if _is_notebook(entry):
            yield entry
        elif depth > 0 and _is_folder(entry):
            yield from _notebooks(entry, depth - 1)


def _visible(folder: Path) -> list[Path]:
    """Return what lies in a folder, hidden things and earlier results left out; nothing where it can't be opened."""
    try:
        return sorted(entry for entry in folder.iterdir() if not _is_ours_or_hidden(entry))
    except OSError:
        return []


def _is_ours_or_hidden(entry: Path) -> bool:
    try:
        return entry.name.startswith((".", "__")) or holds_results(entry)
    except OSError:
        return False  # a folder nobody may look into: reported, not passed over


def _is_notebook(entry: Path) -> bool:
    return (
        entry.suffix.lower() == ".ipynb"
        and not entry.name.endswith("-checkpoint.ipynb")
        and (not os.path.isdir(entry) or os.path.islink(entry))
    )


def _is_folder(entry: Path) -> bool:
    return os.path.isdir(entry) and not os.path.islink(entry)


def _found(candidate: Candidate, submission_id: str) -> Found:
    told = repr((candidate.problem, candidate.folder, candidate.notebook, candidate.scripts, candidate.chosen))
    place = candidate.root or candidate.folder or candidate.notebook
    return Found(submission_id, candidate.hand_in, place, told, partial(_load, candidate, submission_id))


def _load(candidate: Candidate, submission_id: str) -> Submission | Unreadable:
    if candidate.problem:
        return Unreadable(submission_id, candidate.notebook, candidate.problem, candidate.hand_in)
    try:
        return replace(_read(candidate, submission_id), hand_in=candidate.hand_in)
    except SubmissionError as error:
        return Unreadable(submission_id, candidate.notebook, str(error), candidate.hand_in)


def _read(candidate: Candidate, submission_id: str) -> Submission:
    if _is_pdf(candidate.notebook):
        return load_pdf(candidate.notebook, submission_id)
    if candidate.scripts and candidate.root is not None:
        read = load_scripts(candidate.root, submission_id, candidate.scripts)
    else:
        read = load_notebook(candidate.notebook, submission_id, candidate.folder)
    read = replace(read, chosen=candidate.chosen)
    return read if candidate.root is None else with_project(read, candidate.root)

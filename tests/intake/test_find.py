"""Finding submissions: every layout instructors really have, and a name for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import SubmissionError, SubmissionsNotFoundError
from grader.intake import load_submission, load_submissions
from grader.intake.names import Ids, safe_id
from grader.model import Submission, Unreadable


def ids(path: Path) -> list[str]:
    return [item.id for item in load_submissions(path)]


def test_a_folder_of_notebooks_gives_one_submission_each(tmp_path, write_notebook):
    """Loose notebooks are named after their files and share no files with each other."""
    write_notebook("1", name="zoe.ipynb")
    write_notebook("2", name="ada.ipynb")
    (tmp_path / "zoe_data.csv").write_text("1,2")
    submissions = load_submissions(tmp_path)
    assert [item.id for item in submissions] == ["ada", "zoe"]
    assert all(isinstance(item, Submission) and item.folder is None for item in submissions)


def test_a_folder_per_student_keeps_the_files_beside_the_notebook(tmp_path, write_notebook):
    """The id is the folder's name, and the folder is offered to the run."""
    write_notebook("1", name="project.ipynb", folder=tmp_path / "class" / "ada")
    (tmp_path / "class" / "ada" / "wine.csv").write_text("a,b")
    (submission,) = load_submissions(tmp_path / "class")
    assert isinstance(submission, Submission)
    assert submission.id == "ada"
    assert submission.folder == tmp_path / "class" / "ada"


def test_a_notebook_wrapped_in_folders_is_found(tmp_path, write_notebook):
    """Unpacked archives wrap the project once or twice; its own folder is where its files are."""
    deep = tmp_path / "class" / "ada" / "ada_final" / "src"
    write_notebook("1", folder=deep)
    (submission,) = load_submissions(tmp_path / "class")
    assert isinstance(submission, Submission)
    assert (submission.id, submission.folder, submission.working) == ("ada", deep, "")


def test_one_project_with_its_data_is_one_submission(tmp_path, write_notebook):
    """A folder with one notebook and data folders is a project, not a class."""
    write_notebook("1", name="project.ipynb")
    (tmp_path / "photos").mkdir()
    (submission,) = load_submissions(tmp_path)
    assert isinstance(submission, Submission)
    assert (submission.id, submission.folder) == ("project", tmp_path)


def test_checkpoints_results_and_hidden_folders_are_no_students(tmp_path, write_notebook):
    """What Jupyter and the grader leave behind is not graded."""
    write_notebook("1", folder=tmp_path / "ada")
    write_notebook("1", folder=tmp_path / "ada" / ".ipynb_checkpoints")
    write_notebook("1", name="notebook-checkpoint.ipynb", folder=tmp_path / "ada")
    write_notebook("1", name="executed.ipynb", folder=tmp_path / "graded" / "ada")
    (tmp_path / "graded" / "gradebook.db").write_bytes(b"")
    assert ids(tmp_path) == ["ada"]


def test_two_notebooks_in_one_folder_are_reported_not_guessed(tmp_path, write_notebook):
    """Which of two notebooks counts is for a person to say."""
    write_notebook("1", name="a.ipynb", folder=tmp_path / "ada")
    write_notebook("1", name="b.ipynb", folder=tmp_path / "ada")
    write_notebook("1", folder=tmp_path / "bob")
    broken, good = load_submissions(tmp_path)
    assert isinstance(broken, Unreadable)
    assert "a.ipynb, b.ipynb" in broken.reason
    assert isinstance(good, Submission)


def test_an_empty_student_folder_is_reported_under_its_name(tmp_path, write_notebook):
    """A student who handed in no notebook is not lost from the list."""
    write_notebook("1", folder=tmp_path / "ada")
    (tmp_path / "bob").mkdir()
    (tmp_path / "bob" / "report.docx").write_text("hello")
    bob = load_submissions(tmp_path)[1]
    assert isinstance(bob, Unreadable)
    assert (bob.id, "no notebook" in bob.reason) == ("bob", True)


def test_names_that_a_file_system_would_merge_stay_apart(tmp_path, write_notebook):
    """`Ada` and `ada` are two students."""
    write_notebook("1", name="Ada.ipynb")
    write_notebook("1", name="ada.ipynb")
    assert len({name.casefold() for name in ids(tmp_path)}) == 2


def test_a_link_in_place_of_a_notebook_is_refused(tmp_path, write_notebook):
    """A link could point at the instructor's own files."""
    secret = write_notebook("1", folder=tmp_path / "secret")
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ada.ipynb").symlink_to(secret)
    write_notebook("1", name="bob.ipynb", folder=tmp_path / "class")
    ada = load_submissions(tmp_path / "class")[0]
    assert isinstance(ada, Unreadable)
    assert "link" in ada.reason


@pytest.mark.parametrize("path", ["nowhere", "empty"])
def test_nothing_there_is_one_clear_error(tmp_path, path):
    """A wrong path says what should be there."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(SubmissionsNotFoundError, match="notebook"):
        load_submissions(tmp_path / path)


def test_checking_one_notebook_offers_the_files_beside_it(tmp_path, write_notebook):
    """A student's own folder is theirs, other notebooks in it or not."""
    notebook = write_notebook("1")
    write_notebook("1", name="other.ipynb")
    assert load_submission(notebook).folder == tmp_path
    (grading,) = load_submissions(notebook)
    assert isinstance(grading, Submission)
    assert grading.folder is None


def test_checking_something_else_is_an_error(tmp_path):
    """Only notebooks can be checked."""
    (tmp_path / "a.py").write_text("1")
    with pytest.raises(SubmissionError, match="ipynb"):
        load_submission(tmp_path / "a.py")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Zoë Müller", "Zoë Müller"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\nb<script>", "a_b_script_"),
        ("...", "unnamed"),
        ("-rf", "_rf"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("\u202egnp", "_gnp"),
        ("\U0001d4d0" * 100, "\U0001d4d0" * 50),
    ],
)
def test_ids_are_safe_folder_names(name, expected):
    """No id climbs out of the results folder or carries markup, and names keep their letters."""
    assert safe_id(name) == expected


def test_no_student_stands_in_the_way_of_our_files(tmp_path, write_notebook):
    """A notebook called like the class page or the gradebook gets another id."""
    for name in ("index.html", "GRADES.csv", "gradebook.db", "\ufb01", "fi"):
        write_notebook("1", name=f"{name}.ipynb")
    assert sorted(ids(tmp_path)) == ["GRADES.csv-2", "fi", "gradebook.db-2", "index.html-2", "\ufb01-2"]


def test_many_students_of_one_name_are_told_apart_quickly():
    """Ten thousand of them, without comparing each with all."""
    given = Ids()
    assert len({given.new("Ada") for _ in range(10_000)}) == 10_000

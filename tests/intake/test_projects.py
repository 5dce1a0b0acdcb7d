"""Project folders: what is run of them, and what is read beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grader.intake import load_submission, load_submissions
from grader.model import Script, Submission, Unreadable
from grader.reuse.keys import content_key, run_key

README = """# Digits
Predict the digit in an 8x8 picture.

## Run
```sh
cd my-clone
python train.py --epochs 3   # two minutes
python evaluate.py --model best.keras
python predict.py path/to/picture.png
```
"""
TRAIN = "import argparse\nfrom src.nets import build\nbuild().save('best.keras')\n"


def project(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "class" / "ada"
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def submission_in(folder: Path) -> Submission:
    (found,) = load_submissions(folder.parent)
    assert isinstance(found, Submission), found
    return found


def test_scripts_are_run_as_the_readme_says(tmp_path: Path) -> None:
    """In order, with their arguments; a command whose file is only an example is none of the work."""
    files = {"README.md": README, "train.py": TRAIN, "evaluate.py": "1", "predict.py": "2", "src__nets.py": "x = 1"}
    found = submission_in(project(tmp_path, **files))
    assert (found.id, found.script) == ("ada", Script("train.py", ("--epochs", "3")))
    assert [(cell.index, cell.kind, cell.file) for cell in found.cells] == [
        (0, "code", "train.py"), (1, "code", ""), (2, "code", "evaluate.py"), (4, "markdown", "README.md"),
    ]  # fmt: skip
    assert "'--model', 'best.keras'" in found.cells[1].source
    assert [(cell.index, cell.file) for cell in found.modules] == [(3, "src/nets.py")]
    assert [document.path for document in found.documents] == ["README.md"]


@pytest.mark.parametrize(
    ("files", "script"),
    [
        ({"a.py": "1", "train.py": "1"}, "train.py"),
        ({"a.py": "1", "work.py": "if __name__ == '__main__':\n    print(1)"}, "work.py"),
        ({"only.py": "print(1)"}, "only.py"),
        ({"README.md": "To begin, run `python3 -m src.fit --fast`.", "src__fit.py": "1", "main.py": "2"}, "src/fit.py"),
        ({"README.md": "Just run python a.py to train the network", "a.py": "1", "b.py": "2"}, "a.py"),
    ],
)
def test_the_entry_is_told_from_its_surroundings(tmp_path: Path, files: dict[str, str], script: str) -> None:
    """The README's command, else a usual name, else the only script that says what it does when run."""
    found = submission_in(project(tmp_path, **files)).script
    assert found is not None
    assert (found.path, found.package) == (script, "src" if "fit" in script else "")
    assert "to" not in found.arguments


def test_two_scripts_of_equal_standing_are_reported_not_guessed(tmp_path: Path) -> None:
    """Which one is the work is for a person to say."""
    (found,) = load_submissions(project(tmp_path, **{"a.py": "1", "b.py": "2"}).parent)
    assert isinstance(found, Unreadable)


def test_marks_cut_a_script_into_cells_that_know_their_lines(tmp_path: Path) -> None:
    """`# %%` begins a cell, `[markdown]` one of text; a mark within a statement cuts nothing."""
    text = "import os\n\n# %% [markdown]\n# # Load\n# The data.\n# %% training\nx = 1\n"
    found = submission_in(project(tmp_path, **{"main.py": text}))
    assert [(cell.kind, cell.line, cell.source) for cell in found.cells] == [
        ("code", 1, "import os"), ("markdown", 3, "# Load\nThe data."), ("code", 6, "# %% training\nx = 1"),
    ]  # fmt: skip
    inside = 'def f():\n    x = """\n# %% no mark\n"""\n    return x\n'
    assert len(submission_in(project(tmp_path, **{"main.py": inside})).cells) == 1


def test_a_notebook_comes_before_scripts_and_keeps_its_cell_numbers(tmp_path: Path, write_notebook) -> None:
    """Modules that it imports and documents are read behind it; the folder's own data are named with their sizes."""
    folder = project(
        tmp_path, **{"README.md": README, "nets.py": "def build(): ...", "data__x.csv": "a,label\n1,2\n3,4\n",
                     "metrics.json": '{"accuracy": 0.9}', "best.keras": "PK", "other.py": "1", "LICENSE.md": "MIT"}
    )  # fmt: skip
    write_notebook("import nets", "md: # The end", name="work.ipynb", folder=folder)
    found = submission_in(folder)
    assert found.script is None
    assert [cell.file for cell in (*found.cells, *found.modules)] == ["", "", "README.md", "nets.py"]
    facts = {item.path: item for item in found.project}
    assert (facts["data/x.csv"].columns, facts["data/x.csv"].rows) == (("a", "label"), 2)
    assert (facts["metrics.json"].keys, facts["best.keras"].kind) == (("accuracy",), "model")


def test_of_several_notebooks_the_one_that_is_plainly_meant_is_graded(tmp_path: Path, write_notebook) -> None:
    """The README names it, or it holds nearly everything; the submission says why."""
    folder = project(tmp_path, **{"README.md": "The work is in b.ipynb."})
    write_notebook("1", name="a.ipynb", folder=folder)
    write_notebook("2", name="b.ipynb", folder=folder)
    named = submission_in(folder)
    assert (named.notebook.name, "README" in named.chosen) == ("b.ipynb", True)
    (folder / "README.md").unlink()
    write_notebook("x = 1\n" * 500, name="a.ipynb", folder=folder)
    assert submission_in(folder).notebook.name == "a.ipynb"


def test_a_students_own_check_takes_a_folder(tmp_path: Path) -> None:
    """What is graded as a folder can be checked as one."""
    folder = project(tmp_path, **{"README.md": README, "train.py": TRAIN})
    assert load_submission(folder).script == load_submissions(folder)[0].script  # type: ignore[union-attr]


def test_nothing_of_a_project_is_opened_by_what_it_says(tmp_path: Path) -> None:
    """A pickle is a name and a size; a link is not followed; a table of one endless line is no trouble."""
    folder = project(tmp_path, **{"main.py": "1", "evil.pkl": "cos\nsystem\n(S'true'\ntR.", "x.csv": "9" * 200_000})
    (folder / "out.md").symlink_to("/etc/passwd")
    found = submission_in(folder)
    assert {item.path: item.kind for item in found.project} == {
        "evil.pkl": "model",
        "main.py": "code",
        "x.csv": "table",
    }
    assert found.documents == ()


def test_a_notebook_in_a_folder_has_the_project_around_it(tmp_path: Path) -> None:
    """It is run in its own folder; the other folders are there too, and are a part of what was handed in."""
    notebook = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    files = {"final__README.md": "# Digits", "final__data__x.csv": "a\n1\n", "final__notebooks__work.ipynb": notebook}
    folder = project(tmp_path, **files)
    found = submission_in(folder)
    assert (found.folder, found.working) == (folder / "final", "notebooks")
    assert [item.path for item in found.project] == ["README.md", "data/x.csv", "notebooks/work.ipynb"]
    before = content_key(found), run_key(found, "", "python"), run_key(replace(found, working=""), "", "python")
    (folder / "final" / "data" / "x.csv").write_text("a\n2\n")
    changed = submission_in(folder)
    assert len({*before, content_key(changed), run_key(changed, "", "python")}) == 5

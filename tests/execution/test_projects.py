"""A notebook in a folder of a project is run there, with the whole project around it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from grader.execution import RunSettings, run_submission
from grader.execution.store import JOB, read_job
from grader.model import Document, Tier
from tests.execution.conftest import SMALL, submission_of, text_of

CELLS = (
    "import os, sys\nprint(os.path.basename(os.getcwd()), __name__, open('../data/x.csv').read())",
    "sys.path.insert(0, '..')\nfrom src.nets import DEPTH\nprint(DEPTH)",
    "open('best.keras', 'w').write('new')\nopen('best.keras').read()",
    "os.makedirs('../models', exist_ok=True)\nopen('../models/new.keras', 'w').write('new')",
    "os.makedirs('../outputs/figures')\nopen('../outputs/figures/a.txt', 'w').write('new')",
    "cache = os.path.expanduser('~/.cache/fontconfig')\nos.makedirs(cache)\nopen(cache + '/CACHEDIR.TAG', 'w').write('x')",
    "open('/content/colab.txt', 'w').write('new')\nprint(open('colab.txt').read())",
    "handed_in = '../data/x.csv'\nopen(handed_in, 'w').write('changed')",
)


@pytest.mark.slow
def test_a_notebook_in_a_folder_of_a_project_is_run_there(tier: Tier, tmp_path: Path) -> None:
    """It reads `../data`, imports `src`, and writes in its own folder and beside what others hold, to which nothing
    happens; what it wrote is told with its folder, and what libraries keep at home is not.
    """
    project = tmp_path / "project"
    files = {
        "data/x.csv": "a", "src/nets.py": "DEPTH = 3", "models/old.keras": "old",
        "notebooks/work.ipynb": "{}", "notebooks/best.keras": "old",
    }  # fmt: skip
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    submission = dataclasses.replace(submission_of(*CELLS, folder=project), working="notebooks")
    run = run_submission(submission, tmp_path / "run", RunSettings(tier, SMALL))
    assert [text_of(run, cell).split() for cell in (0, 1)] == [["notebooks", "__main__", "a"], ["3"]]
    assert [cell.status for cell in run.cells[:7]] == ["ok"] * 7, run.message
    assert text_of(run, 6) == "new\n"
    if tier != "none":
        assert run.cells[7].status == "error"
        assert sorted(event.fields["path"] for event in run.events if event.kind == "file.left") == [
            "models/new.keras", "notebooks/best.keras", "notebooks/colab.txt", "outputs/figures/a.txt",
        ]  # fmt: skip
    assert {path.relative_to(project).as_posix(): path.read_text() for path in project.rglob("*.*")} == files


def test_what_is_only_read_of_a_project_is_not_told_to_the_runner(tmp_path: Path) -> None:
    """Documents and lists of files are long, and no run depends on them."""
    submission = dataclasses.replace(submission_of("1/0"), documents=(Document("README.md", "x" * 1000),))
    run_submission(submission, tmp_path, RunSettings("none", SMALL, python="/nowhere"))
    assert read_job(tmp_path).submission == submission_of("1/0")
    assert (tmp_path / JOB).stat().st_size < 5_000

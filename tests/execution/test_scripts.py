"""A script is run as its author's command runs it, in the same boxed kernel as a notebook."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from grader.evidence.integrity import find_watch_gaps
from grader.execution import RunSettings, run_submission
from grader.model import Run, Script, Submission, Tier
from tests.execution.conftest import SMALL, submission_of, text_of

pytestmark = pytest.mark.slow

TRAIN = """
import argparse, os, sys
from nets import depth
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=1)
arguments = parser.parse_args()
if __name__ == "__main__":
    print(arguments.epochs, depth, os.path.basename(__file__), os.path.relpath(os.path.dirname(__file__)))
    open("metrics.json", "w").write('{"accuracy": 0.5}')
    sys.exit(0)
"""


def ran(tier: Tier, tmp_path: Path, script: Script) -> tuple[Submission, Run]:
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "nets.py").write_text("depth = 3")
    (folder / "src" / "__init__.py").write_text("")
    submission = dataclasses.replace(submission_of(TRAIN, folder=folder), script=script, working=script.working)
    return submission, run_submission(submission, tmp_path / "run", RunSettings(tier, SMALL))


def test_arguments_modules_and_name_are_the_scripts(best_tier: Tier, tmp_path: Path) -> None:
    """`python src/train.py --epochs 3`: argparse reads it, modules beside the script import, exit status 0 is no
    failure, and nobody takes that for a hidden one.
    """
    submission, run = ran(best_tier, tmp_path, Script("src/train.py", ("--epochs", "3")))
    assert text_of(run, 0).split() == ["3", "3", "train.py", "src"]
    assert (run.status, run.failed_cell) == ("ok", None)
    assert find_watch_gaps(submission, run) == ()


def test_a_command_that_first_changes_the_folder_is_run_there(best_tier: Tier, tmp_path: Path) -> None:
    """`cd src && python train.py`: what it writes lies in that folder, and is told with it."""
    _, run = ran(best_tier, tmp_path, Script("train.py", working="src"))
    assert text_of(run, 0).split() == ["1", "3", "train.py", "."]
    assert [event.fields["path"] for event in run.events if event.kind == "file.left"] == ["src/metrics.json"]


def test_what_a_run_left_is_told(best_tier: Tier, tmp_path: Path) -> None:
    """Files that were handed in are not products; what the run wrote is, with its beginning."""
    _, run = ran(best_tier, tmp_path, Script("src/train.py"))
    left = [event.fields for event in run.events if event.kind == "file.left"]
    assert [(item["path"], item["size"], item["head"]) for item in left] == [
        ("metrics.json", 17, ['{"accuracy": 0.5}'])
    ]

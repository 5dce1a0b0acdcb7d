"""`%grader_check` in a real kernel: the verdict of the command line, below the cell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import KernelManager

from grader.storage import read_grade

OPTIONS = ("--reference-budget", "0", "--no-warm-start")
CELLS = (
    "md:# Rows\n\nI count rows.",
    "import csv\n\nrows = list(csv.reader(['a,b', '1,2']))\nprint(len(rows))",
    "%load_ext grader",
    f"%grader_check {' '.join(OPTIONS)}",
)


def run_in_kernel(notebook: Path, *cells: str) -> list[dict]:
    """Run cells in a kernel that Jupyter started for a notebook; the content of each message they send."""
    manager = KernelManager(kernel_name="python3")
    manager.kernel_spec_manager.ensure_native_kernel = True
    manager.start_kernel(cwd=str(notebook.parent), env=os.environ | {"JPY_SESSION_NAME": str(notebook)})
    client = manager.client()
    client.start_channels()
    sent: list[dict] = []
    try:
        client.wait_for_ready(timeout=60)
        for cell in cells:
            client.execute_interactive(
                cell,
                timeout=240,
                output_hook=lambda message: sent.append({"type": message["msg_type"], **message["content"]}),
            )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        client.context.destroy()
    return sent


def told(sent: list[dict]) -> list[str]:
    """What usage errors say: IPython prints them without a traceback."""
    return [item["text"] for item in sent if item.get("name") == "stderr" and "UsageError" in item["text"]]


@pytest.fixture
def notebook(write_notebook, tmp_path) -> Path:
    return write_notebook(*CELLS, name="project.ipynb", folder=tmp_path / "unit1")


@pytest.mark.slow
def test_the_verdict_below_the_cell_is_that_of_the_command_line(notebook):
    """Levels and points are equal, though the magic's own cells stand in the notebook; the kernel's variables stay."""
    sent = run_in_kernel(notebook, *CELLS[1:], "print('still', len(rows))")
    assert not [item for item in sent if item["type"] == "error"], sent
    page = [item for item in sent if item["type"] == "update_display_data"][-1]["data"]
    assert page["text/plain"].startswith("Unit 1 Project")
    assert "<table" in page["text/html"]
    assert {"type": "stream", "name": "stdout", "text": "still 2\n"} in sent
    inside = read_grade(notebook.parent / "project-check" / "project" / "grade.json")
    assert inside.run["status"] == "ok"
    grader = str(Path(sys.executable).with_name("grader"))
    subprocess.run(
        [grader, "check", notebook, *OPTIONS, "--out", notebook.parent / "cli"],
        check=False,
        capture_output=True,
        timeout=240,
    )
    outside = read_grade(notebook.parent / "cli" / "project" / "grade.json")
    assert [(item.level, item.low, item.high, item.points, item.reasons) for item in inside.judgements] == [
        (item.level, item.low, item.high, item.points, item.reasons) for item in outside.judgements
    ]
    assert page["text/plain"].splitlines()[2] == f"{outside.points:g} of {outside.max_points:g} points."


@pytest.mark.slow
def test_it_says_what_to_do_where_it_can_t_check(notebook):
    """Unsaved, not there, or not to be told apart: one sentence each, and nothing is run."""
    changed = run_in_kernel(notebook, "%load_ext grader", "unsaved = 1", "%grader_check", "%grader_check nowhere.ipynb")
    errors = told(changed)
    assert "save it (Ctrl+S" in errors[0]
    assert "nowhere.ipynb is not there" in errors[1]
    notebook.rename(notebook.with_name("one.ipynb"))
    notebook.with_name("two.ipynb").write_text(json.dumps(nbformat.v4.new_notebook()))
    lost = run_in_kernel(notebook, "%load_ext grader", "%grader_check")
    assert "%grader_check project.ipynb" in told(lost)[0]
    assert not list(notebook.parent.glob("*-check"))

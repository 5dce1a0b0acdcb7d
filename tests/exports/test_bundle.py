"""Bundles bring the grader to where it runs by itself: tried as Gradescope and GitHub would, from nothing but the bundle."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema
import nbformat
import pytest
import yaml

from grader.errors import ExportError
from grader.exports.bundle import github_files, gradescope_bundle
from grader.exports.wheel import own_wheel
from grader.resources import PACKAGE, shipped

RUBRIC = (shipped("rubric") / "unit1.yaml").read_bytes()

VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
RESULTS = {
    "type": "object",
    "required": ["score", "tests"],
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number"}, "execution_time": {"type": "number"}, "output": {"type": "string"},
        "output_format": FORMAT, "test_output_format": FORMAT, "test_name_format": FORMAT,
        "visibility": VISIBILITY, "stdout_visibility": VISIBILITY, "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "score": {"type": "number"}, "max_score": {"type": "number"}, "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string"}, "name_format": FORMAT, "number": {"type": "string"}, "output": {"type": "string"},
                    "output_format": FORMAT, "tags": {"type": "array"}, "visibility": VISIBILITY, "extra_data": {"type": "object"},
                },
            },
        },
    },
}  # fmt: skip
"""Gradescope's own description of `results.json`, as a schema (https://gradescope-autograders.readthedocs.io)."""

METADATA = {
    "id": 123456, "created_at": "2026-11-02T10:00:00.000000-08:00", "submission_method": "upload", "previous_submissions": [],
    "assignment": {"due_date": "2026-11-03T00:00:00.000000-08:00", "group_size": 1, "group_submission": False, "id": 25828, "title": "Unit 1"},
    "users": [{"email": "ada@x.org", "id": 1234, "name": "Ada Lovelace", "sid": "S1"}],
}  # fmt: skip


def as_gradescope_lays_it_out(root: Path, bundle: bytes, submission: dict[str, str]) -> None:
    """Unpack a bundle and a submission as Gradescope's harness does."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        archive.extractall(root / "source")
        for entry in archive.infolist():
            (root / "source" / entry.filename).chmod(entry.external_attr >> 16)
    shutil.copy2(root / "source" / "run_autograder", root / "run_autograder")
    for folder in ("submission", "results"):
        (root / folder).mkdir()
    for name, text in submission.items():
        (root / "submission" / name).write_text(text)
    (root / "submission_metadata.json").write_text(json.dumps(METADATA))


def run_autograder(root: Path, grader: Path | None = None) -> subprocess.CompletedProcess[str]:
    program = str(grader or Path(sys.executable).with_name("grader"))
    clean = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "AUTOGRADER_ROOT": str(root),
        "GRADER": program,
        "GRADER_CACHE": "",
    }
    return subprocess.run(
        [root / "run_autograder"], cwd=root, env=clean, capture_output=True, text=True, timeout=300, check=False
    )


NOTEBOOK = nbformat.writes(
    nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# A table\n\nI read it."),
            nbformat.v4.new_code_cell("rows = open('rows.csv').read().splitlines()\nprint(len(rows), 'rows')"),
        ]
    )
)


@pytest.mark.slow
def test_the_gradescope_bundle_grades_where_gradescope_runs_it(tmp_path):
    """In a clean folder laid out as Gradescope lays it out: the zip, a submission, and what Gradescope reads comes out.

    The notebook finds the file beside it.
    """
    root = tmp_path / "autograder"
    bundle = gradescope_bundle(
        RUBRIC, ["--timeout", "60", "--reference-budget", "0", "--no-warm-start"], "after_published"
    )
    as_gradescope_lays_it_out(root, bundle, {"my work.ipynb": NOTEBOOK, "rows.csv": "a\nb\n"})
    done = run_autograder(root)
    assert done.returncode == 0, done.stderr + done.stdout
    document = json.loads((root / "results" / "results.json").read_text())
    jsonschema.validate(document, RESULTS)
    criteria = [test for test in document["tests"] if "number" in test]
    assert [test["extra_data"]["criterion"] for test in criteria] == [
        "model",
        "evaluation",
        "understanding",
        "code_quality",
        "write_up",
    ]
    assert document["score"] == sum(test["score"] for test in criteria)
    assert document["visibility"] == "after_published"
    assert document["extra_data"]["run"] == "ok"


@pytest.mark.proof
def test_the_gradescope_bundle_where_there_is_nothing_to_grade_or_the_grader_fails(tmp_path):
    """No notebook: told so. A grader that can't work: no results at all, so that Gradescope calls it a failure, no zero."""
    root = tmp_path / "autograder"
    as_gradescope_lays_it_out(root, gradescope_bundle(RUBRIC, [], "visible"), {"rows.csv": "a\nb\n"})
    assert run_autograder(root).returncode == 0
    unread = json.loads((root / "results" / "results.json").read_text())
    jsonschema.validate(unread, RESULTS)
    assert "no notebook" in unread["output"]

    (root / "source" / "rubric.yaml").write_text("nonsense")
    assert run_autograder(root).returncode != 0
    assert not (root / "results" / "results.json").exists()


def test_the_bundle_s_wheel_is_this_grader(tmp_path):
    """pip installs it without a network; what is installed is what runs here, with its rubrics and templates."""
    name, content = own_wheel()
    (tmp_path / name).write_bytes(content)
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--target",
        tmp_path / "site",
        tmp_path / name,
    ]
    subprocess.run(
        [*map(str, install)], check=True, timeout=120, env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    )
    for path in PACKAGE.rglob("*.py"):
        if "_assets" not in path.parts:
            assert (tmp_path / "site" / "grader" / path.relative_to(PACKAGE)).read_bytes() == path.read_bytes()
    shown = subprocess.run(
        [sys.executable, "-c", "from grader.cli.main import main; main()", "rubric", "show", "unit1"],
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")}, cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Evaluation done right" in shown.stdout
    assert own_wheel() == (name, content)


def test_the_bundle_has_what_gradescope_asks_for():
    """`setup.sh` and `run_autograder` at the top, executable, in shell that parses; the data where they are looked for."""
    bundle = gradescope_bundle(RUBRIC, ["--timeout", "60"], "visible", shipped("reference"))
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
        assert (modes["setup.sh"], modes["run_autograder"], modes["rubric.yaml"]) == (0o755, 0o755, 0o644)
        assert "data/recipes.yaml" in modes
        for script in ("setup.sh", "run_autograder"):
            text = archive.read(script)
            assert text.startswith(b"#!/usr/bin/env bash\n")
            assert b"\r" not in text
            assert b"@" not in text.replace(b'"$@"', b"")
            subprocess.run(["bash", "-n"], input=text, check=True)
        assert b'--timeout 60 --data "$root/source/data"' in archive.read("run_autograder")


@pytest.mark.parametrize(("unsafe", "calls"), [(False, 2), (True, 3)])
def test_isolation_is_given_up_only_where_it_doesn_t_work_and_was_asked_for(tmp_path, unsafe, calls):
    """A grader that ends with status 2 is asked again without isolation by such a bundle, and by no other."""
    root = tmp_path / "autograder"
    as_gradescope_lays_it_out(root, gradescope_bundle(RUBRIC, [], "visible", unsafe=unsafe), {"a.ipynb": NOTEBOOK})
    stand_in = tmp_path / "grader"
    stand_in.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\nexit 2\n')
    stand_in.chmod(0o755)
    assert run_autograder(root, stand_in).returncode == 2
    lines = (tmp_path / "calls").read_text().splitlines()
    assert len(lines) == calls
    assert sum(line.endswith("--unsafe-no-sandbox") for line in lines) == int(unsafe)


def test_too_much_data_is_refused(tmp_path, monkeypatch):
    """Rather than an archive that can't be uploaded."""
    monkeypatch.setattr("grader.exports.bundle.MAX_DATA_BYTES", 10)
    (tmp_path / "big.npz").write_bytes(b"0" * 11)
    with pytest.raises(ExportError, match="only what the assignment needs"):
        gradescope_bundle(RUBRIC, [], "visible", tmp_path)


def test_the_workflow_checks_each_push_and_asks_for_no_rights():
    """It may read the repository only; the summary goes to the job's page, the report stays even where the check fails."""
    files = github_files(RUBRIC, "my work.ipynb", ["--timeout", "60"], "notebooks,torch")
    workflow = yaml.safe_load(files[".github/workflows/self-check.yml"])
    assert workflow["permissions"] == {"contents": "read"}
    assert "push" in workflow[True]  # YAML reads `on` so
    steps = workflow["jobs"]["check"]["steps"]
    check = next(step["run"] for step in steps if "grader check" in step.get("run", ""))
    assert (
        check
        == "grader check 'my work.ipynb' --rubric .github/grader/rubric.yaml --out report --timeout 60 --summary \"$GITHUB_STEP_SUMMARY\""
    )
    assert next(step for step in steps if "upload-artifact" in step.get("uses", ""))["if"] == "always()"
    (wheel,) = (name for name in files if name.endswith(".whl"))
    assert any(f'"{wheel}[notebooks,torch]" --extra-index-url' in step.get("run", "") for step in steps)

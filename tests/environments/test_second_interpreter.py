"""Kernels in another interpreter than the grader's: an environment of its own, with ipykernel and nothing else."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest

from grader.environments import NamedEnvironment, in_environment
from grader.errors import CourseEnvironmentError
from grader.execution import RunSettings
from grader.sandbox import detect_tier, try_tier, unsandboxed
from tests.environments.conftest import bare_environment, grade, site_packages

WHERE = "import sys\nprint('prefix', sys.prefix)"


def settings() -> RunSettings:
    tier = detect_tier()
    return RunSettings.of(unsandboxed() if tier.tier == "none" else tier)


def printed(graded, submission="notebook"):
    """Return all that the notebook printed when it was run."""
    notebook = json.loads((graded.out / submission / "executed.ipynb").read_text())
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    return "".join("".join(output.get("text", "")) for output in outputs)


@pytest.mark.slow
@pytest.mark.parametrize("tier", ["bubblewrap", "landlock"])
def test_notebooks_run_in_the_interpreter_asked_for(second_python, tmp_path, write_notebook, tier):
    """In both tiers the kernel's prefix is the course's, it is watched, and the grade says what ran it."""
    if try_tier(tier) is not None:
        pytest.skip(f"{tier} does not work here")
    graded = grade(write_notebook(WHERE), tmp_path / "out", "--python", str(second_python), "--isolation", tier)
    assert graded.returncode == 0, graded.stderr
    assert printed(graded).startswith(f"prefix {second_python.parent.parent}")
    run = graded.run()
    assert (run["status"], run["isolation"]) == ("ok", tier)
    assert run["interpreter"]["name"] == str(second_python)
    assert list(run["interpreter"]["packages"]) == ["ipykernel"]
    report = (graded.out / "notebook" / "report.html").read_text()
    assert f"Python {run['interpreter']['python']}" in report


@pytest.mark.slow
def test_an_environment_of_the_file_beside_the_class_is_known_by_its_name(second_python, tmp_path, write_notebook):
    """NAME is looked up in `grader.toml`; its variables reach the kernel and the record; `for` picks old notebooks."""
    (tmp_path / "grader.toml").write_text(
        f'[environments.old]\npython = "{second_python}"\nvariables = {{ PYTHONHASHSEED = "5" }}\nfor = "keras2"\n'
    )
    cells = ("import os, sys\nprint(os.environ.get('PYTHONHASHSEED'), sys.prefix)",)
    write_notebook(*cells, folder=tmp_path / "class" / "today")
    write_notebook(*cells, "if False:\n    from keras.utils import np_utils", folder=tmp_path / "class" / "yesterday")
    graded = grade(tmp_path / "class", tmp_path / "out")
    assert graded.returncode == 0, graded.stderr
    assert printed(graded, "yesterday").startswith(f"5 {second_python.parent.parent}")
    assert printed(graded, "today").startswith("None")
    assert graded.run("yesterday")["interpreter"]["variables"] == {"PYTHONHASHSEED": "5"}
    assert graded.run("today")["interpreter"]["name"] == ""
    named = grade(tmp_path / "class" / "today", tmp_path / "named", "--python", "old", cwd=tmp_path)
    assert named.run()["interpreter"]["name"] == "old"


def test_an_upgraded_environment_is_another_one(second_python, tmp_path):
    """The same path with another version of a library gives other results: stored runs don't stand for new ones."""
    copy = tmp_path / "env"
    shutil.copytree(second_python.parent.parent, copy, symlinks=True)
    tmp_path.chmod(0o755)
    environment = NamedEnvironment("course", str(copy / "bin" / "python"))
    before = in_environment(environment, settings())
    assert before.identity() == in_environment(environment, settings()).identity()
    facts = site_packages(copy / "bin" / "python") / "tensorflow-2.10.1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: tensorflow\nVersion: 2.10.1\n")
    after = in_environment(environment, settings())
    assert dict(after.interpreter.packages)["tensorflow"] == "2.10.1"
    assert before.identity() != after.identity()
    assert dataclasses.replace(before, interpreter=after.interpreter) == after


def refusal(environment):
    with pytest.raises(CourseEnvironmentError) as caught:
        in_environment(environment, settings())
    return str(caught.value)


def test_an_interpreter_that_is_not_there_is_named(tmp_path):
    """Nothing is run, and the path that was wrong is said."""
    assert f"{tmp_path}/nowhere/python is not there" in refusal(NamedEnvironment("a", f"{tmp_path}/nowhere/python"))


def test_a_file_that_is_no_program_is_told(tmp_path):
    """A file without the right to run, and one that is no Python."""
    file = tmp_path / "python"
    file.write_text("#!/bin/sh\necho hello\n")
    assert "can't be executed" in refusal(NamedEnvironment("a", str(file)))
    file.chmod(0o755)
    assert "is not a Python interpreter that runs" in refusal(NamedEnvironment("a", str(file)))


def test_an_old_python_is_refused_by_its_version(tmp_path):
    """The watching code is written for Python 3.9 and later."""
    file = tmp_path / "python"
    file.write_text("#!/bin/sh\necho '[\"/usr/bin/python3.6\", [3, 6, 15]]'\n")
    file.chmod(0o755)
    assert "is Python 3.6.15; kernels are watched from Python 3.9 on" in refusal(NamedEnvironment("a", str(file)))


def test_an_environment_without_a_kernel_says_how_to_get_one(tmp_path):
    """The line to type is in the message; the folder of the environment does as well as its interpreter."""
    python = bare_environment(tmp_path / "env")
    tmp_path.chmod(0o755)
    said = refusal(NamedEnvironment("a", str(tmp_path / "env")))
    assert f"{python} has no ipykernel; {python} -m pip install ipykernel" in said


def test_legacy_keras_has_to_be_installed_where_it_is_asked_for(second_python, tmp_path):
    """From TensorFlow 2.16 on, TF_USE_LEGACY_KERAS without tf_keras fails at import: told before anything runs."""
    copy = tmp_path / "env"
    shutil.copytree(second_python.parent.parent, copy, symlinks=True)
    tmp_path.chmod(0o755)
    facts = site_packages(copy / "bin" / "python") / "tensorflow_cpu-2.21.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: tensorflow-cpu\nVersion: 2.21.0\n")
    variables = (("TF_USE_LEGACY_KERAS", "1"),)
    assert "pip install tf_keras==2.21.*" in refusal(NamedEnvironment("a", str(copy), variables))


def test_a_bad_interpreter_ends_the_command_before_anything_runs(tmp_path, write_notebook):
    """Exit status 2, one sentence, no results folder."""
    graded = grade(write_notebook("1"), tmp_path / "out", "--python", "nothing-of-that-name")
    assert graded.returncode == 2
    assert "neither an environment" in graded.stderr
    assert not (tmp_path / "out").exists()

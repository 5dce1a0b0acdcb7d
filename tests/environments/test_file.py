"""`grader.toml`: what it names, where it is looked for, and its mistakes."""

from __future__ import annotations

import pytest

from grader.environments import choose_environment, read_environments, trusted_folders
from grader.errors import CourseEnvironmentError, EnvironmentFileError

COURSE = """
[environments]
default = "keras2"

[environments.keras2]
python = "envs/keras2/bin/python"
variables = { TF_USE_LEGACY_KERAS = "1" }
for = "keras2"

[environments.new]
python = "/opt/new/bin/python"
"""


def file_with(folder, text):
    (folder / "grader.toml").write_text(text)
    return read_environments((folder,))


def test_an_environment_is_an_interpreter_beside_the_file_and_variables(tmp_path):
    """Paths are relative to the file, not to where the command is given."""
    keras2 = file_with(tmp_path, COURSE).get("keras2")
    assert keras2.python == str(tmp_path / "envs/keras2/bin/python")
    assert keras2.variables == (("TF_USE_LEGACY_KERAS", "1"),)


def test_the_default_is_used_where_nothing_is_asked_for(tmp_path):
    """`--python` wins over the default; without either, kernels run in the grader's own interpreter."""
    known = file_with(tmp_path, COURSE)
    assert choose_environment(None, known).name == "keras2"
    assert choose_environment("new", known).python == "/opt/new/bin/python"
    assert choose_environment(None, read_environments(())) is None


def test_the_first_file_there_is_counts(tmp_path):
    """Files of several folders are not mixed."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    file_with(tmp_path / "b", COURSE)
    assert read_environments((tmp_path / "a", tmp_path / "b")).path == tmp_path / "b" / "grader.toml"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("[environments.a]\nvariables = {}", "$.environments.a.python has to be the path"),
        ("[environments.a]\npython = 3", "$.environments.a.python has to be the path"),
        ("environments = 1", "$.environments has to be a table"),
        ("[environments]\na = 1", "$.environments.a has to be a table"),
        ("[environments]\ndefault = 'b'\n[environments.a]\npython = 'p'", "$.environments.default names 'b'"),
        ("[environments.a]\npython = 'p'\npyhton = 'q'", "$.environments.a.pyhton is not known"),
        ("[environment.a]\npython = 'p'", "$.environment is not known"),
        ("[environments.a]\npython = 'p'\nvariables = { LD_PRELOAD = 'x' }", "$.environments.a.variables.LD_PRELOAD can't be set"),
        ("[environments.a]\npython = 'p'\nvariables = { PYTHONHASHSEED = 1 }", "short text in quotes"),
        ("[environments.a]\npython = 'p'\nfor = 'keras9'", "$.environments.a.for is 'keras9'"),
        ("[environments.a]\npython = 'p'\nfor = 'keras2'\n[environments.b]\npython = 'p'\nfor = 'keras2'", "more than one"),
        ("[environments.'a/b']\npython = 'p'", "a name is letters"),
        ("not toml", "it can't be read"),
    ],
)  # fmt: skip
def test_mistakes_are_named_by_their_path(tmp_path, text, mistake):
    """Whoever wrote the file reads where to mend it; nothing runs before."""
    with pytest.raises(EnvironmentFileError) as caught:
        file_with(tmp_path, text)
    assert mistake in str(caught.value)
    assert str(tmp_path / "grader.toml") in str(caught.value)


def test_a_file_that_was_handed_in_is_never_read(tmp_path, monkeypatch):
    """A `grader.toml` of a student's names a program to run: also from inside that folder it is not looked at."""
    submissions = tmp_path / "course" / "submissions"
    (submissions / "eve").mkdir(parents=True)
    notebook = submissions / "eve" / "p.ipynb"
    notebook.touch()
    monkeypatch.chdir(submissions / "eve")
    assert trusted_folders(submissions, own=False) == (tmp_path / "course",)
    assert trusted_folders(notebook, own=False) == ()
    monkeypatch.chdir(tmp_path)
    assert trusted_folders(submissions, own=False) == (tmp_path / "course", tmp_path)
    assert trusted_folders(notebook, own=False) == (tmp_path,)


def test_ones_own_notebook_may_have_the_file_beside_it(tmp_path, monkeypatch):
    """`grader check` runs the student's own work: its folder is theirs, and so is the file in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work").mkdir()
    assert trusted_folders(tmp_path / "work" / "p.ipynb", own=True) == (tmp_path / "work", tmp_path)


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path):
    """A misspelt name is not taken for a program."""
    with pytest.raises(CourseEnvironmentError, match="has keras2, new"):
        choose_environment("keras22", file_with(tmp_path, COURSE))

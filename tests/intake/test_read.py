"""Reading notebooks: all versions students have, and a reason for everything that can't be read."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.intake import beside, load_submissions
from grader.intake.beside import hash_files
from grader.intake.read import MAX_OUTPUT_CHARACTERS, load_notebook
from grader.model.submission import LOOSE


def read(path: Path):
    return load_notebook(path, "ada", None)


def write(tmp_path: Path, document: object) -> Path:
    path = tmp_path / "notebook.ipynb"
    path.write_text(json.dumps(document))
    return path


def test_format_3_is_read_like_format_4(tmp_path):
    """Old notebooks keep their cells, sources and outputs."""
    output = {"output_type": "stream", "stream": "stdout", "text": ["hi\n"]}
    cells = [
        {"cell_type": "heading", "level": 1, "source": "Title", "metadata": {}},
        {
            "cell_type": "code",
            "input": "print('hi')",
            "language": "python",
            "prompt_number": 1,
            "outputs": [output],
            "collapsed": False,
            "metadata": {},
        },
    ]
    document = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": cells, "metadata": {}}],
    }
    submission = read(write(tmp_path, document))
    assert [cell.kind for cell in submission.cells] == ["markdown", "code"]
    assert submission.cells[1].source == "print('hi')"
    assert submission.cells[1].outputs[0].text == "hi\n"


def test_an_extra_property_does_not_matter(tmp_path):
    """Real notebooks break the schema in harmless ways."""
    cell = {"cell_type": "code", "source": ["a = 1\n", "a"], "outputs": [], "metadata": {}, "surprise": 1}
    submission = read(write(tmp_path, {"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": [cell]}))
    assert submission.cells[0].source == "a = 1\na"


def test_long_outputs_keep_their_beginning_and_their_end(tmp_path):
    """A score printed after a flood is still seen."""
    output = {"output_type": "stream", "name": "stdout", "text": "first" + "x" * 10 * MAX_OUTPUT_CHARACTERS + "last"}
    cell = {"cell_type": "code", "source": "1", "outputs": [output], "metadata": {}, "execution_count": 3}
    text = read(write(tmp_path, {"nbformat": 4, "metadata": {}, "cells": [cell]})).cells[0].outputs[0].text
    assert len(text) < 1.1 * MAX_OUTPUT_CHARACTERS
    assert text.startswith("first")
    assert text.endswith("last")


def test_utf_16_is_read(tmp_path):
    """A notebook saved by an odd editor is still a notebook."""
    path = tmp_path / "notebook.ipynb"
    path.write_text('{"nbformat": 4, "metadata": {}, "cells": []}', encoding="utf-16")
    assert read(path).cells == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"   ", "empty"),
        (b'{"nbformat": 4, "cells": [', "not a complete notebook"),
        (b"<html>Sign in</html>", "web page"),
        (b"[1, 2]", "not a notebook"),
        (b'{"a": 1}', "not a notebook"),
        (b'{"nbformat": 4, "cells": {"a": 1}}', "no list of cells"),
        (b"\xff\xfe\xfa\x00\xd8", "not text"),
        (b"[" * 200_000, "nested"),
        (b'{"nbformat": 4, "metadata": {"kernelspec": {"language": "R"}}, "cells": []}', "written in r"),
        (b'{"nbformat": 3, "worksheets": 7}', "can't be converted"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path, content, reason):
    """Each kind of broken file has its own sentence."""
    path = tmp_path / "notebook.ipynb"
    path.write_bytes(content)
    with pytest.raises(SubmissionError, match=reason):
        read(path)


@pytest.mark.parametrize(
    ("source", "reason"), [("x = [" + "1," * 300_000 + "]", "far more code"), ("x" * 5_000_000, "files of their own")]
)
def test_data_in_place_of_code_is_told(tmp_path, source, reason):
    """What would take gigabytes once parsed is refused with advice; a picture in one long string is not."""
    cell = {"cell_type": "code", "source": source, "outputs": [], "metadata": {}}
    with pytest.raises(SubmissionError, match=reason):
        read(write(tmp_path, {"nbformat": 4, "metadata": {}, "cells": [cell]}))
    picture = cell | {"source": f"logo = '{'iVBORw0KGgo' * 50_000}'"}
    assert read(write(tmp_path, {"nbformat": 4, "metadata": {}, "cells": [picture]})).cells


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_a_folder_nobody_may_open_costs_the_class_nothing(tmp_path):
    """For an ordinary user: an unreadable folder and an unreadable notebook are told, their neighbour is read."""
    (tmp_path / "class" / "shut").mkdir(parents=True)
    (tmp_path / "class" / "cyd").mkdir()
    for name in ("cyd/c.ipynb", "bob.ipynb"):
        (tmp_path / "class" / name).write_text('{"nbformat": 4, "metadata": {}, "cells": []}')
    (tmp_path / "class" / "bob.ipynb").chmod(0)
    (tmp_path / "class" / "shut").chmod(0)
    for folder in (tmp_path, *list(tmp_path.parents)[:3]):
        folder.chmod(0o755)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # the modules are loaded: nothing else has to be in reach of this user
        os.setresuid(54321, 54321, 54321)
        found = load_submissions(tmp_path / "class")
        told = {item.id: getattr(item, "reason", "read") for item in found}
        os.write(writing, json.dumps(told).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    told = json.loads(os.read(reading, 10_000))
    os.close(reading)
    assert told["cyd"] == "read"
    assert "permissions" in told["bob"]
    assert "permissions" in told["shut"]


def test_a_fifo_does_not_hang(tmp_path):
    """A special file is refused at once."""
    os.mkfifo(tmp_path / "notebook.ipynb")
    with pytest.raises(SubmissionError, match="regular file"):
        read(tmp_path / "notebook.ipynb")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "cells",
                    "worksheets",
                    "metadata",
                    "cell_type",
                    "source",
                    "outputs",
                    "data",
                    "text",
                    "nbformat",
                    "kernelspec",
                    "language",
                    "output_type",
                    "execution_count",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=json_values)
def test_any_json_gives_a_submission_or_a_reason(tmp_path, value):
    """No malformed notebook makes anything but a SubmissionError."""
    cell = value if isinstance(value, dict) else {"cell_type": "code", "source": value, "outputs": value}
    for document in (value, {"nbformat": 4, "cells": [cell, value], "metadata": value}):
        try:
            submission = read(write(tmp_path, document))
        except SubmissionError:
            continue
        else:
            assert all(isinstance(item.source, str) for item in submission.cells)


def test_changed_files_change_the_digest(tmp_path):
    """A submission whose data changed is another submission."""
    (tmp_path / "a.csv").write_text("1")
    before = hash_files(tmp_path, tmp_path / "n.ipynb")
    (tmp_path / "n.ipynb").write_text("{}")
    assert hash_files(tmp_path, tmp_path / "n.ipynb") == before
    (tmp_path / "a.csv").write_text("2")
    assert hash_files(tmp_path, tmp_path / "n.ipynb") != before


def _large(folder, monkeypatch):
    monkeypatch.setattr(beside, "MAX_HASHED_BYTES", 3)
    (folder / "weights.h5").write_text("1234")


def _many(folder, monkeypatch):
    monkeypatch.setattr(beside, "MAX_HASHED_FILES", 1)
    (folder / "b.csv").write_text("2")


def _hidden(folder, _):
    (folder / ".cache").mkdir()
    (folder / ".cache" / "x.npy").write_text("1")


def _link(folder, _):
    (folder / "data").symlink_to(folder)


@pytest.mark.parametrize("more", [_large, _many, _hidden, _link])
def test_a_digest_says_where_not_all_was_read(tmp_path, monkeypatch, more):
    """Large files, very many, hidden ones, links: the same digest as before, and no proof of being another's equal."""
    (tmp_path / "a.csv").write_text("1")
    plain = hash_files(tmp_path, tmp_path / "n.ipynb")
    assert not plain.startswith(LOOSE)
    more(tmp_path, monkeypatch)
    loose = hash_files(tmp_path, tmp_path / "n.ipynb")
    assert loose.startswith(LOOSE)
    assert hash_files(tmp_path, tmp_path / "n.ipynb") == loose


def test_an_empty_folder_is_told_from_none(tmp_path):
    """Code that saves into it runs with it and fails without."""
    before = hash_files(tmp_path, tmp_path / "n.ipynb")
    (tmp_path / "models").mkdir()
    assert hash_files(tmp_path, tmp_path / "n.ipynb") != before

"""Cells as read and as run: magics, calls, comments and commented-out code, joined with a run."""

from __future__ import annotations

import pytest
from written import cells_of, submission

from grader.evidence.reading import read_cells
from grader.evidence.reading.comments import looks_like_code
from grader.evidence.reading.source import read_source
from grader.model import CellRun, OwnFunction, Run, SavedOutput

NOT_PLAIN_PYTHON = [
    "%matplotlib inline\nimport numpy as np",
    "!pip install -q keras",
    "%%time\nhistory = model.fit(x, y)",
    "%time history = model.fit(x, y)",
    "%timeit -n 3 model.predict(x)",
    "files = !ls data",
    "model.fit?",
    "?model",
    "model??",
    "%%bash\nls -l | grep x",
    "%%html\n<b>hello</b>",
    "if True:\n    !ls\n    %cd data",
    "!wget https://example.org/a.zip \\\n  -O a.zip\nx = 1",
    "%pip install seaborn",
    "print('%d items'\n      % n)\n!ls",
    'text = """\n%matplotlib is a magic\n!ls is too\n"""\n!ls',
]


@pytest.mark.parametrize("source", NOT_PLAIN_PYTHON)
def test_notebook_syntax_parses_and_keeps_its_lines(source: str) -> None:
    """Magics, shell lines and help are masked, line for line, and the rest parses."""
    read = read_source(0, source)
    assert read.tree is not None
    assert read.text.count("\n") == source.count("\n")


@pytest.mark.parametrize(
    ("source", "shell"),
    [
        ("!pip install keras", 1),
        ("%pip install keras", 1),
        ("files = !ls", 1),
        ("%%bash\nls\n# why\npwd", 2),
        ("%matplotlib inline", 0),
        ("print('!')\nx = 5 % 2", 0),
        ('"""\n!ls\n"""', 0),
        ("a != b", 0),
    ],
)
def test_shell_lines_are_counted(source: str, shell: int) -> None:
    """Lines that leave Python for a shell are counted, those inside strings are not."""
    assert read_source(0, source).shell_lines == shell


@pytest.mark.parametrize("source", ["print 'old'", "def broken(:", "x = (1,", "for i in range(3)\n  pass", "\0"])
def test_a_cell_that_is_not_python_says_so(source: str) -> None:
    """Broken cells are reported as such, not raised."""
    (cell,) = cells_of(source)
    assert cell.parses is (source == "\0")


def test_calls_are_dotted_names_in_order() -> None:
    """Calls are named as written, through subscripts and chained calls."""
    (cell,) = cells_of(
        "%%time\nmodel = keras.Sequential([layers.Dense(3)])\nh = %time model.fit(x, y)\naxes[0].plot(h.history['loss'])\n"
        "df.groupby('a').mean()"
    )
    assert cell.calls == ("layers.Dense", "keras.Sequential", "model.fit", "axes.plot", "df.groupby", "df.groupby.mean")


def test_lines_of_code_comment_and_dead_code() -> None:
    """Comments in words are told from code that was switched off; docstrings are comments; magics are no code."""
    (cell,) = cells_of(
        "%matplotlib inline\n# load the data\nx = load()  # pixels 0..255\n# x = x / 255\n# model.add(Dense(\n#     10))\n"
        'def scale(x):\n    """Return x in 0..1."""\n    return x / 255\n'
    )
    assert (cell.code_lines, cell.comment_lines, cell.commented_code_lines) == (3, 3, 3)
    assert cell.defines_functions == 1


@pytest.mark.parametrize(
    ("comment", "is_code"),
    [
        (" x = x / 255", True),
        (" model.fit(x, y)", True),
        (" import numpy as np", True),
        ("Dense(64, activation='relu'),", True),
        (" for x in data:", True),
        (" df.shape", True),
        (" history.history['loss']", True),
        (" import libraries", False),
        (" loss is low", False),
        (" Note: this", False),
        (" accuracy (test)", False),
        (" global minimum", False),
        (" train, test", False),
        (" normalise", False),
        (" return predictions", False),
        (" 80% train, 20% test", False),
        (" build the model", False),
        (" ", False),
        (" importar librerías", False),
        ("-----------", False),
    ],
)
def test_commented_out_code_is_not_a_comment(comment: str, is_code: bool) -> None:
    """What parses is code only where people don't write it as a sentence."""
    assert looks_like_code(comment) is is_code


def test_a_run_is_joined_by_cell() -> None:
    """How a cell ended, what it printed and what it raised stand beside its source and saved outputs."""
    hand_in = submission(("print(1)", "1\n"), "md:text", "1/0")
    printed = (SavedOutput("stream", "1\n"),)
    run = Run(
        "error", "none", 1.0,
        (CellRun(0, "ok", 0.5, outputs=printed), CellRun(2, "error", 0.1, "ZeroDivisionError", "division by zero")),
    )  # fmt: skip
    first, text, last = read_cells(hand_in, run)
    assert (first.run_status, first.rerun, first.saved, first.seconds) == ("ok", printed, printed, 0.5)
    assert (text.kind, text.run_status, text.calls) == ("markdown", "not_run", ())
    assert (last.run_status, last.exception, last.message) == ("error", "ZeroDivisionError", "division by zero")


def test_what_own_functions_call() -> None:
    """A function defined beside other code is known with the calls in its body, those of a class's methods too."""
    source = "def look(y):\n    print(np.bincount(y))\n\nclass Net:\n    def call(self, x):\n        return x.sum()\n\nlook(y)"
    (facts,) = read_cells(submission((source, "")), None)
    assert facts.functions == (OwnFunction("look", ("np.bincount", "print")), OwnFunction("call", ("x.sum",)))

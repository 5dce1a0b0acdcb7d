"""What a failing cell needed, from what the run was seen to ask for in vain."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.checks import run_checks
from grader.model import Evidence
from tests.evidence.run_builder import RunBuilder

URL = "https://example.org/data/wine.csv"


def measured(tmp_path: Path, source: str, exception: str, message: str, *told: tuple[str, str]) -> Evidence:
    """The evidence of a failing cell that asked for `told` (need, name) in vain, and of a training that needs it."""
    made = RunBuilder(tmp_path)
    for need, name in told:
        made.send("run.lacked", need=need, name=name, by="test")
    made.failing_cell(source, exception, message)
    made.failing_cell("model.fit(x, y)", "NameError", "name 'x' is not defined")  # follows from the first failure
    return made.evidence()


@pytest.mark.parametrize(
    ("source", "exception", "message", "told", "need", "says"),
    [
        (f"pd.read_csv('{URL}')", "URLError", "<urlopen error [Errno -2] Name or service not known>", ("url", URL),
         f"url {URL}", "map it to a local file with --urls"),
        ("(x, y), _ = keras.datasets.cifar10.load_data()", "Exception", "URL fetch failure on https://x.org/c.tar.gz: None",
         ("url", "https://x.org/c.tar.gz"), "dataset cifar10", "grader data add cifar10"),
        (f"!wget {URL}\npd.read_csv('wine.csv')", "FileNotFoundError",
         "[Errno 2] No such file or directory: 'wine.csv'", ("url", URL), f"url {URL}", "--urls"),
        ("pd.read_csv('/content/drive/MyDrive/x.csv')", "FileNotFoundError",
         "[Errno 2] No such file or directory: '/content/drive/MyDrive/x.csv'", None,
         "file /content/drive/MyDrive/x.csv", "/content/drive/MyDrive/x.csv, which was not handed in"),
        ("io.BytesIO(uploaded['x.csv'])", "KeyError", "'x.csv'", ("file", "x.csv"), "upload x.csv", "hand x.csv in"),
        ("name = list(files.upload())[0]", "IndexError", "list index out of range", ("file", ""), "upload ",
         "no data file was handed in"),
        ("userdata.get('K')", "SecretNotFoundError", "Secret K does not exist.", ("secret", "K"), "secret K", "secret K"),
        ("import tensorflow_datasets as tfds", "ModuleNotFoundError", "No module named 'tensorflow_datasets'", None,
         "module tensorflow_datasets", "keras.datasets"),
        ("fetch_california_housing()", "URLError", "<urlopen error [Errno -2] Name or service not known>", None,
         "dataset fetch_california_housing", "scikit_learn_data"),
    ],
)  # fmt: skip
def test_each_need_has_its_advice(
    tmp_path: Path, source: str, exception: str, message: str, told: tuple[str, str] | None, need: str, says: str
) -> None:
    """The need is named, the advice says what to do, and nobody's level falls for it: it is the machine's lack."""
    evidence = measured(tmp_path, source, exception, message, *([told] if told else []))
    assert evidence.run.needs[-1] == need
    assert says in evidence.run.diagnosis
    assert evidence.run.failed_by == "machine"
    outcomes = {item.check: item.outcome for item in run_checks(evidence, {})}
    assert outcomes["code.runs_top_to_bottom"] == "unknown"
    assert outcomes["model.trains"] == "unknown"


def test_a_bug_of_the_notebook_stays_one(tmp_path: Path) -> None:
    """An address that was asked for in vain and handled excuses no other error of the cell."""
    evidence = measured(tmp_path, "x = y_trian", "NameError", "name 'y_trian' is not defined", ("url", URL))
    assert (evidence.run.needs, evidence.run.failed_by) == ((), "notebook")
    evidence = measured(tmp_path, "d['b']", "KeyError", "'b'", ("file", "x.csv"))
    assert (evidence.run.needs, evidence.run.failed_by) == ((), "notebook")


def test_what_stood_in_is_repeated_once(tmp_path: Path) -> None:
    """The report tells each substitution, once; odd notes are dropped."""
    made = RunBuilder(tmp_path)
    for text in ("numpy was already here", "numpy was already here", 7):
        made.send("run.note", what="package", text=text)
    evidence = made.evidence()
    assert evidence.run.substituted == ("numpy was already here",)
    assert evidence.run.channel_faults == 1

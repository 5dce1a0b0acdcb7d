"""An instructor's hidden test: read with clear messages, brought to the form a model takes, scored in the box."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from grader.errors import HiddenTestError, VerificationError
from grader.model import HiddenTest
from grader.sandbox import Limits, detect_tier
from grader.verification import verify
from grader.verification.hidden_data import HiddenData, load_hidden_test
from grader.verification.hidden_rows import prepare_rows
from grader.verification.hidden_test import places_of, score_hidden_test

RANDOM = np.random.default_rng(0)
PICTURES = (RANDOM.random((60, 8, 8)) ** 2 * np.linspace(0, 255, 64).reshape(8, 8)).round()
TABLE = RANDOM.normal(size=(80, 5)) * [1, 10, 100, 0.1, 3] + [0, 50, 1000, 1, -4]


def hidden(rows: Any, labels: Any = None) -> HiddenData:
    return HiddenData("hidden.npz", "0" * 64, np.arange(len(rows)) % 3 if labels is None else labels, np.asarray(rows))


@pytest.mark.parametrize(
    ("rows", "made", "steps"),
    [
        (PICTURES, PICTURES, ()),
        (PICTURES, PICTURES / 255, ("divided by 255",)),
        (PICTURES, PICTURES[..., None] / 255, ("a channel axis added", "divided by 255")),
        (PICTURES, PICTURES / 127.5 - 1, ("brought from 0..255 to -1..1",)),
        (PICTURES, PICTURES.reshape(60, 64) / 255, ("reshaped from 8 x 8 to 64", "divided by 255")),
        (PICTURES / 255, PICTURES, ("multiplied by 255",)),
        (PICTURES[..., None], np.repeat(PICTURES[..., None], 3, 3), ("grey repeated as three channels",)),
        (TABLE, TABLE, ()),
    ],
)
def test_the_obvious_steps_are_found(rows: Any, made: Any, steps: tuple[str, ...]) -> None:
    """From other rows of the same kind, by shape and scale alone, the instructor's become what the notebook's are."""
    prepared = prepare_rows(hidden(rows[:30]), made[30:])
    assert prepared.steps == steps
    assert np.allclose(prepared.rows, made[:30], atol=1e-4)


def test_a_standardised_picture_is_found() -> None:
    """Divided by one deviation after one mean was taken off: both are told by the extremes."""
    centred = (PICTURES - PICTURES.mean()) / PICTURES.std()
    prepared = prepare_rows(hidden(PICTURES), centred)
    assert "brought from 0.." in prepared.steps[0]
    assert np.allclose(prepared.rows, centred, atol=1e-3)


def test_a_standardised_table_is_said_to_be_an_estimate() -> None:
    """The notebook's own means are not known; the hidden rows' stand in for them, and the report says so."""
    standard = (TABLE - TABLE.mean(0)) / TABLE.std(0)
    prepared = prepare_rows(hidden(TABLE), standard)
    assert "by the hidden rows' own means" in prepared.steps[0]
    assert np.allclose(prepared.rows, standard, atol=1e-3)


@pytest.mark.parametrize(
    ("rows", "made", "reason"),
    [
        (RANDOM.random((9, 28, 28)), RANDOM.random((9, 32, 32, 3)), "28 x 28, and the model takes 32 x 32 x 3"),
        (TABLE, RANDOM.random((9, 4)), "5, and the model takes 4"),
        (TABLE, TABLE**3 + 1e6, "another scale"),
    ],
)
def test_what_does_not_fit_is_explained(rows: Any, made: Any, reason: str) -> None:
    """No guess is made: the reason names both forms."""
    with pytest.raises(VerificationError, match=reason):
        prepare_rows(hidden(rows), made)


def test_labels_are_found_by_value_by_name_and_by_order() -> None:
    """1 and 1.0 are one class; names go by the notebook's own, else by the alphabet; others are refused."""
    assert places_of(["1.0", "0"], ["0", "1", "2"], []) == ({"1.0": 1, "0": 0}, "")
    assert places_of(["T-shirt", "Bag"], ["0", "1"], ["bag", "t shirt"])[0] == {"T-shirt": 1, "Bag": 0}
    assert places_of(["dog", "cat"], ["0", "1"], [])[0] == {"cat": 0, "dog": 1}
    with pytest.raises(VerificationError, match="not the classes of the model"):
        places_of(["cat", "dog", "owl"], ["0", "1"], [])


def test_files_of_each_form_are_read(tmp_path: Path) -> None:
    """Arrays with one-hot labels, a table with its label in any column, pictures by folder; the digest is of contents."""
    np.savez(tmp_path / "a.npz", x=PICTURES, y=np.eye(3)[np.arange(60) % 3])
    (tmp_path / "b.csv").write_text("label,width,height\ncat,1,2\ndog,3,4.5\n")
    for name in ("cat", "dog"):
        (tmp_path / "c" / name).mkdir(parents=True)
        Image.new("L", (9, 7), 100).save(tmp_path / "c" / name / "1.png")
    arrays, table, pictures = (load_hidden_test(tmp_path / name) for name in ("a.npz", "b.csv", "c"))
    assert arrays.labels.tolist() == [0, 1, 2] * 20
    assert table.rows is not None
    assert (table.rows.tolist(), table.labels.tolist()) == ([[1, 2], [3, 4.5]], ["cat", "dog"])
    assert (pictures.count, pictures.labels.tolist()) == (2, ["cat", "dog"])
    assert prepare_rows(pictures, np.full((4, 8, 8, 3), 100.0)).rows.shape == (2, 8, 8, 3)
    before = arrays.sha256
    np.savez(tmp_path / "a.npz", x=PICTURES + 1, y=np.arange(60))
    assert load_hidden_test(tmp_path / "a.npz").sha256 != before


def refused(path: Path) -> str:
    with pytest.raises(HiddenTestError) as caught:
        load_hidden_test(path)
    return str(caught.value)


def test_faulty_files_are_named(tmp_path: Path) -> None:
    """Every message names the file and what it must be; objects are never unpickled."""
    assert "is not there" in refused(tmp_path / "none.npz")
    np.savez(tmp_path / "a.npz", images=PICTURES)
    assert "must hold the arrays x and y; it holds images" in refused(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", x=PICTURES, y=np.arange(9))
    assert "x has 60 rows and y has 9 labels" in refused(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", x=np.array([Path()], dtype=object), y=np.arange(1))
    assert "can't be read" in refused(tmp_path / "a.npz")
    (tmp_path / "b.csv").write_text("colour,size,kind\nred,1,cat\n")
    assert "colour is no column of numbers" in refused(tmp_path / "b.csv")
    (tmp_path / "b.csv").write_text("size,kind\n,cat\n1,dog\n")
    assert "1 of 2 lines have empty fields" in refused(tmp_path / "b.csv")
    (tmp_path / "c" / "cat").mkdir(parents=True)
    assert "no folders of pictures" in refused(tmp_path / "c")
    (tmp_path / "c" / "cat" / "1.png").write_bytes(b"GIF")
    assert "cat/1.png is no picture" in refused(tmp_path / "c")
    (tmp_path / "d.txt").write_text("")
    assert "none of" in refused(tmp_path / "d.txt")


def score(bench: Any, rows: Any, labels: Any, folder: Path, **more: Any) -> HiddenTest:
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten(), keras.layers.Dense(3)])
    final = bench.scoring("final", model, (PICTURES / 255).astype("float32"), np.arange(60) % 3, classes=tuple("012"))

    def in_box(items: Any) -> Any:
        return verify(items, tier=detect_tier().tier, limits=Limits())

    return score_hidden_test(hidden(rows, labels), final, [], folder, in_box, **more)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__")
def test_a_model_is_scored_on_the_hidden_rows(bench: Any, tmp_path: Path) -> None:
    """The score is that of the same rows in the model's own form, and no picture of a hidden row is kept."""
    result = score(bench, PICTURES, np.arange(60) % 3, tmp_path)
    assert result.prepared == ("divided by 255",)
    assert result.verified is not None
    assert (result.verified.origin, result.verified.rows_used) == ("verified", 60)
    assert (result.verified.mistakes, result.verified.wrong_rows) == ((), ())
    assert score(bench, TABLE, np.arange(80) % 3, tmp_path).verified is None
    assert "5, and the model takes 8 x 8" in score(bench, TABLE, np.arange(80) % 3, tmp_path).note

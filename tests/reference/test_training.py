"""References are trained once a split, in a box without test labels, and replies are believed only where they fit."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits

from grader.errors import ReferenceTrainingError
from grader.reference import train_references
from grader.reference.recipes import load_recipes
from grader.sandbox import Limits, ScriptResult, detect_tier

CLASSES = tuple("0123456789")
DIGITS = load_digits()


class Box:
    """A stand-in for the sandbox: answers every first seed, with the right classes for half of the test rows."""

    def __init__(self, truth, *, cut=False, seconds=0.0):
        self.truth, self.cut, self.seconds = np.asarray(truth), cut, seconds
        self.calls = []

    def __call__(self, script, arguments, inputs, *, tier, limits, modules):
        self.calls.append((arguments, inputs, limits))
        time.sleep(self.seconds)
        return ScriptResult("ok", b"\n".join(self.replies(arguments)) + b"\n", "", 1.0, 0)

    def replies(self, arguments):
        wrong = self.truth.copy()
        wrong[: len(wrong) // 2] += 1
        for recipe in arguments["recipes"]:
            yield self.reply(recipe["id"], recipe["seeds"][0], wrong)

    def reply(self, asked, number, answered, **changes):
        buffer = io.BytesIO()
        np.save(buffer, answered)
        message = {
            "recipe": asked, "seed": number, "parameters": 650, "seconds": 0.5, "history": {"loss": [1.0, 0.5]},
            "cut_by_budget": self.cut, "predictions": base64.b64encode(buffer.getvalue()).decode(), **changes,
        }  # fmt: skip
        return json.dumps(message).encode()


@pytest.fixture
def digits(split):
    return split(DIGITS.images, DIGITS.target, CLASSES, "image")


@pytest.fixture
def truth():
    return DIGITS.target[len(DIGITS.images) * 2 // 3 :]


@pytest.fixture
def train(tmp_path):
    def run(data, box, budget_s=30.0):
        return train_references(data, tier="none", budget_s=budget_s, cache=tmp_path / "cache", run=box)

    return run


def test_a_class_on_one_split_trains_once(digits, truth, train):
    """The second submission with the same split gets the stored results, equal to the first."""
    box = Box(truth)
    first = train(digits, box)
    assert train(replace(digits), box) == first
    assert len(box.calls) == 1
    assert [result.recipe for result in first] == ["image_linear", "image_dense", "image_cnn"]
    assert first[0].score == pytest.approx(1 - (len(truth) // 2) / len(truth))


def test_another_split_is_trained_on_its_own(digits, truth, train):
    """Another key is another split."""
    box = Box(truth)
    train(digits, box)
    train(replace(digits, key="k2"), box)
    assert len(box.calls) == 2


def test_racing_submissions_train_once(digits, truth, train):
    """Four at once with the same split: one trains, three wait for its results."""
    box = Box(truth, seconds=0.3)
    found = []
    threads = [threading.Thread(target=lambda: found.append(train(digits, box))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(box.calls) == 1
    assert len(found) == 4
    assert all(results == found[0] for results in found)


def test_results_cut_by_a_small_budget_are_trained_again_under_a_larger_one(digits, truth, train):
    """A budget that ended a training early is said, and its results serve only equal or smaller budgets."""
    box = Box(truth, cut=True)
    results = train(digits, box, budget_s=5)
    assert all("time budget" in result.note for result in results)
    train(digits, box, budget_s=5)
    assert len(box.calls) == 1
    train(digits, box, budget_s=60)
    assert len(box.calls) == 2


def test_a_damaged_cache_entry_is_trained_again(digits, truth, train, tmp_path):
    """Half a file, or another format, is no result."""
    box = Box(truth)
    first = train(digits, box)
    (entry,) = (tmp_path / "cache").glob("*.json")
    for content in ("", "{", '{"budget_s": 1}', "[]", "null"):
        entry.write_text(content)
        assert train(digits, box) == first
    assert len(box.calls) == 6


def test_no_test_label_enters_the_box(digits, truth, train):
    """Training rows and labels and test rows go in; predictions come out and are scored outside."""
    box = Box(truth)
    train(digits, box)
    ((arguments, inputs, limits),) = box.calls
    assert sorted(inputs) == ["test", "train", "train_labels"]
    assert arguments["budget_s"] == 30.0
    assert limits.wall_s > 30.0


@pytest.mark.parametrize(
    "changes",
    [
        {"predictions": "?"},
        {"parameters": -1},
        {"seconds": float("nan")},
        {"recipe": "image_huge"},
        {"seed": 99},
        {"history": 3},
        {"history": {"loss": [float("nan")]}},
        {"predictions": ["a"]},
    ],
)
def test_malformed_replies_are_no_results(digits, truth, train, changes):
    """Replies that don't fit what was asked leave nothing; with none left that is an error that says what to do."""
    box = Box(truth)
    box.replies = lambda arguments: [box.reply(r["id"], r["seeds"][0], truth, **changes) for r in arguments["recipes"]]
    with pytest.raises(ReferenceTrainingError, match="grader doctor"):
        train(digits, box)


def test_predictions_for_other_rows_are_no_result(digits, truth, train):
    """Fewer answers than test rows are not scored."""
    box = Box(truth)
    box.replies = lambda arguments: [box.reply(r["id"], r["seeds"][0], truth[:-1]) for r in arguments["recipes"]]
    with pytest.raises(ReferenceTrainingError):
        train(digits, box)


def test_seeds_give_a_mean_and_a_spread(digits, truth, train):
    """Two seeds, all right and half right: the mean score, and their standard deviation as the band."""
    box = Box(truth)
    half = truth.copy()
    half[::2] += 1

    def replies(arguments):
        for recipe in arguments["recipes"]:
            yield box.reply(recipe["id"], 1, truth)
            yield box.reply(recipe["id"], 2, half)

    box.replies = replies
    result = train(digits, box)[0]
    low = float((half == truth).mean())
    assert result.score == pytest.approx((1 + low) / 2)
    assert result.spread == pytest.approx(np.std([1, low], ddof=1))
    assert result.seeds == 2


@pytest.mark.parametrize("kind", ["text", "sequence"])
def test_rows_that_no_recipe_fits_give_no_results(split, train, kind):
    """Texts and sequences have no reference: no box is started."""
    box = Box([])
    assert train(split(np.zeros((90, 12)), np.arange(90) % 2, ("0", "1"), kind), box) == ()
    assert not box.calls


def test_a_handful_of_rows_is_no_split_to_train_on(split, train):
    """Nine training rows say nothing about any recipe."""
    assert train(split(np.zeros((14, 3)), np.arange(14) % 2, ("0", "1"), "table"), Box([])) == ()


def test_a_class_that_was_never_trained_on_counts_as_wrong(split, train, tmp_path):
    """Test labels are matched by name; a name that training lacks can't be answered."""
    data = split(np.zeros((60, 3)), [0] * 20 + [1] * 20 + [0] * 10 + [1] * 10, ("ant", "bee"), "table")
    data = replace(data, test_labels=replace(data.test_labels, classes=("ant", "cow")))
    box = Box(np.zeros(20, dtype=np.int64))
    box.replies = lambda arguments: [box.reply(r["id"], r["seeds"][0], box.truth) for r in arguments["recipes"]]
    assert train(data, box)[0].score == pytest.approx(0.5)


@pytest.mark.slow
def test_small_digits_are_learned_by_all_three_recipes_in_a_real_box(digits, tmp_path):
    """1,200 pictures of 8 x 8: all recipes learn, nets beat the linear one's floor, seeds agree, runs repeat."""
    tier = detect_tier().tier
    results = train_references(digits, tier=tier, budget_s=60, cache=tmp_path / "a")
    again = train_references(digits, tier=tier, budget_s=60, cache=tmp_path / "b")
    assert [result.recipe for result in results] == ["image_linear", "image_dense", "image_cnn"]
    assert all(result.score > 0.8 and result.spread < 0.05 for result in results)
    assert all(dict(result.history)["val_loss"][-1] < dict(result.history)["val_loss"][0] for result in results)
    assert [result.history for result in again] == [result.history for result in results]


@pytest.mark.slow
def test_a_table_with_missing_values_and_a_budget(split, tmp_path):
    """Regression on a table with blanks beats the median; a budget of a tenth of a second ends training, and is said."""
    table = load_diabetes()
    rows = table.data.copy()
    rows[::7, 2] = np.nan
    data = split(rows, table.target, (), "table", task="regression", index=np.arange(0, 294, 2))
    tier = detect_tier().tier
    results = train_references(data, tier=tier, budget_s=60, cache=tmp_path / "a")
    assert [result.recipe for result in results] == ["table_linear", "table_dense"]
    baseline = float(np.abs(table.target[294:] - np.median(table.target[:294])).mean())
    assert all(result.metric == "mae" and result.score < baseline for result in results)
    began = time.monotonic()
    cut = train_references(data, tier=tier, budget_s=0.1, cache=tmp_path / "b")
    assert all("time budget" in result.note and result.seeds == 1 for result in cut)
    assert time.monotonic() - began < 60


def test_the_shipped_recipes_are_valid():
    """Every kind of row that has references starts with its linear one, the cheapest."""
    book = load_recipes()
    assert [recipe.builder for recipe in book.fitting("image")] == ["linear", "dense", "cnn"]
    assert [recipe.builder for recipe in book.fitting("table")] == ["linear", "dense"]
    assert {band.recipe for band in book.bands["fashion_mnist"]} == {"fashion_binary", "fashion_dense", "fashion_cnn"}


def test_a_mistake_in_the_recipes_is_named(tmp_path):
    """A field that is missing or misspelt is said, with its place."""
    (tmp_path / "recipes.yaml").write_text("recipes: [{id: a, tittle: b}]\nbands: {}\n")
    with pytest.raises(ReferenceTrainingError, match=r"tittle|title"):
        load_recipes(tmp_path)


def test_limits_are_a_value_that_callers_keep(digits, truth, tmp_path):
    """The caller's limits are kept, but for time and output, which the budget decides."""
    box = Box(truth)
    limits = Limits(memory=123 * 1024**2)
    train_references(digits, tier="none", budget_s=10, cache=tmp_path / "c", limits=limits, run=box)
    assert box.calls[0][2].memory == limits.memory

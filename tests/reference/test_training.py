"""References are trained once a split, in a box without test labels, and replies are believed only where they fit."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits
from sklearn.metrics import balanced_accuracy_score, f1_score

from grader.errors import ReferenceTrainingError
from grader.reference import GUARD_FACTOR, train_references
from grader.reference.cache import CUT_KEPT_S
from grader.reference.canonical import canonical_split
from grader.reference.plan import whole_plan
from grader.reference.recipes import load_recipes
from grader.reference.splits import read_split
from grader.reference.training import train_recipes
from grader.sandbox import Limits, ScriptResult, detect_tier

CLASSES = tuple("0123456789")
DIGITS = load_digits()


class Box:
    """A stand-in for the sandbox: answers every seed, with the right classes for half of the test rows."""

    def __init__(self, truth, *, done=1.0, seconds=0.0):
        self.truth, self.done, self.seconds = np.asarray(truth), done, seconds
        self.calls = []

    def __call__(self, script, arguments, inputs, *, tier, limits, modules):
        self.calls.append((arguments, inputs, limits))
        time.sleep(self.seconds)
        return ScriptResult("ok", b"\n".join(self.replies(arguments)) + b"\n", "", 1.0, 0)

    def replies(self, arguments):
        wrong = self.truth.copy()
        wrong[: len(wrong) // 2] += 1
        for recipe in arguments["recipes"]:
            for seed in recipe["seeds"]:
                yield self.reply(recipe["id"], seed, wrong)

    def reply(self, asked, number, answered, **changes):
        buffer = io.BytesIO()
        np.save(buffer, answered)
        message = {
            "recipe": asked, "seed": number, "parameters": 650, "seconds": 0.5, "history": {"loss": [1.0, 0.5]},
            "done": self.done, "predictions": base64.b64encode(buffer.getvalue()).decode(), **changes,
        }  # fmt: skip
        return json.dumps(message).encode()


@contextmanager
def busy(cores):
    """Keep that many cores busy meanwhile."""
    spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


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


def test_another_split_is_trained_on_its_own(digits, split, truth, train, tmp_path):
    """One row more on one side, or one other label, is another split."""
    box = Box(truth)
    train(digits, box)
    (tmp_path / "other").mkdir()
    (tmp_path / "relabelled").mkdir()
    fewer = split(DIGITS.images[1:], DIGITS.target[1:], CLASSES, "image", folder=tmp_path / "other")
    train(fewer, Box(DIGITS.target[1:][len(DIGITS.images[1:]) * 2 // 3 :]))
    other = DIGITS.target.copy()
    other[0] = (other[0] + 1) % 10
    train(split(DIGITS.images, other, CLASSES, "image", folder=tmp_path / "relabelled"), box)
    assert len(list((tmp_path / "cache").glob("*.json"))) == 3


def test_another_splits_key_can_not_be_borrowed(split, train, tmp_path):
    """Of a large set a sample of rows was kept: what counts is the files, whatever hashes the kernel sent for them."""
    box = Box(DIGITS.target[1198:])
    rows = np.arange(0, 1198, 2)
    train(split(DIGITS.images, DIGITS.target, CLASSES, "image", key="theirs", index=rows), box)
    (tmp_path / "other").mkdir()
    forged = split(
        DIGITS.images[::-1], DIGITS.target, CLASSES, "image", key="theirs", index=rows, folder=tmp_path / "other"
    )
    train(forged, box)
    assert len(box.calls) == 2


WAYS = {
    "divided": lambda x, y: (x / x.max(), y),
    "as float32": lambda x, y: ((x / x.max()).astype("float32"), y),
    "around zero": lambda x, y: (x.astype("float32") / (x.max() / 2) - 1, y),
    "with a channel": lambda x, y: (x[..., None], y),
    "flattened": lambda x, y: (x.reshape(len(x), -1), y),
    "standardised": lambda x, y: (((x - x.mean()) / x.std()).astype("float32"), y),
    "labels of one column": lambda x, y: (x, y[:, None]),
}
"""How notebooks write one split of pictures."""


@pytest.mark.parametrize("way", WAYS)
def test_one_split_written_otherwise_trains_once(digits, split, truth, train, tmp_path, way):
    """Scaled, reshaped, shuffled: the class's reference is found, and equals what would have been trained."""
    box = Box(truth)
    first = train(digits, box)
    images, target = WAYS[way](DIGITS.images, DIGITS.target)
    cut = len(images) * 2 // 3
    order = np.r_[np.random.default_rng(3).permutation(cut), np.arange(cut, len(images))]
    (tmp_path / "other").mkdir()
    again = train(split(images[order], target[order], CLASSES, "image", folder=tmp_path / "other"), box)
    assert again == first
    assert len(box.calls) == 1


def test_the_first_to_come_changes_nothing(digits, split, tmp_path):
    """What goes into the box is the same, byte for byte, however the split was written."""
    written = []
    for number, way in enumerate(WAYS):
        folder = tmp_path / str(number)
        (folder / "form").mkdir(parents=True)
        images, target = WAYS[way](DIGITS.images, DIGITS.target)
        data = canonical_split(split(images, target, CLASSES, "image", folder=folder), folder / "form")
        written.append([data.key, data.train.values.read_bytes(), data.train_labels.values.read_bytes()])
    assert all(item == written[0] for item in written)


def test_measurements_keep_all_their_digits(split, tmp_path):
    """A spectrogram's many values are no grey levels: nothing is rounded, however far the largest lies away."""
    rows = np.random.default_rng(0).gamma(0.1, 1000.0, size=(60, 12, 12)).astype("float32")
    (tmp_path / "form").mkdir()
    data = canonical_split(split(rows, np.arange(60) % 2, ("0", "1"), "image"), tmp_path / "form")
    kept = np.load(data.train.values).reshape(40, -1)
    assert {row.tobytes() for row in kept} == {row.tobytes() for row in rows[:40].reshape(40, -1)}


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


def test_another_plan_is_trained_on_its_own(digits, truth, train):
    """A budget that allows less is another plan and another entry; one that allows the same finds the first."""
    box = Box(truth)
    train(digits, box, budget_s=60)
    train(digits, box, budget_s=61)
    assert len(box.calls) == 1
    train(digits, box, budget_s=6)
    assert len(box.calls) == 2


def test_a_budget_too_small_for_every_recipe_is_said(digits, truth, train):
    """No recipe is trained on next to nothing: the error says which budget would do."""
    box = Box(truth)
    with pytest.raises(ReferenceTrainingError, match=r"Small convolutional net: not trained.*--reference-budget"):
        train(digits, box, budget_s=0.1)
    assert not box.calls


def test_a_recipe_that_the_budget_does_not_allow_is_named_beside_the_others(split, train):
    """On 100 x 100 pixels the convolutional net costs too much: the dense net's note says what it would need."""
    data = split(np.zeros((3000, 100, 100), np.uint8), np.arange(3000) % 2, ("0", "1"), "image")
    results = train(data, Box(np.arange(1000) % 2), budget_s=20)
    assert [result.recipe for result in results] == ["image_linear", "image_dense"]
    assert "Small convolutional net: not trained" in results[-1].note


def test_a_training_cut_late_gives_a_score_and_says_so(digits, truth, train, tmp_path):
    """Nine tenths of the plan is a score with a note; it serves the class for an hour, then is trained anew."""
    box = Box(truth, done=0.9)
    results = train(digits, box)
    assert all("stopped after 90 %" in result.note and result.seeds == 1 for result in results)
    assert train(digits, box) == results
    assert len(box.calls) == 1
    (entry,) = (tmp_path / "cache").glob("*.json")
    long_ago = time.time() - 2 * CUT_KEPT_S
    os.utime(entry, (long_ago, long_ago))
    train(digits, box)
    assert len(box.calls) == 2


def test_a_training_cut_early_gives_no_score_but_a_note(digits, truth, train):
    """A third of the plan is no yardstick: the recipe has no result, and the last one that has says why."""
    box = Box(truth)
    whole = box.replies

    def replies(arguments):
        yield from whole({"recipes": arguments["recipes"][:2]})
        yield box.reply("image_cnn", 1, truth, done=0.33)

    box.replies = replies
    results = train(digits, box)
    assert [result.recipe for result in results] == ["image_linear", "image_dense"]
    assert "Small convolutional net: no score" in results[-1].note
    assert "33 %" in results[-1].note
    assert not results[0].note


def test_nothing_but_early_cuts_is_an_error_each_time(digits, truth, train):
    """With no score at all the error says why, to each of the class, without training again for each."""
    box = Box(truth, done=0.1)
    for _ in range(2):
        with pytest.raises(ReferenceTrainingError, match="too slow or busy"):
            train(digits, box)
    assert len(box.calls) == 1


def test_a_recipe_that_diverged_is_not_blamed_on_the_machine(digits, truth, train):
    """A loss that is no number leaves no score, and the sentence speaks of no slow machine."""
    box = Box(truth)
    whole = box.replies

    def replies(arguments):
        yield from whole({"recipes": arguments["recipes"][:2]})
        yield box.reply("image_cnn", 1, truth, history={"loss": [float("nan")]})

    box.replies = replies
    assert train(digits, box)[-1].note == (
        "Small convolutional net: no score, because its training gave no usable result."
    )


def test_seeds_that_were_not_reached_are_said(digits, truth, train):
    """One of three seeds: its score counts, and the note says how many there should have been."""
    box = Box(truth)
    box.replies = lambda arguments: [box.reply(recipe["id"], 1, truth) for recipe in arguments["recipes"]]
    results = train(digits, box)
    assert all(f"1 of {len(load_recipes().recipe(r.recipe).seeds)} trainings" in r.note for r in results)


def test_a_damaged_cache_entry_is_trained_again(digits, truth, train, tmp_path):
    """Half a file, or another format, is no result."""
    box = Box(truth)
    first = train(digits, box)
    (entry,) = (tmp_path / "cache").glob("*.json")
    for content in ("", "{", '{"cut": false}', "[]", "null"):
        entry.write_text(content)
        assert train(digits, box) == first
    assert len(box.calls) == 6


def test_no_test_label_enters_the_box(digits, truth, train):
    """Training rows and labels and test rows go in; predictions come out and are scored outside."""
    box = Box(truth)
    train(digits, box)
    ((arguments, inputs, limits),) = box.calls
    assert sorted(inputs) == ["test", "train", "train_labels"]
    assert sum(recipe["guard_s"] for recipe in arguments["recipes"]) == pytest.approx(GUARD_FACTOR * 30)
    assert limits.wall_s > GUARD_FACTOR * 30


@pytest.mark.parametrize(
    "changes",
    [
        {"predictions": "?"},
        {"parameters": -1},
        {"seconds": float("nan")},
        {"recipe": "image_huge"},
        {"seed": 99},
        {"done": 1.5},
        {"done": float("nan")},
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
    """1,200 pictures of 8 x 8: all recipes learn, seeds agree, and a second run beside a busy one is equal to it."""
    tier = detect_tier().tier
    results = train_references(digits, tier=tier, budget_s=60, cache=tmp_path / "a")
    with busy(cores=2):
        again = train_references(digits, tier=tier, budget_s=60, cache=tmp_path / "b")
    assert [result.recipe for result in results] == ["image_linear", "image_dense", "image_cnn"]
    assert all(result.score > 0.8 and result.spread < 0.05 for result in results)
    assert all(dict(result.history)["val_loss"][-1] < dict(result.history)["val_loss"][0] for result in results)
    assert not any(result.note for result in results)
    assert [replace(result, seconds=0.0) for result in again] == [replace(result, seconds=0.0) for result in results]


@pytest.mark.slow
def test_a_table_with_missing_values(split, tmp_path):
    """Regression on a table with blanks, of which a sample of rows was recorded, beats the median."""
    table = load_diabetes()
    rows = table.data.copy()
    rows[::7, 2] = np.nan
    data = split(rows, table.target, (), "table", task="regression", index=np.arange(0, 294, 2))
    results = train_references(data, tier=detect_tier().tier, budget_s=60, cache=tmp_path)
    assert [result.recipe for result in results] == ["table_linear", "table_dense"]
    baseline = float(np.abs(table.target[294:] - np.median(table.target[:294])).mean())
    assert all(result.metric == "mae" and result.score < baseline for result in results)


@pytest.mark.slow
def test_the_guard_cuts_a_real_training(digits):
    """A guard of a second is over before hundreds of epochs are: no score, and a sentence about it."""
    split = read_split(digits)
    recipe = replace(load_recipes().recipe("image_cnn"), epochs=5000, patience=0)
    trained = train_recipes(
        digits, split, (whole_plan(recipe, split.sizes),), tier=detect_tier().tier, guard_s=1.0, limits=Limits()
    )
    assert trained.cut
    assert trained.results == ()
    assert "no score" in trained.unscored[0]


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


def test_rare_classes_and_errors_have_figures_of_their_own(digits, split, truth, train, tmp_path):
    """Balanced accuracy and macro F1 as scikit-learn has them; for errors, how far one row's error varies."""
    half = truth.copy()
    half[::2] = 3
    box = Box(truth)
    box.replies = lambda arguments: [
        box.reply(r["id"], seed, half) for r in arguments["recipes"] for seed in r["seeds"]
    ]
    result = train(digits, box)[0]
    assert result.balanced_accuracy == pytest.approx(balanced_accuracy_score(truth, half))
    assert result.macro_f1 == pytest.approx(f1_score(truth, half, average="macro"))
    assert result.scores == (result.score,) * result.seeds
    (tmp_path / "numbers").mkdir()
    table = load_diabetes()
    data = split(table.data, table.target, (), "table", task="regression", folder=tmp_path / "numbers")
    box.replies = lambda arguments: [
        box.reply(r["id"], seed, np.full(148, 150.0)) for r in arguments["recipes"] for seed in r["seeds"]
    ]
    errors = np.abs(table.target[294:] - 150.0)
    result = train(data, box)[0]
    assert (result.score, result.error_deviation) == pytest.approx((errors.mean(), errors.std()))

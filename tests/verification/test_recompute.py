"""The host believes a box's reply only where it is well-formed, and one broken model never takes others down."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from grader.errors import VerificationError
from grader.model import Units
from grader.sandbox import Limits, ScriptResult
from grader.verification import verify
from grader.verification.recompute import MOST_CRASHES, NotRecomputed, Predictions, read_replies

PIXELS = np.zeros((6, 4), dtype=np.float32)
TRUTH = np.array([0, 1, 2, 0, 1, 2])
PERFECT = np.eye(10, dtype=np.float32)[TRUTH]


def encoded(array, **options):
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return base64.b64encode(buffer.getvalue()).decode()


def lines(*messages):
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


class Box:
    """A stand-in for the sandbox: plays the in-box script, with what each model makes it do."""

    def __init__(self, **behaviour):
        self.behaviour = behaviour
        self.starts = 0

    def __call__(self, script, arguments, inputs, *, tier, limits, modules=()):
        self.starts += 1
        said = [{"ready": True}]
        for job in arguments["jobs"]:
            act = self.behaviour.get(inputs[job["model"]].stem, "perfect")
            said.append({"begin": job["job"]})
            if act == "killed once":
                self.behaviour.pop(inputs[job["model"]].stem)
                return ScriptResult("error", lines(*said), "", 1.0, 0, exit_code=-9)
            if act == "crash":
                return ScriptResult("error", lines(*said), "Aborted", 1.0, 0)
            if act == "perfect":
                act = {"predictions": encoded(PERFECT), "step": 1}
            said.append({"job": job["job"], **act})
        return ScriptResult("ok", lines(*said), "", 1.0, 0)


@pytest.fixture
def sealed(bench):
    def make(*names, **more):
        for name in names:
            (bench.folder / f"{name}.keras").write_bytes(name.encode())
        return tuple(bench.scoring(name, bench.folder / f"{name}.keras", PIXELS, TRUTH, **more) for name in names)

    return make


def verified(scorings, box):
    return {item.scoring: item for item in verify(scorings, tier="none", limits=Limits(), run=box)}


def test_a_model_that_ends_the_process_leaves_the_others_standing(sealed):
    """The crash is put on the model that was open; the others are recomputed in a second process."""
    box = Box(b="crash")
    results = verified(sealed("a", "b", "c"), box)
    assert results["a"].accuracy == results["c"].accuracy == 1.0
    assert results["b"].accuracy is None
    assert "ended its process" in results["b"].note
    assert box.starts == 2


def test_a_box_that_the_machine_killed_is_held_against_no_model(sealed):
    """Short of memory the machine kills processes: the model that was open is tried again, and stands."""
    box = Box(b="killed once")
    results = verified(sealed("a", "b", "c"), box)
    assert [results[name].accuracy for name in "abc"] == [1.0, 1.0, 1.0]
    assert box.starts == 2


def test_endless_crashes_are_given_up(sealed):
    """Six crashing models don't cost six time limits: after three the rest are left, with a note."""
    box = Box(**dict.fromkeys("abcdef", "crash"))
    results = verified(sealed(*"abcdef"), box)
    assert box.starts == MOST_CRASHES
    assert all(item.accuracy is None and item.note for item in results.values())


def test_a_process_that_never_starts_is_the_graders_fault(sealed):
    """Without TensorFlow in the box nothing is known about any model: an error, not a student's missing score."""

    def broken(*args, **options):
        return ScriptResult("error", b"", "ModuleNotFoundError: No module named 'keras'", 1.0, 0)

    with pytest.raises(VerificationError, match=r"No module named 'keras'.*grader doctor"):
        verified(sealed("a"), broken)


@pytest.mark.parametrize(
    "reply",
    [
        {"predictions": encoded(np.array([{}], dtype=object), allow_pickle=True), "step": 1},
        {"predictions": "not base64!", "step": 1},
        {"predictions": encoded(PERFECT[:3]), "step": 1},
        {"predictions": encoded(PERFECT), "step": 0},
        {"predictions": encoded(PERFECT.astype(np.int64)), "step": 1},
        {"predictions": encoded(np.zeros((0, 10), np.float32)), "step": 1},
        {"accuracy": 1.0},
        {"predictions": 7},
    ],
    ids=["pickle", "base64", "too few", "step 0", "integers", "empty", "claims a score", "a number"],
)
def test_a_tampered_reply_awards_nothing(sealed, reply):
    """Whatever is not one float output per row is no recomputation: no figures, a note."""
    (result,) = verified(sealed("a"), Box(a=reply)).values()
    assert result.accuracy is None
    assert result.origin == "kernel"
    assert result.note.startswith("Not recomputed")


def test_an_answer_counts_once_and_only_for_the_model_that_is_open():
    """A model that runs code in the box can forge neither a finished job nor one that has not begun."""
    good, forged = {"predictions": encoded(PERFECT), "step": 1}, {"failed": "forged"}
    stdout = lines(
        {"ready": True},
        {"begin": "j0"},
        {"job": "j1", **forged},
        {"job": "j0", **good},
        {"job": "j0", **forged},
        {"begin": "j9"},
        {"begin": "j1"},
    )
    replies = read_replies(stdout + b"\xff{{\n[1]\n" + b"[" * 100_000 + b"\n", {"j0", "j1"})
    assert replies.ready
    assert set(replies.outcomes) == {"j0"}
    assert isinstance(replies.outcomes["j0"], Predictions)
    assert replies.unfinished == "j1"


def test_a_failure_reason_is_one_short_line():
    """A reason comes from a library's text on a student's file: it is kept to one line of bounded length."""
    replies = read_replies(lines({"begin": "j0"}, {"job": "j0", "failed": "a\nb " * 1000}), {"j0"})
    outcome = replies.outcomes["j0"]
    assert isinstance(outcome, NotRecomputed)
    assert "\n" not in outcome.reason
    assert len(outcome.reason) <= 300


def test_without_a_model_the_runs_own_predictions_are_used_and_marked(bench):
    """Where sealing failed the figures come from the kernel's predictions: origin `kernel`, and a note why."""
    scoring = bench.scoring(
        "claimed", None, PIXELS, TRUTH, predictions=PERFECT.astype(np.float64), seal_note="it is a subclassed model"
    )
    (result,) = verified((scoring,), Box()).values()
    assert result.accuracy == 1.0
    assert result.origin == "kernel"
    assert "subclassed" in result.note


def test_predictions_of_another_length_are_not_scored(bench):
    """Claimed predictions that are not as many as the rows prove nothing."""
    scoring = bench.scoring("short", None, PIXELS, TRUTH, predictions=PERFECT[:4])
    (result,) = verified((scoring,), Box()).values()
    assert result.accuracy is None
    assert "not as many" in result.note


def test_same_model_on_the_same_rows_is_predicted_once(bench, sealed):
    """`evaluate` and then `predict` on one frozen model are two scorings and one job."""
    (one,) = sealed("twice")
    box = Box()
    counted = []

    def run(script, arguments, inputs, **options):
        counted.extend(arguments["jobs"])
        return box(script, arguments, inputs, **options)

    results = verified((one, replace(one, scoring="again")), run)
    assert len(counted) == 1
    assert results["twice"].accuracy == results["again"].accuracy == 1.0


def test_no_label_goes_into_the_box(sealed):
    """The box gets models and rows; labels stay with the host, so nothing inside can answer by knowing them."""
    scorings = sealed("nolabels")
    seen = []

    def run(script, arguments, inputs, **options):
        seen.extend(inputs.values())
        return Box()(script, arguments, inputs, **options)

    verified(scorings, run)
    assert set(seen) == {scorings[0].model, scorings[0].rows.values}


def test_majority_is_the_training_rows_commonest_class_on_these_rows(sealed):
    """Class 2 is commonest in training and makes up a third of these rows."""
    (result,) = verified(sealed("major", train_labels=np.array([2, 2, 0])), Box()).values()
    assert result.majority_accuracy == pytest.approx(1 / 3)


@pytest.mark.parametrize("labels", [np.array([0, 1, 2]), np.array([0, 1, 2, 0, 1, 99]), np.array([0, 1, 2, 0, 1, -1])])
def test_labels_that_do_not_fit_are_a_note(bench, labels):
    """Labels of another count or outside of their classes: no figures, no crash."""
    scoring = bench.scoring("labels", None, PIXELS, TRUTH, predictions=PERFECT)
    scoring = replace(scoring, labels=replace(scoring.labels, values=bench.array("bad-labels", labels)))
    (result,) = verified((scoring,), Box()).values()
    assert result.accuracy is None
    assert "labels" in result.note


def test_output_units_that_stand_for_nothing_are_left_out(sealed):
    """Ten units for three classes: classes that neither training nor these rows have are no part of the matrix."""
    (result,) = verified(sealed("unused", train_labels=np.array([0, 1, 2, 5])), Box()).values()
    assert result.classes == ("0", "1", "2", "5")
    assert np.array(result.matrix).trace() == 6


def test_a_note_on_the_labels_is_kept(sealed):
    """What was said of the labels when the model was sealed stands beside the figures."""
    (result,) = verified(sealed("noted", seal_note="The labels were taken from the loader."), Box()).values()
    assert result.accuracy == 1.0
    assert result.note == "The labels were taken from the loader."


def test_models_that_answered_the_same_rows_are_scored_together(sealed):
    """Two mediocre models whose answers complement each other are an ensemble by their mean, not by their vote."""
    good, doubtful = np.eye(3, dtype=np.float32)[TRUTH], np.full((6, 3), 0.3, dtype=np.float32)
    first, second = good.copy(), good.copy()
    first[3:], second[:3] = np.add(doubtful[3:], (0.1, 0, 0)), np.add(doubtful[:3], (0, 0, 0.1))
    box = Box(**{
        name: {"predictions": encoded(answers), "step": 1} for name, answers in (("a", first), ("b", second))
    })  # fmt: skip
    a, b = sealed("a", "b", classes=("0", "1", "2"))
    together = verified((a, replace(b, rows=a.rows)), box)
    assert together["a"].accuracy < 1
    assert together["b"].accuracy < 1
    assert together["mean-of-a+b"].accuracy == 1.0
    assert together["vote-of-a+b"].accuracy < 1
    assert together["mean-of-a+b"].rows_used == 6


def test_rows_of_their_own_make_no_ensemble(sealed):
    """Models scored on different rows have nothing in common."""
    assert set(verified(sealed("a", "b"), Box())) == {"a", "b"}


@pytest.mark.parametrize(
    ("units", "answers"),
    [
        (None, (3.0, 0.0, 8.0)),
        (Units("linear", 0.5, 1.0), (2.5, 1.0, 5.0)),
        (Units("log1p", 2.0, 0.0), tuple(2 * np.log1p((3.0, 0.0, 8.0)))),
    ],
)
def test_an_error_is_in_the_units_of_the_data(sealed, units, answers):
    """A regression trained on scaled or logged labels answers in these units; its error is that of the labels."""
    box = Box(a={"predictions": encoded(np.array(answers, dtype=np.float32)[:, None]), "step": 1})
    truth = np.array([2.0, 0.0, 8.0])
    (one,) = sealed("a", classes=(), task="regression")
    labels = replace(one.labels, values=one.labels.values.with_name("truth.npy"))
    np.save(labels.values, truth)
    scored = replace(one, labels=labels, rows=replace(one.rows, total=3), units=units)
    assert verified([scored], box)["a"].mae == pytest.approx(1 / 3, rel=1e-5)

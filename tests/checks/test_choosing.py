"""What the test rows decided: told by which of several models was gone back to, not by what a loop is called."""

from __future__ import annotations

from dataclasses import replace

from examples import GOOD, find, model, outcome, scoring, training

from grader.model import Evidence

SEEDS = "evaluation.not_best_of_seeds"
ONCE = "evaluation.test_used_once"


def compared(scores, *, kept: int, validated=(), units=None) -> Evidence:
    """Models scored on the test rows one after the other, and then one of them (counted from 0) once more.

    `validated` gives each model's best validation accuracy, `units` the width of each where they are not all alike.
    """
    names = [f"m{place}" for place in range(len(scores))]
    layers = [
        tuple(replace(layer, settings=(("units", str(width)),)) for layer in GOOD.models[0].layers)
        for width in units or [1] * len(scores)
    ]
    looks = [
        scoring(id=f"s{place}", model=name, weights=f"w{name}", claimed=(("accuracy", value),), order=10 * place)
        for place, (name, value) in enumerate(zip(names, scores, strict=True))
    ]
    final = replace(looks[kept], id="final", order=1000)
    return replace(
        GOOD,
        models=tuple(model(id=name, layers=made) for name, made in zip(names, layers, strict=True)),
        trainings=tuple(
            training(
                id=f"t{name}",
                model=name,
                validation_rows="val" if validated else None,
                history=(("val_accuracy", (validated[place],)),) if validated else (),
            )
            for place, name in enumerate(names)
        ),
        scorings=(*looks, final),
        final_scoring="final",
        final_model=names[kept],
        verified=(),
    )


def test_the_luckiest_seed_is_not_the_result():
    """Five equal networks, and the one that did best on the test rows is gone back to: its score hides the others."""
    lucky = compared([0.80, 0.84, 0.90, 0.82, 0.81], kept=2)
    found = find(SEEDS, lucky)
    assert (found.outcome, found.moves_level) == ("fail", False)
    assert "trained 5 times" in found.summary
    assert "90.00%" in found.summary
    assert "mean is 83.40%" in found.summary


def test_the_last_of_several_seeds_is_nobodys_choice():
    """Trained five times to see the spread, and the last one looked at closer: honest, without validation data too."""
    for scores in ([0.80, 0.84, 0.90, 0.82, 0.81], [0.80, 0.84, 0.81, 0.82, 0.90]):
        spread = compared(scores, kept=4)
        assert outcome(SEEDS, spread) == "pass"
        assert outcome(ONCE, spread) == "pass"


def test_a_best_seed_that_came_last_is_picked_where_the_code_says_so():
    """The best is the last trained: by its order nobody's choice, by the loop that keeps the best a choice. A loop that
    scores other rows too may have picked by these, and where all were alike nothing was picked.
    """
    last = replace(compared([0.80, 0.84, 0.81, 0.82, 0.90], kept=4), code=replace(GOOD.code, picks=(5,)))
    in_loop = replace(last, scorings=tuple(replace(item, cell=5) for item in last.scorings))
    assert outcome(SEEDS, in_loop) == "fail"
    others = (*in_loop.scorings, replace(in_loop.scorings[0], id="v", rows="val", role="validation", order=5))
    assert outcome(SEEDS, replace(in_loop, scorings=others)) == "pass"
    elsewhere = tuple(replace(item, cell=7) for item in last.scorings)
    assert outcome(SEEDS, replace(last, scorings=elsewhere)) == "pass"
    alike = replace(compared([0.84] * 4, kept=3), code=last.code)
    same = tuple(replace(item, cell=5) for item in alike.scorings)
    assert outcome(SEEDS, replace(alike, scorings=same)) == "pass"


def test_going_back_to_another_than_the_best_is_no_choice_by_the_test_rows():
    """What was kept is not the best of them: something else decided."""
    assert outcome(SEEDS, compared([0.80, 0.84, 0.90, 0.82, 0.81], kept=1)) == "pass"


def test_one_of_several_lucky_seeds_is_kept():
    """Two did equally well, and the first of them is gone back to; it moves no level. A middle one is nobody's rule."""
    tie = [0.80, 0.90, 0.84, 0.90, 0.81]
    assert outcome(SEEDS, compared(tie, kept=1)) == "fail"
    assert outcome(SEEDS, compared(tie, kept=3)) == "fail"
    assert outcome(ONCE, compared(tie, kept=1)) == "pass"
    assert outcome(SEEDS, compared([0.90, 0.84, 0.90, 0.90, 0.81], kept=2)) == "pass"


def test_seeds_that_all_did_alike_leave_no_choice():
    """On a small test all are right equally often: whichever is shown, it was not picked."""
    assert outcome(SEEDS, compared([0.9, 0.9, 0.9, 0.9], kept=0)) == "pass"


def test_a_seed_kept_by_validation_is_kept_fairly():
    """The best on the test rows is also the best by validation: that may well have decided."""
    validated = [0.80, 0.83, 0.91, 0.82, 0.81]
    assert outcome(SEEDS, compared([0.80, 0.84, 0.90, 0.82, 0.81], kept=2, validated=validated)) == "pass"


def test_different_networks_are_no_seeds():
    """Widths that differ are a comparison of models: the seeds' check has nothing to say."""
    widths = compared([0.80, 0.84, 0.90, 0.82], kept=2, units=[8, 16, 32, 64])
    assert outcome(SEEDS, widths) == "not_applicable"
    assert outcome(SEEDS, GOOD) == "not_applicable"


def test_a_model_kept_against_its_validation_was_chosen_by_the_test_rows():
    """Four widths; the best on the test rows is kept, though on validation data another was better."""
    widths = [8, 16, 32, 64]
    scores = [0.80, 0.84, 0.90, 0.82]
    spent = find(ONCE, compared(scores, kept=2, units=widths, validated=[0.85, 0.9, 0.86, 0.8]))
    assert (spent.outcome, spent.moves_level) == ("fail", True)
    fair = find(ONCE, compared(scores, kept=2, units=widths, validated=[0.85, 0.87, 0.92, 0.8]))
    assert (fair.outcome, fair.moves_level) == ("fail", False)


def test_without_validation_data_only_the_test_rows_could_decide():
    """Four different networks and nothing else to choose by: as sure as it gets."""
    found = find(ONCE, compared([0.80, 0.84, 0.90, 0.82], kept=3, units=[8, 16, 32, 64]))
    assert (found.outcome, found.moves_level) == ("fail", True)

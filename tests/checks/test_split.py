"""Which rows trained, validated and tested: leaks are found, chance repeats are not."""

from __future__ import annotations

from dataclasses import replace

from examples import GOOD, find, outcome, rows, scoring, training

from grader.model import Interpolated, Overlap, PreprocessingFit, SplitCall, UnlikeDivision


def sharing(shared, *, of=100, canonical=None, rate=0.0, **changes):
    """GOOD, but `shared` of the test rows were trained on."""
    overlaps = (
        Overlap("test", "train", shared, shared if canonical is None else canonical, of, rate),
        Overlap("train", "test", shared, shared, 300, rate),
        GOOD.overlaps[2],
    )
    return replace(GOOD, overlaps=overlaps, **changes)


def test_test_rows_that_trained_are_found_with_their_number():
    """Twenty of a hundred test rows in training is a leak, and the sentence says so."""
    found = find("split.no_overlap", sharing(20))
    assert found.outcome == "fail"
    assert "20 of the 100 test rows" in found.summary


def test_a_few_repeats_are_chance():
    """Iris: 30 % of correct splits share a row. One shared row of thirty is no leak."""
    iris = sharing(1, of=30, input_kind="table", row_sets=(rows("train", 120, "train"), rows("test", 30, "test")))
    assert outcome("split.no_overlap", iris) == "pass"


def test_the_data_sets_own_duplicates_explain_shared_rows():
    """A coarse table in which a fifth of the rows repeat shares that many between honest parts."""
    assert outcome("split.no_overlap", sharing(22, rate=0.2, input_kind="table")) == "pass"
    assert outcome("split.no_overlap", sharing(60, rate=0.2, input_kind="table")) == "fail"


def test_copying_all_rows_before_the_split_is_no_chance():
    """Where the student copied every row, the rate of repeats is total: it must not excuse the overlap."""
    assert outcome("split.no_overlap", sharing(80, rate=1.0)) == "fail"


def test_official_parts_may_share_a_little():
    """Published splits come with a few repeats that are not the student's doing."""
    official = (
        rows("train", 300, "train", origin_hint="cifar10/train"),
        rows("val", 60, "validation"),
        rows("test", 100, "test", origin_hint="cifar10/test"),
    )
    assert outcome("split.no_overlap", sharing(4)) == "fail"
    assert outcome("split.no_overlap", sharing(4, row_sets=official)) == "pass"


def test_partly_seen_rows_can_only_show_guilt():
    """An overlap found in part of the rows counts; none found in part of them proves nothing."""
    part = tuple(replace(item, complete=False) for item in GOOD.row_sets)
    assert outcome("split.no_overlap", sharing(0, row_sets=part)) == "unknown"
    assert outcome("split.no_overlap", sharing(40, row_sets=part)) == "fail"


def test_rows_that_were_not_compared_are_unknown():
    """No overlap measured is not an overlap of zero."""
    assert outcome("split.no_overlap", replace(GOOD, overlaps=())) == "unknown"


def test_rescaled_copies_of_pictures_are_near_duplicates():
    """Pictures equal up to brightness are copies; the few that centred glyphs share are not."""
    assert outcome("split.no_near_duplicates", sharing(0, canonical=40)) == "fail"
    assert outcome("split.no_near_duplicates", sharing(0, canonical=6)) == "pass"


def test_a_table_of_few_columns_has_no_canonical_copies():
    """Scaled to its own range, a row of two columns always looks alike: content says nothing there."""
    assert outcome("split.no_near_duplicates", sharing(0, canonical=100, input_kind="table")) == "pass"


def test_augmentation_before_the_split_is_known_by_lineage():
    """Altered copies need not look alike: where lineage saw them made, they count."""
    leak = replace(GOOD, augmentation_before_split=30)
    assert outcome("split.no_near_duplicates", leak) == "fail"
    assert outcome("split.augmented_train_only", leak) == "fail"
    assert outcome("split.augmented_train_only") == "not_applicable"
    assert (
        outcome("split.augmented_train_only", replace(GOOD, trainings=(training(augmentation=("RandomFlip",)),)))
        == "pass"
    )


def test_validation_rows_are_not_held_out():
    """A final score on rows that fit watched is not of held-out rows."""
    spent = replace(GOOD, scorings=(scoring(rows="val", role="validation"),))
    assert outcome("split.held_out_test", spent) == "fail"
    assert outcome("split.held_out_test", replace(GOOD, scorings=(scoring(rows=None, role="other"),))) == "unknown"


def test_no_scoring_at_all_is_no_test_set():
    """Where everything was watched and no model was scored, the test set is missing."""
    assert outcome("split.held_out_test", replace(GOOD, scorings=(), final_scoring=None, metric_calls=())) == "fail"


def test_three_parts_or_cross_validation():
    """Without validation rows a part is missing (advice); folds count as validation."""
    plain = replace(GOOD, trainings=(training(validation_rows=None),), row_sets=(GOOD.row_sets[0], GOOD.row_sets[2]))
    found = find("split.three_way", plain)
    assert (found.outcome, found.moves_level) == ("fail", False)
    folds = replace(plain, splits=(SplitCall("StratifiedKFold.split", 2, (80, 20)),))
    assert outcome("split.three_way", folds) == "pass"


def test_a_scaler_fitted_on_all_rows_is_advice():
    """Certain and nearly harmless: shown, moves no level. Dividing by 255 and label encoders are no fit at all."""
    fit = PreprocessingFit("StandardScaler", 3, 400, 100)
    found = find("split.preprocessing_fitted_on_train", replace(GOOD, preprocessing=(fit,)))
    assert (found.outcome, found.moves_level) == ("fail", False)
    clean = replace(fit, rows=300, test_rows_included=0)
    assert outcome("split.preprocessing_fitted_on_train", replace(GOOD, preprocessing=(clean,))) == "pass"
    unseen = replace(fit, test_rows_included=None)
    assert outcome("split.preprocessing_fitted_on_train", replace(GOOD, preprocessing=(unseen,))) == "unknown"
    encoder = replace(fit, kind="LabelEncoder", stateless=True)
    assert outcome("split.preprocessing_fitted_on_train", replace(GOOD, preprocessing=(encoder,))) == "not_applicable"


def test_rows_that_move_between_parts():
    """shuffle().take() deals anew each epoch; rows only partly seen leave it open."""
    assert outcome("split.stable", replace(GOOD, unstable_membership=True)) == "fail"
    assert outcome("split.stable", replace(GOOD, unstable_membership=False)) == "pass"
    part = tuple(replace(item, complete=False) for item in GOOD.row_sets)
    assert outcome("split.stable", replace(GOOD, row_sets=part)) == "unknown"


def test_models_compared_by_evaluate_on_rows_of_their_own_are_validated():
    """Validation without validation_data: models scored on one held-out set, the chosen one on another."""
    bare = training(validation_rows=None, history=())
    looks = tuple(
        scoring(id=f"v{n}", model=f"m{n}", rows="val", role="test", weights=f"w{n}", order=n) for n in range(2)
    )
    sets = (rows("train", 300, "train"), rows("val", 60, "test"), rows("test", 100, "test"))
    chosen = replace(GOOD, trainings=(bare,), row_sets=sets, scorings=(*looks, scoring()))
    assert outcome("split.three_way", chosen) == "pass"
    assert outcome("split.three_way", replace(chosen, scorings=(looks[0], scoring()))) == "fail"


def test_rows_between_two_training_rows_were_made_before_the_split():
    """Thirty of a hundred test rows lie exactly between two training rows: SMOTE before the split, in numbers."""
    leak = replace(GOOD, interpolated=Interpolated("test", sampled=100, between=30, by_chance=0))
    found = find("split.no_near_duplicates", leak)
    assert (found.outcome, found.origin) == ("fail", "verified")
    assert "30 of 100 test rows" in found.summary
    for honest in (replace(leak.interpolated, between=3), replace(leak.interpolated, by_chance=25)):
        assert outcome("split.no_near_duplicates", replace(GOOD, interpolated=honest)) == "pass"


def test_a_folder_divided_by_two_seeds():
    """Training and held-out pictures were drawn by different seeds: the parts share pictures."""
    unlike = UnlikeDivision("signs", "seed 1, 0.25", "seed 2, 0.25", (2, 3))
    found = find("split.stable", replace(GOOD, unlike_divisions=(unlike,)))
    assert (found.outcome, found.cells) == ("fail", (2, 3))
    assert "seed 1" in found.summary
    assert "seed 2" in found.summary


def test_copies_are_told_with_the_split_they_were_made_before():
    """How many of how many, and which split came too late."""
    summary = find("split.no_near_duplicates", replace(GOOD, augmentation_before_split=30)).summary
    assert summary.startswith("30 of the 100 test rows are altered copies")
    assert "made before the split in cell 3" in summary

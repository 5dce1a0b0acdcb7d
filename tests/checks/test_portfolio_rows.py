"""The rubric `portfolio`, row by row as the grading policy has it: each is seen where it is there and missed where not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples import CELLS, GOOD, PICTURE, TABLE, TEXT, cell, labels, passage, rows, saying, training, verified, without
from rows_of_courses import Row, outcome, recoded, unseen, with_document

from grader.model import (
    CallbackFacts,
    CellFacts,
    Drawing,
    Evidence,
    Mistake,
    RunFiles,
    SavedFile,
    SavedOutput,
    SeedCall,
)
from grader.rubrics import load_rubric

SCOPE = """# Garments
## Scope
From a picture, predict which of three garments it is. The data are 400 pictures from a shop's catalogue.
It is judged by accuracy and by recall of each class. The shop uses it to decide which shelf a garment is put on.
The main risk is that coats are sold as bags.
Duplicates of one garment stay in one part, so that nothing leaks into the test.
"""
AUDIT = SavedOutput("stream", "train 300 validation 60 test 100\n(300, 28, 28, 1)\n[100 100 100]\n")
SURE = "wrong = (predicted != y_test) & (probability > 0.9)\nshow(x_test[wrong])"
README = """# Garments

## Task
From a picture of 28x28 pixels the network predicts which of three garments it shows.

## Data
400 pictures from a catalogue, divided by a fixed seed into 300 for training, 60 for validation, 100 for the test.

## Architecture
A small convolutional network, because neighbouring pixels belong together and the data is scarce.

## Training
Adam with a learning rate of 0.001, 32 pictures a batch, at most 30 epochs, stopped early by the validation loss.

## Results
The test accuracy is 89 %. Coats are its weak side.

## What next
Next I would collect more pictures of coats with a hood.
"""
LINES = tuple(
    Drawing("f2", "a2", 7, "line", name, x_label="epoch", x=(0, 1, 2), y=values, order=12)
    for name, values in training().history
)
BY_HEART = training(
    id="t0", cell=5, train_rows="ten", validation_rows=None, epochs_asked=60, epochs_done=3,
    history=(("loss", (1.1, 0.4, 0.01)), ("accuracy", (0.3, 0.9, 1.0))), callbacks=(),
)  # fmt: skip
STOPPING = CallbackFacts("EarlyStopping", "val_loss", (("patience", "3"), ("restore_best_weights", "True")))

PORTFOLIO = with_document(
    saying(
        replace(
            GOOD,
            cells=(
                CellFacts(0, "markdown", SCOPE),
                *CELLS[1:3],
                cell(3, "plt.imshow(x[0]); print(np.bincount(y))", ("plt.imshow", "np.bincount", "print"), rerun=(AUDIT, PICTURE)),
                *CELLS[4:],
                cell(10, SURE, ("show",), rerun=(TEXT, PICTURE)),
            ),
            drawings=(
                *(Drawing("f0", f"a{n}", 3, "image", title="coat", shape=(28, 28), shows_rows="train") for n in range(4)),
                *(item for item in GOOD.drawings if item.kind == "image" and item.cell == 7),
                *LINES,
            ),
            row_sets=(*GOOD.row_sets, rows("ten", 10, "train", labels=labels(10))),
            trainings=(BY_HEART, training(callbacks=(STOPPING,), augmentation=("RandomFlip",))),
            verified=(verified(mistakes=(Mistake(3, "1", "2", 0.97), Mistake(9, "2", "1", 0.61)), wrong_rows=(3, 9)),),
            run_files=RunFiles(
                saved=(SavedFile("split.npz", "numpy.savez", "array", 2, names=("train_idx", "val_idx", "test_idx")),)
            ),
        ),
        passage("weakness", "Coats are often called bags.", classes=("coats",)),
        passage("failure_reasons", "Both are large boxes, and the sleeves lie flat."),
    ),
    "README.md",
    README,
)  # fmt: skip


def quiet(index: int, source: str = "pass"):
    """Let one cell do something else, and show nothing."""
    return lambda evidence: recoded(evidence, index, source)


def unscoped(evidence: Evidence) -> Evidence:
    cells = (CellFacts(0, "markdown", "# Garments\nFrom a picture, predict which garment it is."), *evidence.cells[1:])
    return replace(evidence, cells=cells)


def undrawn(kind: str):
    return lambda evidence: replace(
        evidence, drawings=tuple(item for item in evidence.drawings if item.kind != kind), metric_calls=()
    )


def imbalanced(evidence: Evidence) -> Evidence:
    """Nine rows in ten are of one class; nothing is weighted, and nothing is said of it."""
    sets = (rows("train", 300, "train", labels=labels(300, counts=(270, 20, 10))), *evidence.row_sets[1:])
    quiet_cells = tuple(
        replace(item, source="pass", calls=()) if "report" in item.source else item for item in evidence.cells
    )
    return replace(evidence, row_sets=sets, cells=quiet_cells)


def stopping(*callbacks: CallbackFacts):
    return lambda evidence: replace(
        evidence, trainings=tuple(replace(item, callbacks=callbacks) for item in evidence.trainings)
    )


def plain(evidence: Evidence) -> Evidence:
    return replace(evidence, trainings=tuple(replace(item, augmentation=()) for item in evidence.trainings))


def augmented_before_the_split(evidence: Evidence) -> Evidence:
    return replace(evidence, augmentation_before_split=40)


def unseeded(evidence: Evidence) -> Evidence:
    return replace(evidence, seeds=(), code=replace(evidence.code, seeds=()))


def without_files(evidence: Evidence) -> Evidence:
    return replace(evidence, run_files=replace(evidence.run_files, saved=()))


def without_sanity_check(evidence: Evidence) -> Evidence:
    return replace(evidence, trainings=evidence.trainings[1:])


def looked_at_again_and_again(evidence: Evidence) -> Evidence:
    scorings = tuple(replace(evidence.scorings[0], id=f"s{n}", weights=f"w{n}", order=n) for n in range(1, 5))
    return replace(evidence, scorings=scorings, final_scoring="s4")


def answering(heading: str):
    """A README without the part under one heading."""

    def change(evidence: Evidence) -> Evidence:
        parts = README.split("\n\n## ")
        return with_document(
            evidence, "README.md", "\n\n## ".join(part for part in parts if not part.startswith(heading))
        )

    return change


def boasting(evidence: Evidence) -> Evidence:
    return with_document(evidence, "README.md", README.replace("89 %", "97 %"))


ROWS = (
    Row("scope: task, data, metric, decisions, main risk", "task.scope_stated", unscoped),
    Row("data audit: class distribution", "data.class_balance_shown", quiet(3)),
    Row("data audit: counts per split", "data.split_counts_shown", quiet(3)),
    Row("data audit: input dimensions", "data.input_dimensions_shown", lambda item: with_document(quiet(3)(item), "README.md", "")),
    Row("data audit: label spot-check", "data.labels_spot_checked", undrawn("image")),
    Row("data audit: leakage risk", "data.leakage_considered", unscoped),
    Row("imbalance strategy", "data.imbalance_strategy", imbalanced),
    Row("augmentation", "training.augmented", plain),
    Row("augmentation on training rows only", "split.augmented_train_only", augmented_before_the_split),
    Row("fixed seeds", "code.seeded", unseeded),
    Row("saved split indices", "split.indices_saved", without_files),
    Row("four curves", "training.four_curves", undrawn("line")),
    Row("early stopping with best checkpoint", "training.best_checkpoint", stopping(CallbackFacts("EarlyStopping", "val_loss"))),
    Row("overfit-ten-examples sanity check", "training.overfits_few", without_sanity_check),
    Row("test set touched once", "evaluation.test_used_once", looked_at_again_and_again),
    Row("confusion matrix", "evaluation.confusion_matrix_shown", undrawn("image")),
    Row("wrong predictions above 0.9", "evaluation.confident_errors_shown", quiet(10)),
    Row("per-class precision and recall", "evaluation.per_class_shown", undrawn("image")),
    Row("two sentences on the main failure mode", "write_up.failure_mode", lambda item: answering("Results")(without(item, "weakness"))),
    Row("README: task", "readme.task", lambda item: with_document(item, "README.md", "# Garments\nThis is my project of the course.")),
    Row("README: data", "readme.data", answering("Data")),
    Row("README: architecture rationale", "readme.architecture", answering("Architecture")),
    Row("README: training setup", "readme.training", answering("Training")),
    Row("README: honest performance", "readme.performance", boasting),
    Row("README: what next", "readme.next", answering("What next")),
)  # fmt: skip
"""Section 4 of the grading policy, the rubric `portfolio`."""

READ = ("task.", "readme.", "write_up.", "data.leakage", "split.indices")
"""Checks that read what stands written: there it can be read, whether the notebook ran or not."""


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_each_row_is_seen_where_it_is_there_and_missed_where_it_is_not(row):
    """Present passes, absent fails, and nothing that only the run can tell is held against a student without one."""
    assert outcome(row.check, PORTFOLIO) == "pass"
    assert outcome(row.check, row.absent(PORTFOLIO)) == "fail"
    if not row.check.startswith(READ):
        assert outcome(row.check, unseen(row.absent(PORTFOLIO))) in {"unknown", "not_applicable"}


def test_the_rubric_asks_for_every_row():
    """No row of the policy is left out of the rubric."""
    assert {row.check for row in ROWS} <= load_rubric("portfolio").checks


def test_a_sentence_that_only_the_classifier_takes_for_a_weakness_is_none_here():
    """What is said of the data names no failure, whatever the sentence classifier takes it for."""
    silent = answering("Results")(without(PORTFOLIO, "weakness"))
    said = ("The classes are unbalanced a little.", "Recall by class is shown for that.")
    guessed = tuple(replace(passage("weakness", text), voice="classifier") for text in said)
    taken = replace(silent, prose=replace(silent.prose, passages=(*silent.prose.passages, *guessed)))
    assert outcome("write_up.failure_mode", taken) == "fail"


def test_balanced_classes_need_no_strategy():
    """Where the classes are of about equal size, none is missed."""
    silent = replace(PORTFOLIO, cells=tuple(item for item in CELLS if "report" not in item.source))
    assert outcome("data.imbalance_strategy", silent) == "not_applicable"


def test_what_makes_no_sense_for_the_task_is_not_asked():
    """A table is not flipped; where a number is predicted there are no sure answers and no classes."""
    assert outcome("training.augmented", TABLE) == "not_applicable"
    for check in ("evaluation.confident_errors_shown", "evaluation.per_class_shown", "data.imbalance_strategy"):
        assert outcome(check, TABLE) == "not_applicable"


def test_a_network_that_never_errs_with_confidence_has_nothing_to_show():
    """All mistakes were doubted: there is no sure and wrong answer to look at."""
    doubted = (verified(mistakes=(Mistake(3, "1", "2", 0.62),), wrong_rows=(3,)),)
    assert (
        outcome("evaluation.confident_errors_shown", quiet(10)(replace(PORTFOLIO, verified=doubted)))
        == "not_applicable"
    )


def test_pictures_of_sure_mistakes_are_known_by_their_rows():
    """Whatever the code looks like: the picture shows a row that was answered wrongly, with 97 %."""
    shown = replace(quiet(10)(PORTFOLIO), drawings=(Drawing("f", "a", 10, "image", shows_rows="test", shows_row=3),))
    assert outcome("evaluation.confident_errors_shown", shown) == "pass"


def test_a_checkpoint_file_keeps_the_best_as_well():
    """ModelCheckpoint(save_best_only=True) beside early stopping is the same thing."""
    stop = CallbackFacts("EarlyStopping", "val_loss", (("restore_best_weights", "False"),))
    keep = CallbackFacts("ModelCheckpoint", "val_loss", (("save_best_only", "True"),))
    assert outcome("training.best_checkpoint", stopping(stop, keep)(PORTFOLIO)) == "pass"
    assert outcome("training.best_checkpoint", stopping(keep)(PORTFOLIO)) == "fail"


def test_a_loop_of_ones_own_may_stop_early_too():
    """PyTorch: patience and a kept state are read from the code; without a trace of them it stays open."""
    looped = replace(stopping()(PORTFOLIO), trainings=(training(custom_loop=True, callbacks=()),))
    assert outcome("training.best_checkpoint", looped) == "unknown"
    source = "best_loss = 9\nfor e in range(9):\n    if loss < best_loss:\n        best_loss = loss\n        best = copy.deepcopy(net.state_dict())\n    elif e > patience:\n        break"
    assert outcome("training.best_checkpoint", recoded(looped, 5, source)) == "pass"


def test_ten_examples_that_are_not_learnt_show_a_fault():
    """The sanity check was made, and failed: that is told."""
    stuck = replace(BY_HEART, history=(("loss", (1.1, 1.09, 1.08)), ("accuracy", (0.3, 0.4, 0.4))))
    assert outcome("training.overfits_few", replace(PORTFOLIO, trainings=(stuck, *PORTFOLIO.trainings[1:]))) == "fail"


def test_indices_saved_are_found_by_their_length_or_read():
    """An array of whole numbers as long as the test part is its indices, whatever the file is called."""
    saved = (SavedFile("a.npy", "numpy.save", "array", 2, shape=(100,), dtype="int64"),)
    assert outcome("split.indices_saved", replace(PORTFOLIO, run_files=RunFiles(saved=saved))) == "pass"
    other = (SavedFile("y_pred.npy", "numpy.save", "array", 2, shape=(77,), dtype="int64"),)
    bare = replace(PORTFOLIO, run_files=RunFiles(saved=other))
    assert outcome("split.indices_saved", bare) == "fail"
    assert outcome("split.indices_saved", recoded(bare, 2, "json.dump({'train': train_idx}, f)")) == "pass"


def test_the_scope_comes_first():
    """Said after the training, it is no scope."""
    late = replace(unscoped(PORTFOLIO), cells=(*unscoped(PORTFOLIO).cells, CellFacts(30, "markdown", SCOPE)))
    assert outcome("task.scope_stated", late) == "fail"


def test_spanish_is_read_too():
    """A scope and a README in Spanish."""
    scope = (
        "Con una imagen de 28x28 se predice qué prenda es. Los datos son 400 imágenes de un catálogo. "
        "La métrica es la exactitud, y la sensibilidad por clase. La tienda decide con ella dónde va cada prenda. "
        "El riesgo principal es confundir abrigos con bolsos."
    )
    cells = (CellFacts(0, "markdown", scope), *PORTFOLIO.cells[1:])
    assert outcome("task.scope_stated", replace(PORTFOLIO, cells=cells)) == "pass"


def test_documents_handed_in_are_cells_of_their_own():
    """A README beside the notebook is read as it was handed in; what stands in it is no markdown of the notebook."""
    bare = replace(PORTFOLIO, run_files=replace(PORTFOLIO.run_files, products=()))
    handed_in = replace(bare, cells=(*bare.cells, CellFacts(40, "markdown", README, file="README.md", line=1)))
    assert outcome("readme.architecture", handed_in) == "pass"
    other = replace(bare, cells=(*bare.cells, CellFacts(40, "markdown", README, file="notes/old.md", line=1)))
    assert outcome("readme.architecture", other) == "fail"


def test_without_a_readme_none_of_its_questions_is_answered():
    """No document, no answers."""
    bare = replace(PORTFOLIO, run_files=replace(PORTFOLIO.run_files, products=()))
    for check in ("readme.task", "readme.data", "readme.performance"):
        assert outcome(check, bare) == "fail"


def test_seeds_only_after_the_weights_fix_nothing():
    """The seed must come before the model."""
    assert (
        outcome("code.seeded", replace(PORTFOLIO, seeds=(SeedCall("keras.utils.set_random_seed", 6, "0"),))) == "fail"
    )

"""The rubric `photo_classifier`, row by row as the grading policy has it: each is seen where it is there and missed where not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples import CELLS, GOOD, PICTURE, TABLE, TEXT, cell, labels, model, rows, scoring, training, verified
from rows_of_courses import Row, outcome, recoded, unseen, with_document, with_product

from grader.model import (
    CallbackFacts,
    Drawing,
    Evidence,
    FileGroup,
    LayerFacts,
    LoadedFile,
    MetricCall,
    Overlap,
    OwnData,
    RunFiles,
    SameFiles,
    SavedFile,
    SavedOutput,
    SplitCall,
)
from grader.rubrics import load_rubric

PHOTO = (96, 96, 3)
NAMES = ("cat", "dog", "owl")
AUDIT = SavedOutput("stream", "photos (300, 96, 96, 3)\ntrain [100 100 100]\nval [20 20 20]\ntest [33 33 34]\n")
SKIPPING = """
for path in paths:
    try:
        Image.open(path).verify()
    except Exception as fault:
        print("skipped", path, fault)
        skipped.append(path)
"""
PREDICT = """
def predict_photo(path):
    photo = Image.open(path).convert("RGB").resize((96, 96))
    return NAMES[model.predict(np.array(photo)[None]).argmax()]
print(predict_photo("photos/cat/1.jpg"))
"""
SCORE = 'pd.DataFrame(rows).to_csv("scored.csv")'
LOG = """data,model,settings,val_accuracy,notes
v1,cnn,lr=0.001,0.71,start
v1,cnn,lr=0.0003,0.75,smaller steps
v2,cnn,lr=0.0003,0.80,blurred photos removed
v2,mobilenet,lr=0.0003,0.93,backbone frozen
"""
CARD = """# Model card
## Intended use
Sorting photos of three animals in a course.
## Training data
300 photos taken by the class, 100 of each animal.
## Results
Accuracy 89 % on 100 test photos; recall of owls is lowest.
## Limits
It must not be used for photos at night, which it was not trained on.
"""
RESPONSIBLE = """# Animals
## Responsible use
Photos with people in them were left out, since nobody gave consent; the model must not be used to watch gardens.
"""
SPLIT = SplitCall("train_test_split", 2, (300, 100), random_state="0", shuffle=True)
BASE = (LayerFacts("c", "Conv2D", 2_000_000, trainable=True), LayerFacts("d", "Dense", 3_900, trainable=True))
HISTORY = training().history
OTHER = tuple((name, tuple(value * 0.9 for value in values)) for name, values in HISTORY)

PHOTOS = with_document(
    with_product(
        with_product(
            with_document(
                replace(
                    GOOD,
                    class_names=NAMES,
                    cells=(
                        *CELLS[:3],
                        cell(3, "print(photos.shape); print(np.bincount(y))", ("print", "np.bincount"), rerun=(AUDIT,)),
                        cell(4, "from keras.applications.mobilenet_v2 import preprocess_input\nx = preprocess_input(x)", ("preprocess_input",)),
                        *CELLS[5:],
                        cell(10, SKIPPING, ("Image.open", "print", "skipped.append"), rerun=(TEXT,)),
                        cell(11, PREDICT, ("Image.open", "model.predict", "print"), rerun=(TEXT,)),
                        cell(12, SCORE, ("pd.DataFrame", "to_csv")),
                        cell(13, "again = keras.models.load_model('m.keras')\nprint(again.evaluate(x_test, y_test))", ("keras.models.load_model", "again.evaluate", "print"), rerun=(TEXT,)),
                    ),
                    own_data=OwnData(
                        pictures=400,
                        groups=tuple(
                            FileGroup("picture", part, name, 10) for part in ("train", "validation", "test") for name in NAMES
                        ),
                    ),
                    row_sets=(
                        rows("train", 300, "train", shape=PHOTO),
                        rows("val", 60, "validation", shape=PHOTO),
                        rows("test", 100, "test", shape=PHOTO, labels=labels(100)),
                        rows("one", 1, "test", shape=PHOTO, labels=None),
                    ),
                    splits=(SPLIT,),
                    models=(
                        model(id="dense", layers=(LayerFacts("d", "Dense", 9, trainable=True),), cell=4),
                        model(id="cnn", parameters=93_000, cell=4),
                        model(id="big", layers=BASE, parameters=2_003_900, trainable_parameters=900_000, pretrained="MobileNetV2"),
                        model(id="again", layers=BASE, parameters=2_003_900),
                    ),
                    trainings=(
                        training(id="t1", model="dense", trainable_parameters=9),
                        training(id="t2", model="cnn", history=OTHER, trainable_parameters=93_000),
                        training(id="t3", model="big", augmentation=("RandomFlip",), trainable_parameters=3_900, learning_rate=1e-3),
                        training(id="t4", model="big", trainable_parameters=900_000, learning_rate=1e-5),
                    ),
                    scorings=(
                        scoring(id="s1", model="big", weights="w9", order=20),
                        scoring(id="s2", model="again", weights="w9", order=30, cell=13),
                        scoring(id="s3", model="big", weights="w9", rows="one", how="predict", order=25, cell=11, claimed=()),
                    ),
                    drawings=tuple(
                        Drawing("f", "a", 7, "line", name, x=(0, 1, 2), y=values, order=12)
                        for history in (HISTORY, OTHER)
                        for name, values in history
                        if "accuracy" in name
                    ),
                    metric_calls=(
                        MetricCall("sklearn.metrics.classification_report", 8, 100, text="precision recall", scoring="s1", order=31),
                    ),
                    verified=(verified(model="big"),),
                    final_model="big",
                    run_files=RunFiles(
                        saved=(SavedFile("m.keras", "Model.save", "model", 9, model="big", weights="w9", order=22),),
                        loaded=(LoadedFile("m.keras", "load_model", "model", 13, model="again", weights="w9", order=28),),
                    ),
                ),
                "MODEL_CARD.md",
                CARD,
            ),
            "experiments.csv",
            LOG,
        ),
        "scored.csv",
        "file,top1,p1,top2,p2,top3,p3\na.jpg,cat,0.9,dog,0.08,owl,0.02\nb.jpg,owl,0.7,cat,0.2,dog,0.1\n",
    ),
    "README.md",
    RESPONSIBLE,
)  # fmt: skip
PHOTOS = with_product(PHOTOS, "class_names.json", '["cat", "dog", "owl"]')


def shaped(*shape: int):
    """Photos of another shape."""
    return lambda evidence: replace(evidence, row_sets=tuple(replace(item, shape=shape) for item in evidence.row_sets))


def quiet(index: int):
    return lambda evidence: recoded(evidence, index, "pass")


def unseeded(evidence: Evidence) -> Evidence:
    loose = replace(SPLIT, random_state="")
    return replace(evidence, splits=(loose,), seeds=(), code=replace(evidence.code, seeds=()))


def sharing(exact: int):
    def change(evidence: Evidence) -> Evidence:
        return replace(evidence, overlaps=(Overlap("test", "train", exact, 60, 100, 0.0), *evidence.overlaps[1:]))

    return change


def alike(evidence: Evidence) -> Evidence:
    same = (SameFiles(("train/cat/1.jpg", "test/cat/9.jpg"), exact=False, across_parts=True, across_labels=False),)
    return replace(evidence, own_data=replace(evidence.own_data, same=same, look_alikes=1))


def trained(*names: str):
    return lambda evidence: replace(evidence, trainings=tuple(item for item in evidence.trainings if item.id in names))


def plain(evidence: Evidence) -> Evidence:
    return replace(
        evidence, trainings=tuple(replace(item, augmentation=(), callbacks=()) for item in evidence.trainings)
    )


def scratch(evidence: Evidence) -> Evidence:
    models = tuple(replace(item, pretrained="") for item in evidence.models)
    return replace(evidence, models=models, run_files=replace(evidence.run_files, loaded=()))


def unprocessed(evidence: Evidence) -> Evidence:
    return recoded(evidence, 4, "x = x / 255")


def tuned_at(rate: float):
    def change(evidence: Evidence) -> Evidence:
        return replace(
            evidence, trainings=(*evidence.trainings[:3], replace(evidence.trainings[3], learning_rate=rate))
        )

    return change


def without_file(*paths: str):
    def change(evidence: Evidence) -> Evidence:
        files = evidence.run_files
        kept = RunFiles(
            tuple(item for item in files.saved if item.path not in paths),
            tuple(item for item in files.loaded if item.path not in paths),
            tuple(item for item in files.products if item.path not in paths),
        )
        return replace(evidence, run_files=kept)

    return change


def log(text: str):
    return lambda evidence: with_product(evidence, "experiments.csv", text)


def never_loaded(evidence: Evidence) -> Evidence:
    gone = replace(evidence, scorings=evidence.scorings[:1], run_files=replace(evidence.run_files, loaded=()))
    return quiet(13)(gone)


def without_report(evidence: Evidence) -> Evidence:
    return replace(evidence, metric_calls=())


ROWS = (
    Row("folder-per-class dataset", "data.folder_per_class", lambda item: replace(item, own_data=None)),
    Row("shapes inspected", "data.input_dimensions_shown", quiet(3)),
    Row("RGB conversion", "data.rgb_converted", shaped(96, 96, 1)),
    Row("three splits with a seed", "split.three_parts_seeded", unseeded),
    Row("counts per class per split", "data.class_counts_per_split_shown", quiet(3)),
    Row("no duplicates across splits: exact", "split.no_overlap", sharing(40)),
    Row("no duplicates across splits: altered rows", "split.no_near_duplicates", sharing(0)),
    Row("no duplicates across splits: look-alikes", "split.no_duplicate_photos", alike),
    Row("baseline before CNN", "model.baseline_first", trained("t2", "t3", "t4")),
    Row("learning curves compared", "training.curves_compared", lambda item: replace(item, drawings=item.drawings[2:])),
    Row("transfer learning", "model.transfer_used", scratch),
    Row("transfer: right preprocessing", "model.transfer_preprocessed", unprocessed),
    Row("transfer: frozen, then fine-tuned at a small rate", "model.fine_tuned_gently", tuned_at(1e-2)),
    Row("augmentation", "training.augmented", plain),
    Row("early stopping", "training.early_stopping", plain),
    Row("precision/recall", "evaluation.per_class_shown", without_report),
    Row("experiment log", "project.experiment_log", without_file("experiments.csv")),
    Row("one major change at a time", "project.one_change_at_a_time", log(LOG.replace("v2,cnn,lr=0.0003", "v2,resnet,lr=0.01"))),
    Row("full model saved as .keras", "model.saved_whole", without_file("m.keras")),
    Row("with class names", "project.class_names_saved", without_file("class_names.json")),
    Row("and model card", "project.model_card", without_file("MODEL_CARD.md")),
    Row("cold-start reload gives the same predictions", "model.cold_reload", never_loaded),
    Row("predict-a-photo", "prediction.photo", quiet(11)),
    Row("batch scoring to CSV with top-3", "prediction.csv_top3", lambda item: quiet(12)(without_file("scored.csv")(item))),
    Row("corrupted files skipped and logged", "data.corrupted_skipped", quiet(10)),
    Row("responsible-use note", "project.responsible_use", lambda item: with_document(without_file("MODEL_CARD.md")(item), "README.md", "# Animals\nThree animals.")),
)  # fmt: skip
"""Section 4 of the grading policy, the rubric `photo_classifier`."""

READ = ("project.", "data.folder", "split.no_duplicate_photos", "data.corrupted", "model.saved_whole")
"""Told by files and texts, which are there whether the notebook ran or not."""


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_each_row_is_seen_where_it_is_there_and_missed_where_it_is_not(row):
    """Present passes, absent fails, and nothing that only the run can tell is held against a student without one."""
    assert outcome(row.check, PHOTOS) == "pass"
    assert outcome(row.check, row.absent(PHOTOS)) == "fail"
    if not row.check.startswith(READ):
        assert outcome(row.check, unseen(row.absent(PHOTOS))) in {"unknown", "not_applicable"}


def test_the_rubric_asks_for_every_row():
    """No row of the policy is left out of the rubric."""
    assert {row.check for row in ROWS} <= load_rubric("photo_classifier").checks


def test_what_is_no_photo_is_not_asked_to_be_one():
    """A table has no folders of photos and no colours."""
    for check in ("data.folder_per_class", "data.rgb_converted", "training.augmented"):
        assert outcome(check, TABLE) == "not_applicable"


def test_without_a_backbone_there_is_nothing_to_prepare_or_to_tune():
    """The missing backbone is told once; its preprocessing and tuning don't apply."""
    for check in ("model.transfer_preprocessed", "model.fine_tuned_gently"):
        assert outcome(check, scratch(PHOTOS)) == "not_applicable"


def test_a_backbone_trained_at_once_or_never_is_not_fine_tuned():
    """Frozen first, then tuned: neither half alone."""
    at_once = replace(PHOTOS, trainings=(*PHOTOS.trainings[:2], PHOTOS.trainings[3]))
    never = replace(PHOTOS, trainings=PHOTOS.trainings[:3])
    assert outcome("model.fine_tuned_gently", at_once) == "fail"
    assert outcome("model.fine_tuned_gently", never) == "fail"


def test_a_backbone_that_rescales_itself_wants_whole_pixels():
    """EfficientNet divides by 255 inside: fed with 0..1 it sees black pictures."""
    models = tuple(replace(item, pretrained="EfficientNetB0") if item.pretrained else item for item in PHOTOS.models)
    scaled = replace(PHOTOS, models=models)
    assert outcome("model.transfer_preprocessed", scaled) == "fail"
    whole = tuple(replace(item, high=255.0) for item in PHOTOS.row_sets)
    assert outcome("model.transfer_preprocessed", replace(scaled, row_sets=whole)) == "pass"


def test_a_log_in_a_document_is_one_too():
    """A table of markdown in the README serves as well as a file."""
    rows_of_log = [line.split(",") for line in LOG.strip().splitlines()]
    lines = ["| " + " | ".join(row) + " |" for row in rows_of_log]
    text = "# Log\n\n" + "\n".join([lines[0], "|---|---|---|---|---|", *lines[1:]])
    written = with_document(without_file("experiments.csv")(PHOTOS), "README.md", text)
    assert outcome("project.experiment_log", written) == "pass"
    assert outcome("project.one_change_at_a_time", written) == "pass"


def test_a_log_without_notes_or_data_is_not_whole():
    """Each of the five columns tells what the others don't."""
    short = "model,settings,val_accuracy\ncnn,lr=0.1,0.7\ncnn,lr=0.01,0.8\n"
    assert outcome("project.experiment_log", log(short)(PHOTOS)) == "fail"


def test_a_model_saved_in_another_form_is_told_apart():
    """Weights alone, or HDF5, are not the whole model that is asked for."""
    other = recoded(without_file("m.keras")(PHOTOS), 9, "model.save('m.h5')", ("model.save",))
    assert outcome("model.saved_whole", other) == "fail"


def test_a_model_loaded_and_not_asked_is_no_proof():
    """Loading alone shows nothing; the answers must be the same."""
    alone = replace(PHOTOS, scorings=PHOTOS.scorings[:1], run_files=RunFiles())
    loaded = recoded(alone, 13, "again = keras.models.load_model('m.keras')", ("keras.models.load_model",))
    assert outcome("model.cold_reload", loaded) == "fail"
    compared = recoded(
        alone,
        13,
        "again = keras.models.load_model('m.keras')\nprint(np.allclose(again.predict(x), model.predict(x)))",
        ("keras.models.load_model", "np.allclose", "print"),
    )
    shown = replace(
        compared, cells=tuple(replace(item, rerun=(TEXT,)) if item.index == 13 else item for item in compared.cells)
    )
    assert outcome("model.cold_reload", shown) == "pass"


def test_files_skipped_without_a_word_are_not_logged():
    """`except: pass` hides what is missing."""
    silent = "for p in paths:\n    try:\n        Image.open(p)\n    except Exception:\n        pass"
    assert outcome("data.corrupted_skipped", recoded(PHOTOS, 10, silent)) == "fail"


def test_stopping_by_a_callback_is_early_stopping():
    """A checkpoint alone stops nothing."""
    saved = replace(PHOTOS, trainings=(training(callbacks=(CallbackFacts("ModelCheckpoint", "val_loss"),)),))
    assert outcome("training.early_stopping", saved) == "fail"


def test_a_photo_may_be_opened_by_a_function_of_ones_own():
    """What opens and prepares photos for training does so for the one photo as well."""
    opener = "def open_photo(path):\n    return np.asarray(Image.open(path).convert('RGB'))"
    own = recoded(
        recoded(PHOTOS, 10, opener), 11, "print(model.predict(open_photo('a.jpg')[None]))", ("model.predict",)
    )
    assert outcome("prediction.photo", own) == "pass"
    other = recoded(own, 10, "def open_photo(path):\n    return np.load(path)")
    assert outcome("prediction.photo", other) == "fail"


def test_pictures_of_a_photo_count_as_the_answer():
    """The code opens a photo and predicts it: read, where it was not watched."""
    unwatched = replace(PHOTOS, scorings=PHOTOS.scorings[:2])
    assert outcome("prediction.photo", unwatched) == "pass"
    assert PICTURE.image_png

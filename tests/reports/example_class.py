"""A realistic submission with every part of the evidence filled in, and a class of results, built by hand."""

# ruff: noqa: RUF001, Q003
from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import replace

import numpy as np
from sklearn.datasets import load_digits

from grader.model import (
    EVIDENCE_VERSION,
    CallbackFacts,
    CellFacts,
    ClassScore,
    CodeFacts,
    Confusion,
    Criterion,
    CriterionResult,
    Diagnosis,
    Drawing,
    Evidence,
    Finding,
    Grade,
    Highlight,
    Judgement,
    LabelFacts,
    LayerFacts,
    Level,
    LevelRule,
    LintIssue,
    MetricCall,
    Mistake,
    ModelFacts,
    NumberClaim,
    Overlap,
    Passage,
    PreprocessingFit,
    ProseFacts,
    ReferenceResult,
    Result,
    RowSet,
    Rubric,
    RunFacts,
    SavedOutput,
    Scoring,
    Section,
    SeedCall,
    SplitCall,
    TrainingRun,
    Verified,
)

DIGITS = tuple(str(digit) for digit in range(10))


def png(pixels: np.ndarray) -> str:
    """Return grey pixels (height x width, 0..255) as a base64 PNG."""
    height, width = pixels.shape
    raw = b"".join(b"\0" + row.astype("uint8").tobytes() for row in pixels)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return base64.b64encode(
        b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    ).decode()


def _cells() -> tuple[CellFacts, ...]:
    scored = SavedOutput(
        "stream", "9/9 - 0s - 5ms/step - accuracy: 0.9556 - loss: 0.1634\nTest accuracy: 0.9555555582046509\n"
    )
    training = "".join(
        f"Epoch {epoch}/14\n36/36 - 0s - 6ms/step - accuracy: 0.9{epoch:02d} - loss: 0.{60 - 4 * epoch:02d} - "
        f"val_accuracy: 0.9{epoch:02d} - val_loss: 0.{50 - 2 * epoch:02d}\n"
        for epoch in range(1, 15)
    )
    return (
        CellFacts(0, "markdown", "# Unit 1 Project: reading handwritten digits\n\n**Task.** Given an 8 × 8 picture of a digit, predict which digit (0–9) it is.\n\nI compare *one* dense network with a CNN. See [the data set](https://scikit-learn.org/stable/datasets/toy_dataset.html).\n\n![sketch](https://example.org/sketch.png)"),
        CellFacts(1, "code", "import numpy as np\nimport matplotlib.pyplot as plt\nimport keras\nfrom sklearn.datasets import load_digits\nfrom sklearn.model_selection import train_test_split\n\nkeras.utils.set_random_seed(7)", 1, run_status="ok", seconds=4.1, calls=("keras.utils.set_random_seed",), code_lines=6),
        CellFacts(2, "code", "digits = load_digits()\nX = digits.images[..., None] / 16.0\ny = digits.target\nX_train, X_test, y_train, y_test = train_test_split(\n    X, y, test_size=0.2, stratify=y, random_state=7\n)\nprint(X_train.shape, X_test.shape)", 2, (SavedOutput("stream", "(1437, 8, 8, 1) (360, 8, 8, 1)\n"),), (SavedOutput("stream", "(1437, 8, 8, 1) (360, 8, 8, 1)\n"),), "ok", seconds=0.2),
        CellFacts(3, "code", "# A few examples before training\nfig, axes = plt.subplots(1, 6)\nfor ax, image, label in zip(axes, X_train, y_train):\n    ax.imshow(image[..., 0], cmap=\"gray\")\n    ax.set_title(label)", 3, (SavedOutput("display_data", "<Figure size 640x480 with 6 Axes>", "", True),), (SavedOutput("display_data", "<Figure size 640x480 with 6 Axes>", "", True),), "ok", seconds=0.4),
        CellFacts(4, "markdown", "## Model\n\nThe convolution slides 32 small filters over the picture and looks for strokes; pooling keeps the strongest answer, so a digit may sit a little higher or lower. I chose dropout because the first try overfitted after epoch 8."),
        CellFacts(5, "code", "model = keras.Sequential([\n    keras.layers.Input((8, 8, 1)),\n    keras.layers.Conv2D(32, 3, activation=\"relu\"),\n    keras.layers.MaxPooling2D(),\n    keras.layers.Dropout(0.2),\n    keras.layers.Flatten(),\n    keras.layers.Dense(10, activation=\"softmax\"),\n])\nmodel.compile(\"adam\", \"sparse_categorical_crossentropy\", metrics=[\"accuracy\"])", 4, run_status="ok", seconds=0.3),
        CellFacts(6, "code", "history = model.fit(X_train, y_train, epochs=14, validation_split=0.2)", 5, (SavedOutput("stream", training),), (SavedOutput("stream", training.replace("6ms", "9ms")),), "ok", seconds=9.6),
        CellFacts(7, "code", "plt.plot(history.history[\"loss\"], label=\"train\")\nplt.plot(history.history[\"val_loss\"], label=\"validation\")\nplt.legend()", 6, run_status="ok", seconds=0.3),
        CellFacts(8, "code", "loss, acc = model.evaluate(X_test, y_test)\nprint(\"Test accuracy:\", acc)", 7, (scored,), (scored,), "ok", seconds=0.5),
        CellFacts(9, "code", "from sklearn.metrics import ConfusionMatrixDisplay\n\npred = model.predict(X_test).argmax(axis=1)\nConfusionMatrixDisplay.from_predictions(y_test, pred)", 8, run_status="ok", seconds=0.9),
        CellFacts(10, "code", "wrong = np.where(pred != y_test)[0]\nprint(len(wron), \"wrong\")", 9, (SavedOutput("stream", "16 wrong\n"),), (SavedOutput("error", "\x1b[0;31mNameError\x1b[0m: name 'wron' is not defined"),), "error", "NameError", "name 'wron' is not defined", 0.0),
        CellFacts(11, "markdown", "## Conclusion\n\nThe network reaches **97 %** on the test set. It confuses 8 with 1 and 9 with 3, because at 8 × 8 pixels the loops close up. Next I would try larger pictures."),
    )  # fmt: skip


def _training() -> TrainingRun:
    epochs = np.arange(1, 15)
    loss = 2.1 * np.exp(-0.42 * epochs) + 0.05
    val_loss = 1.9 * np.exp(-0.45 * epochs) + 0.13 + np.maximum(0, epochs - 9) * 0.018
    history = (
        ("accuracy", tuple(float(v) for v in 1 - 0.75 * np.exp(-0.5 * epochs) - 0.004)),
        ("loss", tuple(float(v) for v in loss)),
        ("val_accuracy", tuple(float(v) for v in 0.962 - 0.7 * np.exp(-0.52 * epochs))),
        ("val_loss", tuple(float(v) for v in val_loss)),
    )
    callback = CallbackFacts("EarlyStopping", "val_loss", (("patience", "5"),))
    return TrainingRun("t1", "m1", 6, "r1", "r2", 0.2, 14, 14, 32, history, (callback,), True, True, (), 0.001, 9.6)


def _row_sets() -> tuple[RowSet, ...]:
    def labels(total: int) -> LabelFacts:
        counts = tuple(total // 10 + (1 if digit < total % 10 else 0) for digit in range(10))
        return LabelFacts("int", total, DIGITS, counts, 0, 9)

    shared = {"shape": (8, 8, 1), "dtype": "float64", "low": 0.0, "high": 1.0, "mean": 0.305}
    return (
        RowSet("r1", 1149, 1149, role="train", labels=labels(1149), cells=(2, 6), **shared),  # type: ignore[arg-type]
        RowSet("r2", 288, 288, role="validation", labels=labels(288), cells=(6,), **shared),  # type: ignore[arg-type]
        RowSet("r3", 360, 360, role="test", labels=labels(360), cells=(2, 8, 9), origin_hint="digits", **shared),  # type: ignore[arg-type]
    )


def _verified() -> Verified:
    matrix = np.diag([36, 33, 35, 35, 36, 36, 36, 35, 30, 32])
    for true, predicted, count in ((8, 1, 4), (9, 3, 3), (1, 8, 2), (2, 1, 1), (3, 9, 2), (7, 4, 1), (5, 9, 1), (8, 9, 1), (9, 5, 1)):  # fmt: skip
        matrix[true, predicted] = count
    support = matrix.sum(axis=1)
    predicted_counts = matrix.sum(axis=0)
    per_class = tuple(
        ClassScore(
            digit,
            float(matrix[k, k] / predicted_counts[k]),
            float(matrix[k, k] / support[k]),
            float(2 * matrix[k, k] / (support[k] + predicted_counts[k])),
            int(support[k]),
        )
        for k, digit in enumerate(DIGITS)
    )
    images = load_digits().images / 16 * 255
    mistakes = tuple(
        Mistake(row, true, predicted, confidence, png(images[row]))
        for row, true, predicted, confidence in (
            (1553, "8", "1", 0.982),
            (1658, "9", "3", 0.941),
            (905, "8", "1", 0.873),
            (1727, "3", "9", 0.802),
            (792, "1", "8", 0.771),
            (1626, "9", "5", 0.564),
        )
    )
    return Verified(
        "s1", "m1", "r3", 360, 360, "classification",
        accuracy=float(np.trace(matrix) / matrix.sum()), balanced_accuracy=0.9552, majority_accuracy=0.1028,
        matrix=tuple(tuple(int(v) for v in row) for row in matrix), classes=DIGITS, per_class=per_class,
        confused=(Confusion("8", "1", 4, 4 / 35), Confusion("9", "3", 3, 3 / 36), Confusion("3", "9", 2, 2 / 37)),
        mistakes=mistakes, predicted_classes=10,
    )  # fmt: skip


def rich_evidence() -> Evidence:
    """Build evidence of a digits CNN: every part of it is filled in at least once."""
    rows = _row_sets()
    model = ModelFacts(
        "m1", "keras", "sequential",
        (
            LayerFacts("conv2d", "Conv2D", 320, True, (None, 6, 6, 32), (("filters", "32"), ("activation", "relu"))),
            LayerFacts("max_pooling2d", "MaxPooling2D", 0, True, (None, 3, 3, 32)),
            LayerFacts("dropout", "Dropout", 0, True, (None, 3, 3, 32), (("rate", "0.2"),)),
            LayerFacts("flatten", "Flatten", 0, True, (None, 288)),
            LayerFacts("dense", "Dense", 2890, True, (None, 10), (("units", "10"), ("activation", "softmax"))),
        ),
        3210, 3210, (None, 8, 8, 1), (None, 10), "softmax", "sparse_categorical_crossentropy", False, "adam", 0.001,
        ("accuracy",), "", 5,
    )  # fmt: skip
    prose = ProseFacts(
        "en", 98, 38, (11,),
        (Section("introduction", "Unit 1 Project: reading handwritten digits", (0,), 24), Section("conclusion", "Conclusion", (11,), 38)),
        (Passage("weakness", "explained", "It confuses 8 with 1 and 9 with 3", 11, "", ("8", "1", "9", "3")),),
        (NumberClaim("accuracy", 0.97, "test", "The network reaches 97 % on the test set.", 11, "prose", 2),),
    )  # fmt: skip
    verified = _verified()
    assert verified.accuracy is not None
    return Evidence(
        EVIDENCE_VERSION, "garcía-maria", "digits_project.ipynb", "5f" * 32,
        RunFacts("error", "bubblewrap", 10, "cell 11 failed: NameError: name 'wron' is not defined", (), "The name `wron` is used but never defined; `wrong` in the line above looks like what was meant.", (), 0, ("keras", "sklearn", "matplotlib"), ("the processor's caches are shared",)),
        _cells(),
        CodeFacts(("keras", "numpy"), (1, 9), (("keras.utils.set_random_seed", 1),), (LintIssue("F821", "Undefined name `wron`", 10, 2),), True, ((3, 7, 3),), 0, 3, 0, (), (("Dropout", 5),)),
        prose, "classification", "image", (), rows,
        (Overlap("r3", "r1", 0, 0, 360, 0.0, 0), Overlap("r3", "r2", 2, 3, 360, 0.001)),
        (model,), (_training(),),
        (Scoring("s1", "m1", 8, "evaluate", "r3", "test", "d1", (("accuracy", verified.accuracy), ("loss", 0.1634)), True, "", 40),),
        (MetricCall("confusion_matrix", 9, 360, None, tuple(tuple(float(v) for v in row) for row in verified.matrix), "", "s1", "test", 44),),
        (SplitCall("train_test_split", 2, (1437, 360), "7", True, True, ("r0",), ("r1", "r3")),),
        (PreprocessingFit("StandardScaler", 2, 1797, 360, 1437),),
        (Drawing("f1", "a1", 7, "line", "train", "", "", "", (0.0, 1.0), (1.4, 0.9)),),
        (SeedCall("keras.utils.set_random_seed", 1, "7", 3),),
        (Diagnosis("t1", "overfit", 10, 0.031, "Validation loss rises from epoch 10 on while training loss still falls."),),
        "s1", "m1", 1.0, False, (verified,), "",
        (
            ReferenceResult("image_linear", "Linear softmax", 0.9361, "accuracy", 0.0041, 3, 650, 4.2),
            ReferenceResult("image_dense", "Dense network", 0.9611, "accuracy", 0.0052, 3, 9610, 6.0),
            ReferenceResult("image_cnn", "Small CNN", 0.9750, "accuracy", 0.0039, 3, 18_346, 12.7),
        ),
    )  # fmt: skip


_DESCRIPTORS: dict[str, tuple[str, tuple[str, str, str, str]]] = {
    "model": ("Model built & trained", ("Model doesn't run", "Runs but wrong shape/output", "Correct CNN trains cleanly", "Thoughtful architecture; tuned and justified choices")),
    "evaluation": ("Evaluation done right", ("Tested on training data / no score", "Score shown, but no test split", "Reported on held-back test set + confusion matrix", "Analyses errors and where the model is unreliable")),
    "understanding": ("Understanding shown", ("Can't explain the model", "Partial or vague explanation", "Explains layers, training, and score in plain words", "Explains overfitting, trade-offs, and why it fails as it does")),
    "code_quality": ("Code quality", ("Disorganised, doesn't reproduce", "Runs but messy", "Clean, commented, runs top-to-bottom", "Reproducible, well-structured, easy to follow")),
    "write_up": ("Write-up", ("Missing or trivial", "States the score only", "Honest findings + a clear next step", "Insightful; links results to what was learned")),
}  # fmt: skip

POINTS: dict[str, float] = {"emerging": 1.0, "developing": 2.0, "proficient": 3.0, "exemplary": 4.0}


def rubric() -> Rubric:
    """Build the unit's rubric without its requirements."""
    criteria = tuple(
        Criterion(
            name,
            title,
            tuple(
                LevelRule(level, text)
                for level, text in zip(("emerging", "developing", "proficient", "exemplary"), texts, strict=True)
            ),  # type: ignore[arg-type]
            POINTS,
        )
        for name, (title, texts) in _DESCRIPTORS.items()
    )
    return Rubric("unit1", "Unit 1 Project: Train a Deep Model", criteria, "cd" * 32)


def judgement(criterion: str, level: Level | None, reasons: tuple[str, ...], next_step: str | None, findings: tuple[str, ...], high: Level | None = None, review: tuple[str, ...] = ()) -> Judgement:  # fmt: skip
    """Build one judgement with the rubric's own title and descriptor."""
    title, texts = _DESCRIPTORS[criterion]
    position = None if level is None else tuple(POINTS).index(level)
    return Judgement(
        criterion, title, level, level, high or level, bool(review) or level is None,
        None if level is None else POINTS[level], 4.0, reasons, next_step, findings,
        "" if position is None else texts[position], review,
    )  # fmt: skip


def rich_grade() -> Grade:
    """Build the grade that belongs to `rich_evidence`: four levels, one of them uncertain."""
    findings = (
        Finding("model.trains", "pass", "kernel", "One training run completed in cell 7: 14 epochs, and the weights changed.", (6,), {"epochs": 14}),
        Finding("model.cnn_for_images", "pass", "kernel", "The network has a convolution (Conv2D, 32 filters) for its 8 × 8 pictures.", (5,)),
        Finding("model.learns", "pass", "verified", "95.6 % on held-out rows, against 10.3 % for always answering the commonest class.", (8,), {"accuracy": 0.9556, "majority": 0.1028}),
        Finding("model.choices_tuned", "pass", "kernel", "Dropout and early stopping were used.", (5,), {"mechanisms": ["Dropout", "EarlyStopping"]}),
        Finding("model.choices_justified", "unknown", "static", "A reason for dropout is given in cell 5, but the first try it speaks of is not in the notebook.", (4,), {}, "Keep the first try in the notebook, so that a reader can see it overfit.", True, "the run it refers to was not seen"),
        Finding("model.reference_band", "fail", "verified", "95.6 % is below the small CNN's band of 97.1 % to 97.9 % on the same split.", (8,), {"score": 0.9556, "low": 0.9711}, "More filters or a second convolution usually close this gap.", False),
        Finding("split.held_out_test", "pass", "verified", "None of the 360 rows scored in cell 9 was trained on.", (2, 8), {"overlap": 0}),
        Finding("evaluation.test_used_once", "pass", "kernel", "The test rows were used for one frozen model only.", (8, 9)),
        Finding("evaluation.confusion_matrix_correct", "pass", "verified", "The confusion matrix in cell 10 equals the recomputed one.", (9,)),
        Finding("evaluation.errors_shown", "fail", "kernel", "No wrong prediction is displayed: cell 11, which would have, stopped with a NameError.", (10,), {}, "Mend cell 11 and show a few of the wrong pictures with their true and predicted digit."),
        Finding("evaluation.weakness_named", "pass", "verified", "You name 8→1 and 9→3, and these are the two most confused pairs.", (11,), {"named": ["8", "9"], "confirmed": 2}),
        Finding("evaluation.score_verified", "fail", "verified", "The write-up says 97 %, the model scores 95.6 %.", (11, 8), {"stated": 0.97, "verified": 0.9556}, "State the number that cell 9 prints."),
        Finding("understanding.layers", "pass", "static", "Cell 5 explains what convolution and pooling do.", (4,)),
        Finding("understanding.training", "fail", "static", "Nothing says what the loss or the optimiser do.", (), {}, "Say in two sentences what happens in one epoch."),
        Finding("code.runs_top_to_bottom", "fail", "kernel", "Cell 11 stops with NameError: name 'wron' is not defined.", (10,), {"failed_cells": [10]}, "Restart the kernel and run all cells before you hand in."),
        Finding("code.seeded", "pass", "kernel", "Random state is fixed in cell 2, before the data is split.", (1,)),
        Finding("evaluation.baseline_compared", "not_applicable", "static", "This rubric asks for no baseline."),
        Finding("training.curves_genuine", "error", "kernel", "The grader could not compare the plotted numbers with the run's own.", (7,), {}, None, True, "the check broke"),
        Finding("write_up.score_honest", "fail", "verified", "97 % is stated in cell 12, 95.6 % was measured.", (11,), {"stated": 0.97, "measured": 0.9556}, "State the measured number, rounded: 96 %."),
        Finding("write_up.next_step", "pass", "static", "A next step is named: larger pictures.", (11,)),
        Finding("split.preprocessing_fitted_on_train", "fail", "kernel", "The scaler of cell 3 was fitted on all 1,797 rows, the 360 test rows included.", (2,), {"rows": 1797, "test_rows_included": 360}, "Fit it on the training rows only.", False),
    )  # fmt: skip
    judgements = (
        judgement("model", "proficient", (findings[0].summary, findings[1].summary, findings[2].summary), "Say in the write-up why you chose dropout, with the curve that made you.", tuple(item.check for item in findings[:6]), "exemplary", ("Whether choices are justified could not be settled: the run cell 5 refers to was not seen.",)),
        judgement("evaluation", "proficient", (findings[6].summary, findings[8].summary, findings[10].summary), "Mend cell 11 and show a few of the wrong pictures with their true and predicted digit.", tuple(item.check for item in findings[6:12])),
        judgement("understanding", "developing", (findings[12].summary, findings[13].summary), "Say in two sentences what happens in one epoch.", ("understanding.layers", "understanding.training", "training.curves_genuine")),
        judgement("code_quality", "emerging", (findings[14].summary,), "Restart the kernel and run all cells before you hand in.", ("code.runs_top_to_bottom", "code.seeded")),
        judgement("write_up", "developing", (findings[18].summary, findings[19].summary), "State the measured number, rounded: 96 %.", ("write_up.score_honest", "write_up.next_step")),
    )  # fmt: skip
    return Grade(
        "garcía-maria", "digits_project.ipynb", "5f" * 32,
        {"status": "error", "isolation": "bubblewrap", "wall_s": 31.24, "failed_cell": 10, "message": "cell 11 failed: NameError: name 'wron' is not defined"},
        "unit1", "cd" * 32, judgements, findings,
        {"test_score": {"stated": 0.97, "saved": 0.95555556, "rerun": 0.95555556, "verified": 0.95555556}},
        11.0, 20.0, (),
        Highlight("code_quality", "Restart the kernel and run all cells before you hand in."),
        Highlight("model", findings[0].summary),
    )  # fmt: skip


def never_ran_evidence() -> Evidence:
    """Build evidence of a notebook that was read but never run: everything the run would have shown is absent."""
    return Evidence(
        EVIDENCE_VERSION, "dario", "Untitled.ipynb", "00" * 32,
        RunFacts("infrastructure_failure", "none", None, "the sandbox could not be started"),
        (CellFacts(0, "code", "print('hi')"),), CodeFacts(), ProseFacts(),
    )  # fmt: skip


def never_ran_grade() -> Grade:
    """Build the grade of a notebook that could not be run for no fault of the student's: every level is null."""
    judgements = tuple(
        judgement(name, None, ("The run could not be started.",), None, (), None, ("the machine failed",))
        for name in _DESCRIPTORS
    )
    run = {"status": "infrastructure_failure", "isolation": "none", "wall_s": 0.0, "failed_cell": None, "message": "the sandbox could not be started"}  # fmt: skip
    return Grade("dario", "Untitled.ipynb", "00" * 32, run, "unit1", "cd" * 32, judgements, (), {}, None, 20.0, ("the sandbox could not be started",))  # fmt: skip


def class_results(count: int = 24) -> tuple[Result, ...]:
    """Build a class: most graded, some for review, one that ran out of time, one that could not be read."""
    names = ("Amara Osei", "Björn Lindqvist", "chen-wei", "Dilnoza Yusupova", "student10", "student2", "Fatima Zahra", "García María")  # fmt: skip
    levels: tuple[Level, ...] = ("emerging", "developing", "proficient", "exemplary")
    random = np.random.default_rng(3)
    rows = [Result.of_grade(rich_grade())]
    for number in range(count - 2):
        criteria = []
        for name, (title, _) in _DESCRIPTORS.items():
            level = levels[int(random.choice(4, p=(0.1, 0.25, 0.45, 0.2)))]
            criteria.append(CriterionResult(name, title, level, level, level, False, POINTS[level], 4.0))
        points = sum(item.points or 0 for item in criteria)
        base = names[number % len(names)]
        row = Result(
            base if number < len(names) else f"{base} {number // len(names) + 1}", "project.ipynb", "ok", "bubblewrap",
            float(random.integers(12, 90)), tuple(criteria), points, 20.0, rubric_id="unit1", rubric_sha256="cd" * 32,
        )  # fmt: skip
        if number == 4:
            row = replace(row, status="timeout", failed_cell=12, message="cell 13 was still running after 600 s", needs_review=True, review_reasons=("the run was cut short",))  # fmt: skip
        rows.append(row)
    rows.append(Result.of_grade(never_ran_grade()))
    rows.append(replace(rows[-1], submission="zoë", status="not_run", criteria=rows[-1].criteria, review_reasons=("could not be read",), message="zoë.ipynb is no notebook: its JSON ends early, at character 18,204"))  # fmt: skip
    return tuple(rows)

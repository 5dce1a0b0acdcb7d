"""A good notebook's evidence, built small, for tests to break one thing at a time with `dataclasses.replace`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from grader.checks import CHECKS
from grader.model import (
    EVIDENCE_VERSION,
    CallbackFacts,
    CellFacts,
    ClassScore,
    CodeFacts,
    Confusion,
    Diagnosis,
    Drawing,
    Evidence,
    Finding,
    LabelFacts,
    LayerFacts,
    MetricCall,
    ModelFacts,
    NumberClaim,
    Overlap,
    Passage,
    ProseFacts,
    ReferenceResult,
    RowSet,
    RunFacts,
    SavedOutput,
    Scoring,
    SeedCall,
    SplitCall,
    TrainingRun,
    Verified,
)

MATRIX = ((32, 1, 1), (2, 27, 4), (0, 3, 30))
"""100 test rows of three classes, 89 right: coats (1) and bags (2) are taken for each other."""
TEXT = SavedOutput(kind="stream", text="Test accuracy: 0.89\n")
PICTURE = SavedOutput(kind="display_data", text="<Figure>", image_png=True)


def labels(count: int, **changes: Any) -> LabelFacts:
    third = count // 3
    start = LabelFacts("int", count, ("0", "1", "2"), (count - 2 * third, third, third), 0.0, 2.0)
    return replace(start, **changes)


def rows(name: str, count: int, role: str, **changes: Any) -> RowSet:
    start = RowSet(name, count, count, (28, 28, 1), "float32", role, 0.0, 1.0, 0.3, labels(count))  # type: ignore[arg-type]
    return replace(start, **changes)


def model(**changes: Any) -> ModelFacts:
    layers = (
        LayerFacts("conv", "Conv2D", 320, trainable=True),
        LayerFacts("pool", "MaxPooling2D", 0, trainable=True),
        LayerFacts("flat", "Flatten", 0, trainable=True),
        LayerFacts("drop", "Dropout", 0, trainable=True),
        LayerFacts("out", "Dense", 1000, trainable=True),
    )
    start = ModelFacts(
        "m1", "keras", "sequential", layers, 1320, 1320, (None, 28, 28, 1), (None, 3), "softmax",
        "sparse_categorical_crossentropy", from_logits=False, optimizer="Adam", cell=4,
    )  # fmt: skip
    return replace(start, **changes)


def training(**changes: Any) -> TrainingRun:
    history = (
        ("loss", (0.9, 0.5, 0.3)),
        ("accuracy", (0.6, 0.8, 0.93)),
        ("val_loss", (0.8, 0.55, 0.4)),
        ("val_accuracy", (0.65, 0.8, 0.88)),
    )
    start = TrainingRun(
        "t1", "m1", 5, "train", "val", 0.0, 3, 3, 32, history,
        (CallbackFacts("EarlyStopping", "val_loss"),), weights_changed=True, completed=True,
    )  # fmt: skip
    return replace(start, **changes)


def scoring(**changes: Any) -> Scoring:
    start = Scoring(
        "s1", "m1", 6, "evaluate", "test", "test", "w3", (("loss", 0.35), ("accuracy", 0.89)), sealed=True, order=10
    )
    return replace(start, **changes)


def verified(**changes: Any) -> Verified:
    start = Verified(
        "s1", "m1", "test", 100, 100, "classification", accuracy=0.89, balanced_accuracy=0.89, majority_accuracy=0.34,
        matrix=MATRIX, classes=("0", "1", "2"),
        per_class=(
            ClassScore("0", 32 / 34, 32 / 34, 32 / 34, 34),
            ClassScore("1", 27 / 31, 27 / 33, 0.84, 33),
            ClassScore("2", 30 / 35, 30 / 33, 0.88, 33),
        ),
        confused=(Confusion("1", "2", 4, 0.12), Confusion("2", "1", 3, 0.09)), predicted_classes=3,
    )  # fmt: skip
    return replace(start, **changes)


def claim(quote: str, value: float, **changes: Any) -> NumberClaim:
    start = NumberClaim("accuracy", value, "test", quote, 9, "prose")
    return replace(start, **changes)


def passage(topic: str, quote: str, **changes: Any) -> Passage:
    start = Passage(topic, "explained", quote, 9)  # type: ignore[arg-type]
    return replace(start, **changes)


def cell(index: int, source: str, calls: tuple[str, ...] = (), **changes: Any) -> CellFacts:
    start = CellFacts(
        index, "code", source, index, run_status="ok", calls=calls, code_lines=source.count("\n") + 1, comment_lines=1
    )
    return replace(start, **changes)


CELLS = (
    CellFacts(0, "markdown", "# Garments\nFrom a picture, predict which garment it is."),
    cell(1, "import keras\nkeras.utils.set_random_seed(0)", ("keras.utils.set_random_seed",)),
    cell(2, "x_train, x_test = train_test_split(x)", ("train_test_split",)),
    cell(3, "plt.imshow(x[0]); print(np.bincount(y))", ("plt.imshow", "np.bincount"), rerun=(TEXT, PICTURE)),
    cell(4, "model = Sequential([...])", ("Sequential",)),
    cell(5, "history = model.fit(x_train, y_train)", ("model.fit",), rerun=(TEXT,)),
    cell(6, "print(model.evaluate(x_test, y_test))", ("model.evaluate", "print"), rerun=(TEXT,), saved=(TEXT,)),
    cell(7, "confusion_matrix(...); plt.plot(h)", ("confusion_matrix", "plt.plot"), rerun=(PICTURE,)),
    cell(8, "print(classification_report(...))", ("classification_report", "print"), rerun=(TEXT,)),
    CellFacts(9, "markdown", "Conclusion ..."),
)  # fmt: skip

PROSE = ProseFacts(
    language="en",
    words=300,
    closing_words=120,
    closing_cells=(9,),
    passages=(
        passage("task", "From a picture, predict which garment it is.", cell=0),
        passage("layers", "Convolutions look for edges."),
        passage("training", "Each epoch the loss is lowered."),
        passage("score", "89 of 100 new pictures are right."),
        passage("overfitting", "It does not overfit: the curves stay together.", stance="absent"),
        passage("trade_offs", "More filters cost time."),
        passage("failure_reasons", "Coats are taken for bags since both are boxes."),
        passage("choice_reason", "Dropout 0.3, because validation loss rose without it."),
        passage("weakness", "Coats are often wrong.", classes=("coats",)),
        passage("next_step", "Next I would add more pictures of coats."),
        passage("next_step_reason", "Because coats fail, next I would add coats."),
        passage("insight", "The matrix showed that shape decides."),
    ),
    claims=(
        claim("The test accuracy is 89 %.", 0.89),
        claim("Test accuracy: 0.89", 0.89, cell=6, where="saved_output"),
        claim("Test accuracy: 0.89", 0.89, cell=6, where="rerun_output"),
    ),
)  # fmt: skip

GOOD = Evidence(
    version=EVIDENCE_VERSION,
    submission="alice",
    notebook="project.ipynb",
    sha256="0" * 64,
    run=RunFacts("ok", "bubblewrap", watched=("keras", "sklearn", "matplotlib")),
    cells=CELLS,
    code=CodeFacts(
        imports=("keras",), import_cells=(1,), seeds=(("keras.utils.set_random_seed", 1),), lint_ran=True, heading_count=4
    ),
    prose=PROSE,
    task="classification",
    input_kind="image",
    class_names=("shirts", "coats", "bags"),
    row_sets=(rows("train", 300, "train"), rows("val", 60, "validation"), rows("test", 100, "test")),
    overlaps=(
        Overlap("test", "train", 0, 0, 100, 0.0),
        Overlap("train", "test", 0, 0, 300, 0.0),
        Overlap("test", "val", 0, 0, 100, 0.0),
    ),
    models=(model(),),
    trainings=(training(),),
    scorings=(scoring(),),
    metric_calls=(
        MetricCall("sklearn.metrics.confusion_matrix", 7, 100, None, MATRIX, scoring="s1", true_role="test", order=11),
        MetricCall("sklearn.metrics.classification_report", 8, 100, text="precision recall", scoring="s1", order=13),
    ),
    splits=(SplitCall("train_test_split", 2, (300, 100), random_state="0", shuffle=True),),
    drawings=(
        Drawing("f0", "a0", 3, "image", shape=(28, 28), shows_rows="train", order=1),
        Drawing("f1", "a1", 7, "image", shape=(3, 3), values=MATRIX, order=12),
        Drawing("f2", "a2", 7, "line", "train", x_label="epoch", y_label="loss", x=(0, 1, 2), y=(0.9, 0.5, 0.3), order=12),
        Drawing("f2", "a2", 7, "line", "val", x_label="epoch", y_label="loss", x=(0, 1, 2), y=(0.8, 0.55, 0.4), order=12),
    ),
    seeds=(SeedCall("keras.utils.set_random_seed", 1, "0"),),
    diagnoses=(Diagnosis("t1", "good_fit", sentence="Both curves fall together."),),
    final_scoring="s1",
    final_model="m1",
    label_agreement=1.0,
    verified=(verified(),),
    references=(ReferenceResult("cnn", "a small CNN", 0.9, "accuracy", 0.01, 3, 20000, 12.0),),
)  # fmt: skip

TABLE = replace(
    GOOD,
    task="regression",
    input_kind="table",
    row_sets=(
        rows("train", 300, "train", shape=(8,), labels=LabelFacts("float", 300, low=20.0, high=300.0)),
        rows("test", 100, "test", shape=(8,), labels=LabelFacts("float", 100, low=25.0, high=290.0)),
    ),
    models=(
        model(
            layers=(LayerFacts("d", "Dense", 9, trainable=True),), output_shape=(None, 1), output_activation="linear",
            loss="mse",
        ),
    ),
    scorings=(scoring(claimed=(("loss", 2500.0), ("mae", 40.0))),),
    metric_calls=(),
    drawings=(Drawing("f", "a", 7, "scatter", x=tuple(range(100)), y=tuple(range(100))),),
    verified=(
        Verified("s1", "m1", "test", 100, 100, "regression", mae=40.0, rmse=50.0, r2=0.5, baseline_mae=65.0),
    ),
    references=(),
    prose=replace(PROSE, claims=()),
)  # fmt: skip


def find(check_id: str, evidence: Evidence = GOOD, **overrides: float) -> Finding:
    """Run one check."""
    return CHECKS[check_id].run(evidence, {f"{check_id}.{name}": value for name, value in overrides.items()})


def outcome(check_id: str, evidence: Evidence = GOOD) -> str:
    """Run one check, and return only how it came out."""
    return find(check_id, evidence).outcome


def without(evidence: Evidence, *topics: str) -> Evidence:
    """The same notebook whose prose says nothing of the topics."""
    kept = tuple(item for item in evidence.prose.passages if item.topic not in topics)
    return replace(evidence, prose=replace(evidence.prose, passages=kept))


def saying(evidence: Evidence, *passages: Passage) -> Evidence:
    """The same notebook whose prose says of these topics just this."""
    quiet = without(evidence, *(item.topic for item in passages))
    return replace(quiet, prose=replace(quiet.prose, passages=(*quiet.prose.passages, *passages)))


def claiming(evidence: Evidence, *claims: NumberClaim) -> Evidence:
    """The same notebook with just these numbers stated."""
    return replace(evidence, prose=replace(evidence.prose, claims=claims))


def cut_short(evidence: Evidence, status: str = "timeout") -> Evidence:
    """The same notebook, of which nothing ran to its end."""
    cells = tuple(replace(item, run_status="not_run", rerun=(), saved=()) for item in evidence.cells)
    empty = replace(
        evidence, cells=cells, run=replace(evidence.run, status=status, message="Cell 4 was cut at the limit of 60 s."), models=(), trainings=(),
        scorings=(), metric_calls=(), drawings=(), row_sets=(), overlaps=(), verified=(), references=(), splits=(),
        seeds=(), diagnoses=(), final_scoring=None, final_model=None, label_agreement=None,
    )  # fmt: skip
    return claiming(empty, *(item for item in evidence.prose.claims if item.where == "prose"))

"""What the task is (classification, regression) and what goes in (images, tables, sequences, text)."""

from __future__ import annotations

import math

from grader.evidence.identity import RowStore
from grader.evidence.labels import LabelVector
from grader.evidence.records import LabelsSeen, RowsSeen
from grader.model import InputKind, LayerFacts, ModelFacts, Task

CLASS_LOSSES = ("crossentropy", "cross_entropy", "hinge", "nll", "focal", "kl_divergence", "kldivergence", "bce")
NUMBER_LOSSES = ("mse", "mae", "mape", "msle", "mean_squared", "mean_absolute", "meansquared", "meanabsolute", "huber",
                 "log_cosh", "logcosh", "l1loss", "squared_error", "absolute_error")  # fmt: skip
CLASS_OUTPUTS = frozenset({"softmax", "sigmoid", "log_softmax", "hard_sigmoid"})

FEW_VALUES = 20
"""Whole-numbered labels with at most this many values may be classes where nothing else tells (a grade, a wine)."""

IMAGE_LOADERS = ("mnist", "cifar", "digits", "olivetti_faces", "lfw", "svhn", "emnist", "usps", "image_dataset",
                 "flow_from_directory", "imagefolder")  # fmt: skip
"""Parts of loader names whose rows are pictures, flattened or not."""

MIN_SIDE = 8
"""Smallest side of a picture: sklearn's digits have 8 by 8 pixels."""

MIN_FLAT_SIDE = 20
"""A flat row of unknown origin must be a picture of at least 20 by 20 to be told from a table with many columns."""

CHANNELS = (1, 3, 4)
TEXT_DTYPES = ("str", "object", "string", "<U", "|S", "bytes")
SEQUENCE_LAYERS = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "Conv1D", "TimeDistributed")


def tell_task(labels: LabelsSeen | None, vector: LabelVector | None, model: ModelFacts | None) -> Task:
    """Return the task: by the loss first, then the output, then how the labels are encoded."""
    loss = (model.loss if model else "").lower()
    form = labels.facts.form if labels else ("int" if vector and vector.classes else "unknown")
    if any(word in loss for word in CLASS_LOSSES):
        return "classification"
    if model and model.output_activation in CLASS_OUTPUTS and form != "float":
        return "classification"
    kind = _class_name(model) if model else ""
    if kind.endswith(("Classifier", "LogisticRegression", "SVC", "NB")):
        return "classification"
    if kind.endswith(("Regressor", "Regression", "Ridge", "Lasso", "SVR")):
        return "regression"
    if any(word in loss for word in NUMBER_LOSSES):
        return _task_of_squares(form, labels, model)
    if form in {"int", "one_hot", "binary", "text"}:
        return "classification"
    return "regression" if form == "float" else "unknown"


def _class_name(model: ModelFacts) -> str:
    return model.layers[0].kind if model.library.startswith("sklearn") and model.layers else ""


def _task_of_squares(form: str, labels: LabelsSeen | None, model: ModelFacts | None) -> Task:
    """A squared or absolute error trains classifiers too: on one-hot labels, or on two classes."""
    if form in {"one_hot", "text"}:
        return "classification"
    metrics = " ".join(model.metrics).lower() if model else ""
    if form in {"int", "binary"} and "acc" in metrics and labels and len(labels.facts.classes) <= FEW_VALUES:
        return "classification"
    return "regression"


def tell_input_kind(record: RowsSeen | None, model: ModelFacts | None, store: RowStore) -> InputKind:
    """Return what one row is. Flattened pictures are pictures."""
    if record is None:
        return "unknown"
    layers = model.layers if model else ()
    kinds = tuple(layer.kind for layer in layers)
    if record.dtype.startswith(TEXT_DTYPES) or "TextVectorization" in kinds:
        return "text"
    if "Embedding" in kinds[:3]:
        return "text" if len(record.shape) == 1 else "sequence"
    rank = len(record.shape)
    if rank >= 3:
        return "sequence" if any(kind in SEQUENCE_LAYERS for kind in kinds) and "Conv2D" not in kinds else "image"
    if rank == 2:
        return _plane(record, kinds)
    if _flat_picture(record, layers, store):
        return "image"
    if any(kind in SEQUENCE_LAYERS for kind in kinds):
        return "sequence"
    return "table" if rank == 1 else "unknown"


def _plane(record: RowsSeen, kinds: tuple[str, ...]) -> InputKind:
    """Tell a grey picture from a sequence of feature vectors: by the layers, else by sides and range of values."""
    if any("Conv2D" in kind or kind == "Convolution2D" for kind in kinds):
        return "image"
    high, wide = record.shape
    picture = min(high, wide) >= MIN_SIDE and _pixel_range(record)
    if any(kind in SEQUENCE_LAYERS for kind in kinds):
        return "image" if picture and high == wide else "sequence"
    if picture:
        return "image"
    return "table" if 1 in record.shape else "sequence"


def _pixel_range(record: RowsSeen) -> bool:
    return record.low is not None and record.high is not None and record.low >= 0 and record.high <= 255


def _side(values: int) -> int:
    """Return the side of the square picture (grey or with channels) that `values` numbers make, 0 where none."""
    for channels in CHANNELS:
        side = math.isqrt(values // channels)
        if side * side * channels == values and side >= MIN_SIDE:
            return side
    return 0


def _flat_picture(record: RowsSeen, layers: tuple[LayerFacts, ...], store: RowStore) -> bool:
    values = math.prod(record.shape)
    first = next((layer for layer in layers if layer.kind != "InputLayer"), None)
    if first is not None and first.kind == "Reshape" and len(first.output_shape) == 4:
        return True
    if not _side(values):
        return False
    loaded = [load for load in store.loads if any(word in load.function.lower() for word in IMAGE_LOADERS)]
    parts = [part for load in loaded for part, _ in load.parts]
    if any(part in store.records and math.prod(store.records[part].shape) == values for part in parts if part):
        return True
    if any(load for load in loaded if not load.parts):
        return True
    same_size = [
        other for other in store.records.values()
        if len(other.shape) in {2, 3} and math.prod(other.shape) == values and min(other.shape[:2]) >= MIN_SIDE
    ]  # fmt: skip
    if any(_shares_forms(record.id, other.id, store) for other in same_size[:20]):
        return True
    return _side(values) >= MIN_FLAT_SIDE and _pixel_range(record)


def _shares_forms(left: str, right: str, store: RowStore) -> bool:
    """Return whether two row sets hold some of the same rows, whatever their shape and scale."""
    mine, theirs = store.canonical(left), store.canonical(right)
    return mine is not None and theirs is not None and bool(set(mine[:200].tolist()) & set(theirs.tolist()))

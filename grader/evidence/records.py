"""The probe's events after checking: one frozen record per kind, with typed fields."""

from __future__ import annotations

from dataclasses import dataclass

from grader.model import CallbackFacts, Drawing, LabelFacts, LayerFacts, TrainingCut


@dataclass(frozen=True, slots=True)
class RowsSeen:
    """Rows seen at a boundary. Artifacts stand as ids; `order` is the event's position in the run."""

    id: str
    count: int
    shape: tuple[int, ...]
    dtype: str
    source: str
    exact: str | None
    canonical: str | None
    low: float | None
    high: float | None
    mean: float | None
    values: str | None
    values_index: str | None
    scale: float | None
    complete: bool
    cell: int
    order: int
    start: int | None = None
    """For a part of another row set (Keras's validation_split): where it begins in `parent`."""
    parent: str | None = None
    nans: int = 0


@dataclass(frozen=True, slots=True)
class LabelsSeen:
    """Labels seen with rows or given to a metric."""

    id: str
    facts: LabelFacts
    shape: tuple[int, ...]
    values: str | None
    order: int


@dataclass(frozen=True, slots=True)
class Labelled:
    """These rows were seen with these labels."""

    rows: str
    labels: str
    order: int
    by: str
    """`source` (loader, split, anything outside a model), `fit` or `score`."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A loader's call and its parts, in the order it returned them."""

    function: str
    parts: tuple[tuple[str | None, str | None], ...]
    cell: int
    order: int
    settings: tuple[tuple[str, str], ...] = ()
    datasets: tuple[str, ...] = ()
    """tf.data sets that were returned (a folder of pictures)."""


@dataclass(frozen=True, slots=True)
class Split:
    """A splitter's call."""

    function: str
    sizes: tuple[int, ...]
    settings: tuple[tuple[str, str], ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    cell: int
    order: int
    places: tuple[str, ...] = ()
    """For each output the artifact of its rows' places in the frame that was split; empty where it was none."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that tells rows apart: equal values have equal codes."""

    name: str
    distinct: int
    codes: str


@dataclass(frozen=True, slots=True)
class Columns:
    """A table that was read."""

    count: int
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class FilesRead:
    """Files that one cell read, in order."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A preprocessing object fitted on rows."""

    object: str
    kind: str
    rows: str | None
    stateless: bool
    cell: int
    order: int


@dataclass(frozen=True, slots=True)
class Moved:
    """Rows that became other rows, one for one: by a transform, or by random augmentation."""

    kind: str
    rows_in: str | None
    rows_out: str | None
    cell: int
    order: int


@dataclass(frozen=True, slots=True)
class DataOp:
    """One step of building a tf.data pipeline."""

    op: str
    settings: tuple[tuple[str, str], ...]
    order: int
    dataset: str = ""
    """The data set that was made."""
    source: str = ""
    """The data set it was made of; empty where it was made of nothing."""


@dataclass(frozen=True, slots=True)
class Described:
    """A model's architecture, as it was at one moment."""

    id: str
    library: str
    kind: str
    family: str
    layers: tuple[LayerFacts, ...]
    parameters: int
    trainable_parameters: int
    input_shape: tuple[int | None, ...]
    output_shape: tuple[int | None, ...]
    output_activation: str
    pretrained: str
    cell: int
    order: int


@dataclass(frozen=True, slots=True)
class Compiled:
    """Settings of one compile."""

    model: str
    loss: str
    from_logits: bool | None
    optimizer: str
    learning_rate: float | None
    metrics: tuple[str, ...]
    cell: int
    order: int


@dataclass(frozen=True, slots=True)
class FitBegan:
    """The start of one fit."""

    id: str
    model: str
    rows: str | None
    labels: str | None
    validation_rows: str | None
    validation_labels: str | None
    validation_split: float
    epochs: int
    batch_size: int | None
    callbacks: tuple[CallbackFacts, ...]
    weights: str
    augmentation: tuple[str, ...]
    cell: int
    order: int
    custom: bool = False
    """A loop of the student's own (GradientTape, train_on_batch)."""


@dataclass(frozen=True, slots=True)
class FitEpoch:
    """The logs of one epoch."""

    fit: str
    epoch: int
    logs: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class FitEnded:
    """The end of one fit. For streams the rows are known only here."""

    fit: str
    completed: bool
    weights: str
    seconds: float
    rows: str | None
    validation_rows: str | None
    unstable: bool | None
    order: int
    later_rows: str | None = None
    """Rows that only later epochs brought (augmentation makes new ones in each)."""
    drawn_from: str | None = None
    """The rows whose altered copies a stream brought (`ImageDataGenerator.flow(x)`)."""
    validation_drawn_from: str | None = None
    built_with: str = ""
    """Digest after the first epoch of a model that fit itself had to build (one without an input shape)."""
    put_in: str = ""
    """How weights came into the model meanwhile that no training of the run made; empty where none did."""
    error: str = ""
    steps: int | None = None
    cut: TrainingCut | None = None
    """What a budget took from it, by the word of the kernel: it counts only where the run had one."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A model sealed for recomputation, or the reason why it could not be."""

    model: str
    weights: str
    artifact: str | None
    why: str


@dataclass(frozen=True, slots=True)
class Scored:
    """A model applied to rows outside of fit."""

    id: str
    model: str
    how: str
    rows: str | None
    labels: str | None
    weights: str
    returned: tuple[tuple[str, float], ...]
    predictions: str | None
    cell: int
    order: int
    during: str = ""
    """The fit in whose callback this happened; empty outside of fit."""
    at_random: bool = False
    """Layers that act at random only in training were at work."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric function's call."""

    function: str
    true: str | None
    predicted: str | None
    count: int
    value: float | None
    matrix: tuple[tuple[float, ...], ...]
    text: str
    score: str | None
    cell: int
    order: int


@dataclass(frozen=True, slots=True)
class Titled:
    """Titles, axis labels and annotations of axes, as they stood when the figure was shown."""

    figure: str
    axes: str
    title: str
    x_label: str
    y_label: str
    texts: tuple[str, ...]
    legend: tuple[str, ...] = ()
    y_limits: tuple[float, ...] = ()
    y_scale: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Something drawn; the row set a picture belongs to is resolved later."""

    drawing: Drawing
    rows: str | None
    row: int | None = None


@dataclass(frozen=True, slots=True)
class SeedSet:
    """A seeding call."""

    function: str
    value: str
    cell: int
    order: int


@dataclass(frozen=True, slots=True)
class Start:
    """A model sealed as a training found it."""

    model: str
    weights: str
    artifact: str
    order: int


@dataclass(frozen=True, slots=True)
class WeightsLoaded:
    """Weights that came from a file or another model."""

    model: str
    how: str
    order: int
    weights: str = ""


@dataclass(frozen=True, slots=True)
class WeightsKept:
    """A state of a model that may be loaded again; `during` is the training that was going on."""

    model: str
    weights: str
    during: str
    order: int


@dataclass(frozen=True, slots=True)
class Hooked:
    """A library the probe hooked; `cell` is -1 where that was before the first."""

    library: str
    cell: int = -1


@dataclass(frozen=True, slots=True)
class Noted:
    """Something stood in for what the notebook asked for."""

    text: str


@dataclass(frozen=True, slots=True)
class Lacked:
    """Something the notebook asked for that is not here. `need`: url, file, package, secret or input."""

    need: str
    name: str
    by: str
    cell: int


@dataclass(frozen=True, slots=True)
class Fault:
    """The probe's own fault, or something it dropped at a cap."""

    text: str

"""What was watched while a notebook ran: models, trainings, scorings, and the calls that made them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from grader.model.rows import LabelFacts, Role


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """One layer, nested models flattened. `settings` holds units, filters, rate, activation, ... as text."""

    name: str
    kind: str
    parameters: int
    trainable: bool
    output_shape: tuple[int | None, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One model object as compiled or trained. `pretrained` names a backbone from an applications module."""

    id: str
    library: str
    kind: Literal["sequential", "functional", "subclassed", "other"]
    layers: tuple[LayerFacts, ...]
    parameters: int
    trainable_parameters: int
    input_shape: tuple[int | None, ...] = ()
    output_shape: tuple[int | None, ...] = ()
    output_activation: str = ""
    loss: str = ""
    from_logits: bool | None = None
    optimizer: str = ""
    learning_rate: float | None = None
    metrics: tuple[str, ...] = ()
    pretrained: str = ""
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class CallbackFacts:
    """A callback given to fit, with what it watches."""

    kind: str
    monitor: str = ""
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingCut:
    """What the grader's own budget took from a training (`--budget`): no doing of the student's.

    `steps_asked` is None where the number of batches is not known. `ended_early`: it ended before the epochs that were
    asked for were over. `fewer_validated`: in some epochs only a part of the validation rows was scored.
    """

    steps: int
    steps_asked: int | None = None
    ended_early: bool = False
    fewer_validated: bool = False


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """One call of fit (or a traced custom loop). `history` maps Keras's log names to one value per epoch."""

    id: str
    model: str
    cell: int
    train_rows: str | None
    validation_rows: str | None
    validation_split: float
    epochs_asked: int
    epochs_done: int
    batch_size: int | None
    history: tuple[tuple[str, tuple[float, ...]], ...]
    callbacks: tuple[CallbackFacts, ...]
    weights_changed: bool | None
    completed: bool
    augmentation: tuple[str, ...] = ()
    learning_rate: float | None = None
    seconds: float = 0.0
    drawn_from: tuple[str, ...] = ()
    """Row sets whose altered copies were trained on (what `ImageDataGenerator.flow` was given)."""
    labels: LabelFacts | None = None
    """Labels in the form fit was given: the same rows may have had others where they were loaded or split."""
    custom_loop: bool = False
    """A loop of the student's own: its epochs are passes over its rows, and its losses what gradients were taken of."""
    source_classes: tuple[str, ...] = ()
    """What rows of two classes were labelled where they were loaded (7 and 9), whatever training calls them."""
    trainable_parameters: int | None = None
    """How many parameters training could change when it began: fewer than the model has while a backbone is frozen."""
    cut: TrainingCut | None = None
    """None where it was as long as the notebook asks for."""

    @property
    def how_cut(self) -> str:
        """How a budget cut it, as the end of a sentence that begins with it; empty where none did."""
        cut = self.cut
        if cut is None:
            return ""
        if cut.ended_early and self.epochs_asked > self.epochs_done:
            return f"cut at the grader's budget after epoch {self.epochs_done} of {self.epochs_asked}"
        if cut.ended_early:
            return f"cut at the grader's budget after {cut.steps:,} steps"
        if cut.steps_asked is not None and cut.steps < cut.steps_asked:
            return f"given {cut.steps:,} of its {cut.steps_asked:,} steps by the grader's budget"
        return "given a part of its steps by the grader's budget"

    def series(self, name: str) -> tuple[float, ...]:
        """Return the values of one log (`loss`, `val_accuracy`), one per epoch; empty where there is none."""
        return dict(self.history).get(name, ())


@dataclass(frozen=True, slots=True)
class Scoring:
    """One scoring of a model: evaluate, predict, or a call on rows, outside of fit.

    `claimed` holds what the kernel returned (never used to award a level by itself). `weights` is the digest of the
    weights at that moment: equal digests mean the same frozen model.
    """

    id: str
    model: str
    cell: int
    how: Literal["evaluate", "predict", "call", "score"]
    rows: str | None
    role: Role
    weights: str
    claimed: tuple[tuple[str, float], ...] = ()
    sealed: bool = False
    seal_note: str = ""
    order: int = 0
    """Position among all events of the run: what was before what."""
    trained_by: tuple[str, ...] = ()
    """Ids of the trainings that made the scored weights, also where another object carries them (a loaded file)."""
    during: str = ""
    """Id of the training in which a callback did this scoring; empty for a scoring outside of fit."""
    unwatched: str = ""
    """Why the scored weights are not the work of the watched trainings alone; empty where they are."""
    left_out: int = 0
    """Rows of the part of a split that were picked out, neither as a slice nor by class, before this scoring."""
    at_random: bool = False
    """A PyTorch model with dropout or batch normalisation was scored without having been put into evaluation mode."""


@dataclass(frozen=True, slots=True)
class MetricCall:
    """A call of a metric function on labels and predictions. `matrix` is set for confusion matrices."""

    function: str
    cell: int
    count: int
    value: float | None = None
    matrix: tuple[tuple[float, ...], ...] = ()
    text: str = ""
    scoring: str | None = None
    """The scoring whose predictions these are, where they could be matched."""
    true_role: Role = "other"
    order: int = 0
    table: tuple[tuple[float, ...], ...] = ()
    """What was returned where it left out classes that were never answered or never true (`pd.crosstab`); `matrix`
    then holds them too, with zeros."""


@dataclass(frozen=True, slots=True)
class SplitCall:
    """A call of a splitter: sizes of the parts in rows, and the arguments that matter."""

    function: str
    cell: int
    sizes: tuple[int, ...]
    random_state: str = ""
    shuffle: bool | None = None
    stratified: bool = False
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PreprocessingFit:
    """A scaler, encoder, vectoriser or selector fitted on rows: how many of them were later tested on."""

    kind: str
    cell: int
    rows: int
    test_rows_included: int | None
    train_rows_included: int | None = None
    stateless: bool = False
    """Fitting it learns nothing from feature values (a label encoder, an identity)."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Something drawn on axes. Lines carry `x`/`y`; pictures and meshes carry `values` when small enough."""

    figure: str
    axes: str
    cell: int
    kind: Literal["line", "image", "mesh", "bar", "scatter", "hist", "text", "other"]
    label: str = ""
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    shape: tuple[int, ...] = ()
    values: tuple[tuple[float, ...], ...] = ()
    texts: tuple[str, ...] = ()
    shows_rows: str | None = None
    """Id of the row set one of whose rows this picture shows, where it was recognised."""
    order: int = 0
    shows_row: int | None = None
    """Which row of that set (the first of equal ones), counted from 0."""
    y_limits: tuple[float, ...] = ()
    """Lower and upper end of the vertical axis where they were set by hand; empty where they follow the data."""
    y_scale: str = ""


@dataclass(frozen=True, slots=True)
class SeedCall:
    """A seeding call that really happened."""

    function: str
    cell: int
    value: str
    order: int = 0


@dataclass(frozen=True, slots=True)
class WatchGap:
    """A place where the watching of the run stopped or was tampered with.

    `silent`: the probe no longer speaks; `unhooked`: a hook was taken out; `forged`: events that no hook sent;
    `hidden`: how the cell ended, or what it ran, is not what the kernel replied. `detail` says what was seen.
    """

    cell: int
    kind: Literal["silent", "unhooked", "forged", "hidden"]
    detail: str

"""Everything measured about one submission: what the checks decide from, and all they decide from.

Evidence is plain data: it goes to `evidence.json` and comes back equal, so that a class can be judged again without
running anything. Numbers that a student's process claimed and numbers recomputed outside it never share a field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from grader.model.leaks import (
    GroupCrossing,
    Interpolated,
    LabelProxy,
    Narrowing,
    SeriesCrossing,
    ThresholdSearch,
    UnlikeDivision,
)
from grader.model.own_data import OwnData
from grader.model.run import Interpreter, RunStatus, Tier
from grader.model.submission import CellKind, SavedOutput

EVIDENCE_VERSION = 1
"""Raised whenever stored evidence can no longer be judged by newer checks; stored runs are then repeated."""

Role = Literal["train", "validation", "test", "other"]
Task = Literal["classification", "regression", "unknown"]
InputKind = Literal["image", "table", "sequence", "text", "unknown"]


# ---------------------------------------------------------------- the notebook, read
@dataclass(frozen=True, slots=True)
class CellFacts:
    """One cell as read and as run. `calls` are dotted names called (`model.fit`, `plt.plot`, `sns.heatmap`)."""

    index: int
    kind: CellKind
    source: str
    execution_count: int | None = None
    saved: tuple[SavedOutput, ...] = ()
    rerun: tuple[SavedOutput, ...] = ()
    run_status: Literal["ok", "error", "interrupted", "not_run"] = "not_run"
    exception: str = ""
    message: str = ""
    seconds: float = 0.0
    parses: bool = True
    calls: tuple[str, ...] = ()
    defines_functions: int = 0
    code_lines: int = 0
    comment_lines: int = 0
    commented_code_lines: int = 0


@dataclass(frozen=True, slots=True)
class LintIssue:
    """One finding of the notebook linter (ruff in notebook mode)."""

    rule: str
    message: str
    cell: int
    line: int


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """The code as a whole. `seeds` are dotted names of seeding calls or `random_state=` arguments with their cell."""

    imports: tuple[str, ...] = ()
    import_cells: tuple[int, ...] = ()
    seeds: tuple[tuple[str, int], ...] = ()
    lint: tuple[LintIssue, ...] = ()
    lint_ran: bool = False
    repeated_blocks: tuple[tuple[int, int, int], ...] = ()
    """Copy-paste: (cell, cell, lines) of runs of equal code lines."""
    function_count: int = 0
    heading_count: int = 0
    shell_lines: int = 0
    defined_class_names: tuple[str, ...] = ()
    tuning: tuple[tuple[str, int], ...] = ()
    """Tuning or regularising constructs in the code (`EarlyStopping`, `Dropout`, a loop over settings), by cell."""
    lint_note: str = ""
    """Why the linter could not run, where `lint_ran` is False."""


# ---------------------------------------------------------------- the prose, read
SectionKind = Literal["introduction", "data", "model", "training", "evaluation", "conclusion", "other"]
Topic = Literal[
    "task",
    "layers",
    "training",
    "score",
    "overfitting",
    "trade_offs",
    "failure_reasons",
    "choice_reason",
    "weakness",
    "inadequacy",
    "next_step",
    "next_step_reason",
    "insight",
    "grader_address",
]
"""`weakness` says where the model goes wrong; `inadequacy` that it is not good enough as a whole (R² only 0.5)."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence that speaks of a topic. `strength` is `named` (the term appears) or `explained` (it is explained).

    `stance` is set where the sentence takes a side: for overfitting `present`, `absent` or `general`.
    """

    topic: Topic
    strength: Literal["named", "explained"]
    quote: str
    cell: int
    stance: str = ""
    classes: tuple[str, ...] = ()
    """Class names or numbers the sentence speaks of, as written."""


@dataclass(frozen=True, slots=True)
class NumberClaim:
    """A number the student states. `value` is normalised: accuracy 0..1, others as they are.

    `metric` is `accuracy`, `loss`, `error` (1 - accuracy), `mae`, `mse`, `rmse`, `r2`, `f1`, `precision`, `recall`,
    `epochs`, `parameters`, ...; `split` says of which rows (`unstated` where the sentence doesn't say);
    `digits` is the number of decimals of `value` that were stated, for rounding; `where` tells prose from output.
    """

    metric: str
    value: float
    split: Literal["train", "validation", "test", "unstated"]
    quote: str
    cell: int
    where: Literal["prose", "comment", "saved_output", "rerun_output"]
    digits: int = 2
    approximate: bool = False
    literal: bool = False
    """The number stands as a literal in the code that prints it (`print("accuracy: 0.98")`)."""
    subject: str = ""
    """The model the sentence names (`dense`, `cnn`, `baseline`, `model 2`), lower case; empty where it names none.

    A number about another model than the final one is compared with that one's scorings, or with none.
    """


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of markdown under one heading. `words` counts words without headings, code and links."""

    kind: SectionKind
    heading: str
    cells: tuple[int, ...]
    words: int


@dataclass(frozen=True, slots=True)
class ProseFacts:
    """The student's words. `language` is an ISO code or `unknown`; `closing_words` counts the concluding write-up."""

    language: str = "unknown"
    words: int = 0
    closing_words: int = 0
    closing_cells: tuple[int, ...] = ()
    sections: tuple[Section, ...] = ()
    passages: tuple[Passage, ...] = ()
    claims: tuple[NumberClaim, ...] = ()


# ---------------------------------------------------------------- the run, watched
@dataclass(frozen=True, slots=True)
class LabelFacts:
    """Labels of a row set: `form` is how they are encoded, `counts` per class in the order of `classes`."""

    form: Literal["int", "one_hot", "binary", "float", "text", "unknown"]
    count: int
    classes: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class RowSet:
    """One distinct set of rows that reached a model or a split. Same rows, same id, whatever the variable's name.

    `shape` is that of one row; `low/high/mean` are over all values; `role` is how the rows were used first and
    foremost: `train` if a fit used them, `validation` if a fit watched them, `test` if only scorings used them.
    `origin_hint` names a loader or known data set where one was recognised (`fashion_mnist/test`).
    """

    id: str
    rows: int
    distinct: int
    shape: tuple[int, ...]
    dtype: str
    role: Role
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    labels: LabelFacts | None = None
    origin_hint: str = ""
    complete: bool = True
    """False where the stream was only partly seen (cut run, cap reached): overlaps are then lower bounds."""
    cells: tuple[int, ...] = ()
    nans: int = 0
    """Values that are not a number (missing ones), of all rows together."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Rows of `left` that also occur in `right`, by exact value and by canonical form (scale removed).

    `duplicate_rate` is the share of rows of `left` that repeat within `left` itself: what chance explains.
    """

    left: str
    right: str
    exact: int
    canonical: int
    left_rows: int
    duplicate_rate: float
    by_lineage: int | None = None


@dataclass(frozen=True, slots=True)
class NearCopies:
    """How many of the rows `left` lie next to a training row, far closer than rows of this data lie to each other.

    Measured by the host on `sampled` of them, mirrored and turned pictures included. `expected` is the share that the
    data's own near repeats explain.
    """

    left: str
    sampled: int
    near: int
    expected: float


@dataclass(frozen=True, slots=True)
class OfficialRows:
    """A row set made of a known data set's rows: how many of its `total` rows are of which official part.

    `official_train` and `official_test` are the sizes of the whole parts; data sets without a split have no test part.
    """

    rows: str
    dataset: str
    train: int
    test: int
    total: int
    official_train: int
    official_test: int

    @property
    def part(self) -> Literal["train", "test", "both"]:
        """The part that its rows are of."""
        if not self.test or not self.train:
            return "test" if self.test else "train"
        return "both"


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


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The run as a whole, for checks and reports."""

    status: RunStatus
    isolation: Tier
    failed_cell: int | None = None
    message: str | None = None
    needs: tuple[str, ...] = ()
    """What the notebook needed and this machine did not have: `module cv2`, `network`, `gpu`, `dataset cifar10`."""
    diagnosis: str = ""
    """A sentence for the student on why the first failing cell failed, where it was recognised."""
    probe_faults: tuple[str, ...] = ()
    channel_faults: int = 0
    watched: tuple[str, ...] = ()
    """Libraries the probe hooked in this run."""
    isolation_gaps: tuple[str, ...] = ()
    wall_s: float = 0.0
    failed_by: Literal["", "notebook", "machine"] = ""
    """Whose doing the first failure was: the notebook's on any machine, or this one's, which lacks what it needs."""
    why_not_better: str | None = None
    """Why no better isolation was used."""
    remedy: str | None = None
    """The line that would give a better one."""
    interpreter: Interpreter = field(default_factory=Interpreter)
    substituted: tuple[str, ...] = ()
    """What stood in for something the notebook asked for: `x.csv was already here: https://... was not downloaded`."""
    watch_gaps: tuple[WatchGap, ...] = ()
    """Where the watching was undone: what was seen can't be relied on from there."""


# ---------------------------------------------------------------- recomputed outside
@dataclass(frozen=True, slots=True)
class ClassScore:
    """Per-class figures from the recomputed confusion matrix."""

    label: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


@dataclass(frozen=True, slots=True)
class Confusion:
    """A pair of classes often taken for each other: `count` rows of `true` were called `predicted`."""

    true: str
    predicted: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong prediction. `picture` is a PNG as base64 (images only, made by the host from the sealed rows)."""

    row: int
    true: str
    predicted: str
    confidence: float
    picture: str = ""


@dataclass(frozen=True, slots=True)
class SilentUnits:
    """A ReLU layer, and how many of its units answered 0 to every row that was looked at."""

    layer: str
    units: int
    silent: int


@dataclass(frozen=True, slots=True)
class Verified:
    """A scoring recomputed in a clean sandboxed process that never saw the student's code.

    For classification `accuracy`, `matrix` (rows: true) and the per-class figures are set; for regression `mae`,
    `rmse`, `r2`. `rows_used` may be fewer than `rows_total` (caps): then the figures are of that sample.
    """

    scoring: str
    model: str
    rows: str
    rows_used: int
    rows_total: int
    task: Task
    accuracy: float | None = None
    balanced_accuracy: float | None = None
    majority_accuracy: float | None = None
    matrix: tuple[tuple[int, ...], ...] = ()
    classes: tuple[str, ...] = ()
    per_class: tuple[ClassScore, ...] = ()
    confused: tuple[Confusion, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    mae: float | None = None
    rmse: float | None = None
    r2: float | None = None
    baseline_mae: float | None = None
    """Error of always answering the median of the training labels."""
    predicted_classes: int | None = None
    """How many different classes the model ever answers: 1 is a collapse."""
    origin: Literal["verified", "kernel"] = "verified"
    note: str = ""
    alternatives: tuple[tuple[str, float], ...] = ()
    """Accuracy of the same outputs under other readings: `cut_at_0.5` (Keras's metric on a logit unit, which is
    right from 0 up), `rounded` (one unit's outputs to the nearest label). A claim that equals one is not made up."""
    cuts: tuple[tuple[float, tuple[tuple[int, ...], ...]], ...] = ()
    """Two classes: the matrix at other thresholds than the usual one, by the share of the second class to answer it."""
    silent_units: tuple[SilentUnits, ...] = ()
    """ReLU layers in order, looked at in the clean process on some of the rows."""
    wrong_rows: tuple[int, ...] = ()
    """Rows of the whole set that were answered wrongly, in order; the first of very many."""
    macro_f1: float | None = None
    """Mean F1 of the classes that have rows or were answered."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """The notebook run once more from a fresh kernel, where a level hung on whether its score comes out again.

    `value` is that run's final score in `metric`; None with the reason in `note` where there was none, or no run.
    """

    status: RunStatus = "not_run"
    metric: str = ""
    value: float | None = None
    origin: Literal["verified", "kernel"] = "kernel"
    wall_s: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class HiddenTest:
    """What the final model scored on the instructor's own test, recomputed like every score.

    `verified` is None where it could not be scored; `note` then says why. `prepared` is what was done to the hidden
    rows so that they have the form of those the model was given, in words.
    """

    source: str
    sha256: str
    rows: int
    prepared: tuple[str, ...] = ()
    verified: Verified | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReferenceResult:
    """One reference recipe trained on the student's training rows and scored on the student's test rows."""

    recipe: str
    title: str
    score: float
    metric: Literal["accuracy", "mae"]
    spread: float
    """Standard deviation over the seeds that were run (0 where only one was)."""
    seeds: int
    parameters: int
    seconds: float
    history: tuple[tuple[str, tuple[float, ...]], ...] = ()
    note: str = ""
    scores: tuple[float, ...] = ()
    """The score of each seed."""
    balanced_accuracy: float | None = None
    balanced_spread: float = 0.0
    macro_f1: float | None = None
    error_deviation: float | None = None
    """Standard deviation of one row's absolute error, where errors are the metric."""
    trained_on: str = ""
    """Which rows it was trained on where those are not the student's training rows alone."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the curves of one training say. `epoch` (1-based) is where it begins, None where it doesn't apply."""

    training: str
    kind: Literal["overfit", "underfit", "good_fit", "diverged", "unknown"]
    epoch: int | None = None
    gap: float | None = None
    sentence: str = ""
    mild: bool = False
    """Overfitting so small that one reader names it and another calls it none: neither contradicts the curves."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known about one submission.

    `final_scoring` is the scoring that counts as the student's result: the last one on held-out rows, else the last
    one on validation rows, else on training rows. `final_model` is the model it scored, else the last one trained.
    """

    version: int
    submission: str
    notebook: str
    sha256: str
    run: RunFacts
    cells: tuple[CellFacts, ...]
    code: CodeFacts
    prose: ProseFacts
    task: Task = "unknown"
    input_kind: InputKind = "unknown"
    class_names: tuple[str, ...] = ()
    """Names the notebook gives its classes, in label order, where they could be read (`class_names = [...]`)."""
    row_sets: tuple[RowSet, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    models: tuple[ModelFacts, ...] = ()
    trainings: tuple[TrainingRun, ...] = ()
    scorings: tuple[Scoring, ...] = ()
    metric_calls: tuple[MetricCall, ...] = ()
    splits: tuple[SplitCall, ...] = ()
    preprocessing: tuple[PreprocessingFit, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    seeds: tuple[SeedCall, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    final_scoring: str | None = None
    final_model: str | None = None
    label_agreement: float | None = None
    """Share of training rows whose label is the one the same row had where it was loaded or split."""
    unstable_membership: bool | None = None
    """Whether rows were seen to move between training and held-out sets from epoch to epoch or use to use."""
    verified: tuple[Verified, ...] = ()
    verification_note: str = ""
    references: tuple[ReferenceResult, ...] = ()
    reference_note: str = ""
    augmentation_before_split: int | None = None
    """Test rows known by lineage to be copies of training rows, where lineage was seen."""
    near_copies: NearCopies | None = None
    """Rows of the final scoring that are all but equal to training rows; None where their values were not kept."""
    own_data: OwnData | None = None
    """What the data files beside the notebook hold; None where there are none."""
    official: tuple[OfficialRows, ...] = ()
    """Row sets whose rows are a known data set's, recognised by content."""
    starts: tuple[Verified, ...] = ()
    """What the final model scored on the rows of the final scoring before its first training, recomputed."""
    repeat: Repeat | None = None
    """What a run more came to; None where no level hung on it, or it was switched off."""
    narrowings: tuple[Narrowing, ...] = ()
    threshold_searches: tuple[ThresholdSearch, ...] = ()
    unlike_divisions: tuple[UnlikeDivision, ...] = ()
    label_proxy: LabelProxy | None = None
    """None where the inputs are no table, or values or labels of either side were not kept."""
    interpolated: Interpolated | None = None
    """None where the inputs are no table, or values were not kept."""
    series_crossing: SeriesCrossing | None = None
    """None where rows are no windows of a series, or values were not kept."""
    group_crossing: GroupCrossing | None = None
    """None where nothing that tells groups was seen, or rows of a group lie no closer than others."""
    hidden_test: HiddenTest | None = None
    """The final model on the instructor's hidden test; None where none was given."""

    def scoring(self, scoring_id: str | None) -> Scoring | None:
        """Return the scoring of that id, or None."""
        return next((item for item in self.scorings if item.id == scoring_id), None)

    def row_set(self, rows_id: str | None) -> RowSet | None:
        """Return the row set of that id, or None."""
        return next((item for item in self.row_sets if item.id == rows_id), None)

    def model(self, model_id: str | None) -> ModelFacts | None:
        """Return the model of that id, or None."""
        return next((item for item in self.models if item.id == model_id), None)

    def official_rows(self, rows_id: str | None) -> OfficialRows | None:
        """Return what a row set is of a known data set, or None."""
        return next((item for item in self.official if item.rows == rows_id), None)

    def verification(self, scoring_id: str | None) -> Verified | None:
        """Return what was recomputed for that scoring, or None."""
        return next((item for item in self.verified if item.scoring == scoring_id), None)

    def overlap(self, left: str | None, right: str | None) -> Overlap | None:
        """Return the overlap of two row sets, left in right, or None where it was not measured."""
        return next((item for item in self.overlaps if (item.left, item.right) == (left, right)), None)

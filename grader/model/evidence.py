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
from grader.model.opinion import Opinion
from grader.model.own_data import OwnData
from grader.model.project import DocumentFacts, RunFiles
from grader.model.reading import CellFacts, CodeFacts, ProseFacts
from grader.model.recomputed import HiddenTest, ReferenceResult, Repeat, Verified
from grader.model.rows import InputKind, NearCopies, OfficialRows, Overlap, RowSet, Task
from grader.model.run import Budget, Interpreter, RunStatus, Tier
from grader.model.submission import ProjectFile
from grader.model.watched import (
    Drawing,
    MetricCall,
    ModelFacts,
    PreprocessingFit,
    Scoring,
    SeedCall,
    SplitCall,
    TrainingRun,
    WatchGap,
)

EVIDENCE_VERSION = 1
"""Raised whenever stored evidence can no longer be judged by newer checks; stored runs are then repeated."""


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
    failed_by: Literal["", "notebook", "machine", "budget"] = ""
    """Whose doing the first failure was: the notebook's on any machine, this one's, which lacks what it needs, or
    perhaps that of the grader's own budget, which had cut a training before."""
    why_not_better: str | None = None
    """Why no better isolation was used."""
    remedy: str | None = None
    """The line that would give a better one."""
    interpreter: Interpreter = field(default_factory=Interpreter)
    substituted: tuple[str, ...] = ()
    """What stood in for something the notebook asked for: `x.csv was already here: https://... was not downloaded`."""
    only_read: bool = False
    """Handed in as what can't be run (a PDF export), and graded on what it shows: `message` says so."""
    budget: Budget = field(default_factory=Budget)
    """How much training the run was allowed; which trainings it cut, they say themselves."""
    watch_gaps: tuple[WatchGap, ...] = ()
    """Where the watching was undone: what was seen can't be relied on from there."""


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
    ensembles: tuple[Verified, ...] = ()
    """What models that answered the same rows score together: the mean of their answers, and their vote."""
    run_files: RunFiles = field(default_factory=RunFiles)
    """What the run saved, loaded and left in its working folder, by its own word."""
    documents: tuple[DocumentFacts, ...] = ()
    """README, model card and other documents of the project; their texts are cells too."""
    project: tuple[ProjectFile, ...] = ()
    """The files that were handed in, where that was a folder; paths are relative to it."""
    chosen: str = ""
    """Why this one of several notebooks was graded; empty where there was but one."""
    given: str = ""
    """Digest of the assignment's text that was left out of `prose`; empty where none was known."""

    opinions: tuple[Opinion, ...] = ()
    """What a language model says of the prose, where one was asked: a second opinion that changes no level."""

    @property
    def cut_trainings(self) -> tuple[TrainingRun, ...]:
        """The trainings that the grader's own budget cut short: what rests on what they learnt is weakened."""
        return tuple(item for item in self.trainings if item.cut is not None)

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

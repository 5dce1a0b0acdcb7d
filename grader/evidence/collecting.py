"""From a run to Evidence: typed and measured, nothing judged."""

from __future__ import annotations

from collections.abc import Sequence

from grader.evidence.altered import find_asides
from grader.evidence.diagnosis import diagnose
from grader.evidence.failures import explain_failure, find_needs, tell_whose_fault
from grader.evidence.final import find_result
from grader.evidence.groups import find_group_crossing
from grader.evidence.integrity import find_watch_gaps
from grader.evidence.lacks import MOST_NOTES, Lacks
from grader.evidence.made_rows import count_made_before_split, find_interpolated
from grader.evidence.narrowing import find_narrowings
from grader.evidence.near_copies import find_near_copies
from grader.evidence.observing import Observation, observe
from grader.evidence.official import KnownData, known_splits, recognise, with_official_origins
from grader.evidence.proxies import find_label_proxy
from grader.evidence.reading import read_cells, read_class_names, read_code, read_documents, read_prose
from grader.evidence.reading.cuts import read_searches
from grader.evidence.records import Fault, Hooked, Lacked, Noted, Scored
from grader.evidence.rowsets import (
    collect_row_sets,
    count_augmented_copies,
    find_unlike_divisions,
    measure_label_agreement,
    membership_unstable,
    with_source_classes,
)
from grader.evidence.run_files import collect_run_files, is_of_files
from grader.evidence.series import find_series_crossing
from grader.evidence.tasks import tell_input_kind, tell_task
from grader.evidence.thresholds import find_threshold_searches
from grader.evidence.trainings import collect_models, collect_trainings, with_cuts
from grader.evidence.watching import (
    MetricMatcher,
    collect_drawings,
    collect_metrics,
    collect_preprocessing,
    collect_scorings,
    collect_seeds,
    collect_splits,
)
from grader.model import (
    EVIDENCE_VERSION,
    Diagnosis,
    Evidence,
    GroupCrossing,
    InputKind,
    LabelFacts,
    ModelFacts,
    Run,
    RunFacts,
    Submission,
    Task,
    TrainingRun,
)

MAX_FAULTS = 50
"""Most of the probe's own faults repeated in the evidence."""


def collect_evidence(submission: Submission, run: Run, known: Sequence[KnownData] | None = None) -> Evidence:
    """Return all that is known of a submission from reading it and from its run.

    `known` are the official splits to be recognised, by default those that are shipped.

    `verified` and `references` are left empty: they are recomputed later. Odd, forged or missing events lead to
    missing facts (None, `unknown`, `other`), never to an error.
    """
    seen = observe(run)
    cells = read_cells(submission, run)
    models = collect_models(seen.log)
    trainings = with_source_classes(collect_trainings(seen.log, seen.lineage), seen.lineage.fits, seen.labels)
    trainings = with_cuts(trainings, seen.lineage.fits, run.budget)
    scorings = collect_scorings(seen.log, seen.lineage, run.artifacts)
    asides = find_asides(seen.log, seen.lineage, scorings)
    row_sets = collect_row_sets(seen.rows, seen.labels, seen.lineage, scorings)
    official = recognise(seen.rows, row_sets, known_splits() if known is None else known)
    row_sets = with_official_origins(row_sets, official)
    metrics = collect_metrics(
        seen.log, MetricMatcher(seen.log, seen.labels, scorings, run.artifacts), seen.labels, row_sets
    )
    final = find_result(scorings, models, seen.lineage, asides, metrics)
    scored = seen.scored(final.id) if final else None
    final_model = final.model if final else (trainings[-1].model if trainings else None)
    trained_on = seen.lineage.trained_on(seen.lineage.fits_before(scored)) if scored else ()
    task, input_kind = _kinds(seen, models, scored, final_model)
    facts = next((item.labels for item in row_sets if item.role == "train" and item.labels), None)
    return Evidence(
        version=EVIDENCE_VERSION,
        submission=submission.id,
        notebook=submission.notebook.name,
        sha256=submission.sha256,
        run=_run_facts(submission, run, seen, trainings),
        cells=cells,
        code=read_code(submission, cells),
        prose=read_prose(submission, cells),
        task=task,
        input_kind=input_kind,
        class_names=read_class_names(submission),
        row_sets=row_sets,
        overlaps=seen.lineage.overlaps(scored, seen.log.of("model.scored", Scored)),
        models=models,
        trainings=trainings,
        scorings=scorings,
        metric_calls=metrics,
        unlike_divisions=find_unlike_divisions(seen.log),
        narrowings=find_narrowings(seen, scorings, task),
        threshold_searches=find_threshold_searches(seen, scorings, metrics, read_searches(submission)),
        splits=collect_splits(seen.log),
        preprocessing=collect_preprocessing(
            seen.log, seen.rows, scored.rows if scored else None, trained_on, _watched_before(seen, scored)
        ),
        drawings=collect_drawings(seen.log, seen.rows),
        seeds=collect_seeds(seen.log),
        diagnoses=_diagnoses(trainings, facts, task),
        final_scoring=final.id if final else None,
        final_model=final_model,
        label_agreement=measure_label_agreement(seen.labels, seen.lineage.fits),
        unstable_membership=membership_unstable(seen.log, seen.lineage, scorings),
        label_proxy=find_label_proxy(seen, scored, seen.lineage.fits_before(scored) if scored else (), task),
        series_crossing=find_series_crossing(seen, scored.rows if scored else None, trained_on, input_kind),
        official=official,
        group_crossing=_group_crossing(seen, scored),
        near_copies=find_near_copies(seen, scored.rows if scored else None, trained_on),
        augmentation_before_split=_copies_before_split(seen, scored, trained_on),
        interpolated=find_interpolated(seen, scored.rows if scored else None, trained_on),
        run_files=collect_run_files(seen.log),
        documents=read_documents(cells),
        project=submission.project,
        chosen=submission.chosen,
    )


def _watched_before(seen: Observation, scored: Scored | None) -> tuple[str, ...]:
    fits = seen.lineage.fits_before(scored) if scored else ()
    return tuple(dict.fromkeys(rows for fit in fits for rows in fit.steered_by))


def _copies_before_split(seen: Observation, scored: Scored | None, trained_on: Sequence[str]) -> int | None:
    """Return the most copies that one way of telling them finds, None where none of them could tell."""
    rows = scored.rows if scored else None
    counts = (
        count_augmented_copies(seen.rows, rows, trained_on),
        count_made_before_split(seen, rows, trained_on),
    )
    return max((count for count in counts if count is not None), default=None)


def _group_crossing(seen: Observation, scored: Scored | None) -> GroupCrossing | None:
    fits = seen.lineage.fits_before(scored) if scored else ()
    labels = next((seen.labels.of_fit(fit) for fit in reversed(fits) if fit.train), None)
    return find_group_crossing(seen, scored.rows if scored else None, fits, labels)


def _kinds(
    seen: Observation,
    models: Sequence[ModelFacts],
    scored: Scored | None,
    final_model: str | None,
) -> tuple[Task, InputKind]:
    """Return task and input kind, from the rows and labels of the final model's training, else of its scoring."""
    model = next((item for item in models if item.id == final_model), None)
    fits = seen.lineage.fits_before(scored) if scored else seen.lineage.fits
    fit = fits[-1] if fits else None
    compiled = model if model and model.loss else next((m for m in models if fit and m.id == fit.model), model)
    names = (fit.began.labels, *seen.labels.ids_of(fit.train)) if fit else ()
    names = (*names, *((scored.labels, *seen.labels.ids_of(scored.rows)) if scored else ()))
    labels = next((seen.labels.records[name] for name in names if name in seen.labels.records), None)
    vector = seen.labels.vector(labels.id) if labels else None
    rows = (fit.train if fit else None) or (scored.rows if scored else None)
    record = seen.rows.records.get(rows or "")
    return tell_task(labels, vector, compiled), tell_input_kind(record, model, seen.rows)


def _diagnoses(trainings: Sequence[TrainingRun], labels: LabelFacts | None, task: Task) -> tuple[Diagnosis, ...]:
    chance = 0.0
    if task == "classification" and labels and sum(labels.counts):
        chance = max(labels.counts) / sum(labels.counts)
    return tuple(diagnose(training, chance) for training in trainings)


def _run_facts(submission: Submission, run: Run, seen: Observation, trainings: Sequence[TrainingRun]) -> RunFacts:
    lacks = Lacks(seen.log.of("run.lacked", Lacked))
    faults = seen.log.of("probe.fault", Fault) + seen.log.of("probe.dropped", Fault)
    return RunFacts(
        status=run.status,
        isolation=run.isolation,
        failed_cell=run.failed_cell,
        message=run.message,
        needs=find_needs(submission, run.cells, lacks),
        diagnosis=explain_failure(submission, run.cells, lacks),
        probe_faults=tuple(dict.fromkeys(item.text for item in faults if not is_of_files(item)))[:MAX_FAULTS],
        channel_faults=run.channel_faults + seen.log.faults,
        watched=tuple(dict.fromkeys(item.library for item in seen.log.of("probe.hooked", Hooked))),
        isolation_gaps=run.isolation_gaps,
        why_not_better=run.why_not_better,
        remedy=run.remedy,
        interpreter=run.interpreter,
        watch_gaps=find_watch_gaps(submission, run),
        wall_s=run.wall_s,
        failed_by=tell_whose_fault(submission, run.cells, lacks, trainings),
        budget=run.budget,
        substituted=tuple(dict.fromkeys(item.text for item in seen.log.of("run.note", Noted)))[:MOST_NOTES],
    )

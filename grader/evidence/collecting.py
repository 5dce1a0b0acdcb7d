"""From a run to Evidence: typed and measured, nothing judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grader.evidence.altered import find_asides
from grader.evidence.diagnosis import diagnose
from grader.evidence.final import find_result
from grader.evidence.leaks import with_leaks
from grader.evidence.observing import Observation, observe
from grader.evidence.official import KnownData, known_splits, recognise, with_official_origins
from grader.evidence.reading import read_cells, read_class_names, read_code, read_documents, read_prose
from grader.evidence.reading.cuts import read_searches
from grader.evidence.rowsets import collect_row_sets, measure_label_agreement, with_source_classes
from grader.evidence.run_facts import collect_run_facts
from grader.evidence.run_files import collect_run_files
from grader.evidence.tasks import tell_input_kind, tell_task
from grader.evidence.trainings import collect_models, collect_trainings, with_cuts
from grader.evidence.watching import (
    MetricMatcher,
    collect_drawings,
    collect_metrics,
    collect_scorings,
    collect_seeds,
    collect_splits,
)
from grader.model import (
    EVIDENCE_VERSION,
    Diagnosis,
    Evidence,
    InputKind,
    LabelFacts,
    Run,
    Submission,
    Task,
    TrainingRun,
)


def collect_evidence(submission: Submission, run: Run, known: Sequence[KnownData] | None = None) -> Evidence:
    """Return all that is known of a submission from reading it and from its run.

    `known` are the official splits to be recognised, by default those that are shipped.

    `verified` and `references` are left empty: they are recomputed later. Odd, forged or missing events lead to
    missing facts (None, `unknown`, `other`), never to an error.
    """
    seen = observe(run)
    read = _read(submission, run, seen)
    watched = _with_watched(read, run, seen, known_splits() if known is None else known)
    return with_leaks(_with_task(watched, seen), seen, read_searches(submission))


def _read(submission: Submission, run: Run, seen: Observation) -> Evidence:
    """Return what reading a submission tells, how its run went, and what was trained."""
    cells = read_cells(submission, run)
    trainings = with_source_classes(collect_trainings(seen.log, seen.lineage), seen.lineage.fits, seen.labels)
    trainings = with_cuts(trainings, seen.lineage.fits, run.budget)
    code = read_code(submission, cells)
    return Evidence(
        version=EVIDENCE_VERSION,
        submission=submission.id,
        notebook=submission.notebook.name,
        sha256=submission.sha256,
        run=collect_run_facts(submission, run, seen, code, trainings),
        cells=cells,
        code=code,
        prose=read_prose(submission, cells),
        class_names=read_class_names(submission),
        trainings=trainings,
        documents=read_documents(cells),
        project=submission.project,
        chosen=submission.chosen,
    )


def _with_watched(evidence: Evidence, run: Run, seen: Observation, known: Sequence[KnownData]) -> Evidence:
    """Return the evidence with what the run did with rows and models, and which scoring is its result."""
    log, lineage = seen.log, seen.lineage
    models = collect_models(log)
    scorings = collect_scorings(log, lineage, run.artifacts)
    row_sets = collect_row_sets(seen.rows, seen.labels, lineage, scorings)
    official = recognise(seen.rows, row_sets, known)
    row_sets = with_official_origins(row_sets, official)
    matcher = MetricMatcher(log, seen.labels, scorings, run.artifacts)
    metrics = collect_metrics(log, matcher, seen.labels, row_sets)
    final = find_result(scorings, models, lineage, find_asides(log, lineage, scorings), metrics)
    last = evidence.trainings[-1].model if evidence.trainings else None
    return replace(
        evidence,
        row_sets=row_sets,
        models=models,
        scorings=scorings,
        metric_calls=metrics,
        splits=collect_splits(log),
        drawings=collect_drawings(log, seen.rows),
        seeds=collect_seeds(log),
        final_scoring=final.id if final else None,
        final_model=final.model if final else last,
        label_agreement=measure_label_agreement(seen.labels, lineage.fits),
        official=official,
        run_files=collect_run_files(log),
    )


def _with_task(evidence: Evidence, seen: Observation) -> Evidence:
    """Return the evidence with what is predicted from what, and what the curves say of it."""
    task, input_kind = _kinds(evidence, seen)
    labels = next((item.labels for item in evidence.row_sets if item.role == "train" and item.labels), None)
    return replace(evidence, task=task, input_kind=input_kind, diagnoses=_diagnoses(evidence.trainings, labels, task))


def _kinds(evidence: Evidence, seen: Observation) -> tuple[Task, InputKind]:
    """Return task and input kind, from the rows and labels of the final model's training, else of its scoring."""
    scored = seen.scored(evidence.final_scoring)
    model = evidence.model(evidence.final_model)
    fits = seen.lineage.fits_before(scored) if scored else seen.lineage.fits
    fit = fits[-1] if fits else None
    compiled = model if model and model.loss else next((m for m in evidence.models if fit and m.id == fit.model), model)
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

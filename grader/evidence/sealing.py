"""What leaves a run for recomputation: which scorings are worth it, with rows and labels in files of the host's."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from grader.evidence.arrays import load_array
from grader.evidence.files import channels_last, rows_file, write_labels
from grader.evidence.final import DEMO_ROWS
from grader.evidence.fits import Fit
from grader.evidence.identity import RowStore
from grader.evidence.observing import Observation, observe
from grader.evidence.official import KnownData, known_splits
from grader.evidence.official_training import whole_training_part
from grader.evidence.records import Start
from grader.evidence.trainings import seals
from grader.evidence.truth import labels_of_scoring
from grader.model import (
    MEAN_OF,
    START,
    VOTE_OF,
    Evidence,
    Labels,
    ModelFacts,
    ReferenceData,
    Rows,
    Run,
    Scoring,
    SealedScoring,
    Verified,
)

MAX_SEALED = 6
"""Most scorings recomputed: the result, and enough others to compare models; each costs a prediction of all rows."""

LOGIT_LOSSES = ("crossentropy", "cross_entropy", "hinge", "nll")
"""Losses of classifiers whose linear outputs are scores to be compared with 0 (one output) or with each other."""


def sealed_scorings(evidence: Evidence, run: Run) -> tuple[SealedScoring, ...]:
    """Return the scorings to recompute: the final one, others of its model, then other models' on held-out rows.

    Of scorings of the same rows by the same weights one is enough. Labels are written so that a class's index is the
    number of the model's output unit, as far as the labels allow. Scorings without known rows, labels or any
    predictions are left out.
    """
    if evidence.task == "unknown":
        return ()
    seen = observe(run)
    found: list[SealedScoring] = []
    for scoring in _worth(evidence):
        if len(found) >= MAX_SEALED:
            break
        sealed = _seal(evidence, seen, scoring)
        if sealed is not None:
            found.append(sealed)
            if scoring.id == evidence.final_scoring:
                found.extend(_starts(seen, scoring, sealed))
    return tuple(found)


def _starts(seen: Observation, final: Scoring, sealed: SealedScoring) -> tuple[SealedScoring, ...]:
    """Return the final scoring's rows with its model as the model's first training found it, where that was sent.

    Not where an earlier training of another object had left these weights.
    """
    scored = seen.scored(final.id)
    fits = [fit for fit in seen.lineage.fits_before(scored) if fit.model == final.model] if scored else []
    starts = [item for item in seen.log.of("model.start", Start) if fits and item.weights == fits[0].began.weights]
    before = fits[0].began.order if fits else 0
    earlier = {fit.ended.weights for fit in seen.lineage.fits if fit.ended and fit.ended.order < before}
    model = seen.artifacts.get(starts[0].artifact) if starts and starts[0].weights not in earlier else None
    if model is None:
        return ()
    return (replace(sealed, scoring=f"{START}{final.id}", model=model, predictions=None, seal_note=""),)


def with_recomputed(evidence: Evidence, verified: Sequence[Verified]) -> Evidence:
    """Return the evidence with what was recomputed: of the scorings, and apart from them of starts and ensembles."""
    return replace(
        evidence,
        verified=tuple(item for item in verified if not item.scoring.startswith((START, MEAN_OF, VOTE_OF))),
        ensembles=tuple(item for item in verified if item.scoring.startswith((MEAN_OF, VOTE_OF))),
        starts=tuple(item for item in verified if item.scoring.startswith(START)),
    )


def _worth(evidence: Evidence) -> list[Scoring]:
    final = evidence.scoring(evidence.final_scoring)
    size = _rows(evidence, final.rows if final else None)
    held = [
        item
        for item in reversed(evidence.scorings)
        if item.role in {"test", "validation"} and (_rows(evidence, item.rows) > DEMO_ROWS or size <= DEMO_ROWS)
    ]
    ours = [item for item in held if item.model == evidence.final_model]
    others = [item for item in held if item.model != evidence.final_model]
    unique: dict[tuple[str, str | None, str], Scoring] = {}
    for item in ([final] if final else []) + sorted([*ours], key=_unsealed) + sorted([*others], key=_unsealed):
        unique.setdefault((item.model, item.rows, item.weights), item)
    return list(unique.values())


def _rows(evidence: Evidence, rows: str | None) -> int:
    known = evidence.row_set(rows)
    return known.rows if known else 0


def _unsealed(scoring: Scoring) -> bool:
    return not scoring.sealed


def _seal(evidence: Evidence, seen: Observation, scoring: Scoring) -> SealedScoring | None:
    scored = seen.scored(scoring.id)
    rows = rows_file(seen, scoring.rows)
    if scored is None or rows is None:
        return None
    seal = seals(seen.log, seen.artifacts).get((scored.model, scored.weights))
    model = seen.artifacts.get(seal.artifact) if seal and seal.artifact else None
    predictions = seen.artifacts.get(scored.predictions) if scored.predictions else None
    if load_array(predictions, "fiu", rows.total, (1, 2, 3)) is None:
        predictions = None
    fits = seen.lineage.fits_before(scored)
    found = labels_of_scoring(seen, scored, fits)
    if found is None or (model is None and predictions is None):
        return None
    facts = evidence.model(scored.model)
    labels, train_labels = write_labels(seen, scored.id, found.labels, found.train, facts, evidence.task)
    if labels is None:
        return None
    return SealedScoring(
        scoring=scoring.id,
        model_id=scoring.model,
        model=model,
        rows=rows,
        labels=labels,
        task=evidence.task,
        input_kind=evidence.input_kind,
        from_logits=_from_logits(evidence, facts, fits),
        train_labels=train_labels,
        predictions=predictions,
        seal_note=" ".join(part for part in (scoring.seal_note, found.note) if part),
        units=found.units if evidence.task == "regression" else None,
        at_random=scored.at_random,
    )


def _from_logits(evidence: Evidence, model: ModelFacts | None, fits: Sequence[Fit]) -> bool:
    """Return whether the scored outputs are logits: linear, and compiled as such or by no loss denied."""
    if model is None or evidence.task != "classification" or model.output_activation not in {"", "linear"}:
        return False
    compiled = model if model.loss else next((evidence.model(fit.model) for fit in reversed(fits)), None) or model
    if compiled.from_logits is not None:
        return compiled.from_logits
    one_output = bool(model.output_shape) and model.output_shape[-1] == 1
    return not one_output or not compiled.loss or any(word in compiled.loss.lower() for word in LOGIT_LOSSES)


def reference_data(evidence: Evidence, run: Run, known: Sequence[KnownData] | None = None) -> ReferenceData | None:
    """Return training rows of the final model and the rows of the final scoring, for training reference recipes.

    Where the final scoring is on a known data set's official test part and the run kept all of the training part, that
    is what references train on, so that a class shares them.

    None where rows or labels of either were not kept, the task is unknown, or nothing was held out.
    """
    final = evidence.scoring(evidence.final_scoring)
    if final is None or evidence.task == "unknown" or final.role not in {"test", "validation"}:
        return None
    seen = observe(run)
    scored = seen.scored(final.id)
    if scored is None:
        return None
    fits = seen.lineage.fits_before(scored)
    fit = max((item for item in fits if item.train), key=lambda item: _count(seen.rows, item.train), default=None)
    found = labels_of_scoring(seen, scored, fits)
    train_vector = seen.labels.of_fit(fit) if fit else None
    if found is not None and found.units is not None:
        train_vector = found.train  # as the data has them, like the labels of the scored rows
    train, test = rows_file(seen, fit.train if fit else None), rows_file(seen, scored.rows)
    if train is None or test is None or found is None or train_vector is None:
        return None
    splits = known_splits() if known is None else known
    whole = whole_training_part(seen, train.id, train_vector, test.id, splits) if splits else None
    if whole is not None:
        train, train_vector = whole.rows, whole.labels
    test_labels, train_labels = write_labels(
        seen, f"reference-{scored.id}", found.labels, train_vector, evidence.model(scored.model), evidence.task
    )
    if test_labels is None or train_labels is None:
        return None
    return ReferenceData(
        key=_split_key(seen, train, train_labels, test, test_labels),
        train=channels_last(seen, train),
        train_labels=train_labels,
        test=channels_last(seen, test),
        test_labels=test_labels,
        task=evidence.task,
        input_kind=evidence.input_kind,
        trained_on=whole.words if whole is not None else "",
    )


def _count(store: RowStore, rows: str | None) -> int:
    record = store.records.get(rows or "")
    return record.count if record else 0


def _split_key(seen: Observation, train: Rows, train_labels: Labels, test: Rows, test_labels: Labels) -> str:
    """Return a digest of rows and labels of both sides, independent of the ids and paths of this run."""
    digest = hashlib.sha256()
    for rows, labels in ((train, train_labels), (test, test_labels)):
        hashes = seen.rows.exact(rows.id)
        digest.update(rows.values.read_bytes() if hashes is None else hashes.tobytes())
        digest.update(labels.values.read_bytes())
        digest.update(repr(labels.classes).encode())
    return digest.hexdigest()

"""The numbers of `grade.json`: the score as told and as recomputed, the matrix, the references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from grader.model import Evidence, Finding, HiddenTest, OwnData, ReferenceResult, TableFile, Verified

SCORE_CHECK = "evaluation.score_verified"
"""The finding that carries the score as stated, saved, re-run and verified."""


def scores(findings: tuple[Finding, ...]) -> dict[str, float | None]:
    """Return the score as stated, saved, re-run and verified; None where it is not known."""
    measured: Mapping[str, Any] = next((item.measured for item in findings if item.check == SCORE_CHECK), {})
    return {source: measured.get(source) for source in ("stated", "saved", "rerun", "verified")}


def measured_numbers(evidence: Evidence, findings: tuple[Finding, ...]) -> dict[str, Any]:
    """Return the numbers of `grade.json`; each is None where it was not measured."""
    scoring = evidence.scoring(evidence.final_scoring)
    verified = final_verification(evidence)
    rows = evidence.row_set(scoring.rows) if scoring is not None else None
    model = evidence.model(evidence.final_model)
    diagnosis = next((item for item in findings if item.check == "training.diagnosis" and item.measured), None)
    score = next((item for item in findings if item.check == SCORE_CHECK), None)
    return {
        "task": evidence.task,
        "metric": score.measured.get("metric") if score is not None else None,
        "test_score": scores(findings),
        "scored_rows": rows.rows if rows is not None else None,
        "scored_role": rows.role if rows is not None else (scoring.role if scoring is not None else None),
        "reference": {item.recipe: _reference(item) for item in evidence.references},
        "confusion_matrix": [list(row) for row in verified.matrix] if verified and verified.matrix else None,
        "classes": list(verified.classes) if verified is not None else [],
        "per_class": [
            {"label": item.label, "precision": item.precision, "recall": item.recall, "f1": item.f1,
             "support": item.support}
            for item in verified.per_class
        ] if verified is not None else [],
        "balanced_accuracy": verified.balanced_accuracy if verified is not None else None,
        "macro_f1": verified.macro_f1 if verified is not None else None,
        "majority": verified.majority_accuracy if verified is not None else None,
        "baseline_mae": verified.baseline_mae if verified is not None else None,
        "parameters": model.parameters if model is not None else None,
        "diagnosis": dict(diagnosis.measured) if diagnosis is not None else None,
        "label_agreement": evidence.label_agreement,
        "data": data_numbers(evidence),
        "hidden_test": _hidden_test(evidence.hidden_test),
    }  # fmt: skip


def data_numbers(evidence: Evidence) -> dict[str, Any]:
    """Return what is known of the data itself: row sets that are a known data set's, and the files handed in."""
    own = evidence.own_data
    return {
        "official": [asdict(item) for item in evidence.official],
        "files": None if own is None else _files(own),
    }


def _files(own: OwnData) -> dict[str, Any]:
    groups = [{**asdict(item), "forms": dict(item.forms)} for item in own.groups]
    for item in groups:
        del item["sample"]
    return {
        "pictures": own.pictures,
        "sounds": own.sounds,
        "others": own.others,
        "groups": groups,
        "unreadable": {item.path: item.reason for item in own.unreadable},
        "unreadable_files": own.unreadable_files,
        "copies": own.copies,
        "look_alikes": own.look_alikes,
        "silent": own.silent,
        "same": [asdict(item) for item in own.same],
        "tables": [_table(item) for item in own.tables],
        "note": own.note or None,
    }


def _table(item: TableFile) -> dict[str, Any]:
    classes = {name: dict(counts) for name, counts in item.classes}
    return {**asdict(item), "missing": dict(item.missing), "classes": classes}


def final_verification(evidence: Evidence) -> Verified | None:
    """Return what was recomputed of the final scoring, or of a scoring of the same weights on the same rows."""
    final = evidence.scoring(evidence.final_scoring)
    if final is None:
        return None
    own = evidence.verification(final.id)
    if own is not None:
        return own
    twins = (
        evidence.verification(item.id)
        for item in evidence.scorings
        if (item.rows, item.weights) == (final.rows, final.weights)
    )
    return next((item for item in twins if item is not None), None)


def _hidden_test(hidden: HiddenTest | None) -> dict[str, Any] | None:
    if hidden is None:
        return None
    scored = hidden.verified
    return {
        "source": hidden.source,
        "sha256": hidden.sha256,
        "rows": hidden.rows,
        "accuracy": scored.accuracy if scored is not None else None,
        "balanced_accuracy": scored.balanced_accuracy if scored is not None else None,
        "mae": scored.mae if scored is not None else None,
        "confusion_matrix": [list(row) for row in scored.matrix] if scored is not None and scored.matrix else None,
        "classes": list(scored.classes) if scored is not None else [],
        "prepared": list(hidden.prepared),
        "note": hidden.note,
    }


def _reference(item: ReferenceResult) -> dict[str, Any]:
    return {
        "title": item.title,
        "metric": item.metric,
        "score": item.score,
        "spread": item.spread,
        "seeds": item.seeds,
        "scores": list(item.scores),
        "balanced_accuracy": item.balanced_accuracy,
        "macro_f1": item.macro_f1,
        "trained_on": item.trained_on or None,
        "parameters": item.parameters,
    }

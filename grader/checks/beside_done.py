"""What a student says was done, beside what was watched: the test set, early stopping, dropout, epochs, splits."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from grader.checks.claims import ClaimVerdict
from grader.checks.class_words import recall_of, recall_words, resolve_class
from grader.checks.observed import why_unseen
from grader.checks.results import final_result, is_regression, metric_unit, model_of, result_of
from grader.model import ClaimBeside, Evidence, Statement

UNKNOWN = "not known"
HARDLY_EVER = 0.95
"""Who says `never` of one row in twenty or fewer only speaks loosely."""
SPLIT_SLACK = 1.5
"""Points by which the share of a part may differ from the one that is stated: sizes are rounded to rows."""


def stated_beside(item: Statement, evidence: Evidence) -> ClaimBeside:
    """Return one statement beside what was watched of it."""
    readers: Mapping[str, Callable[[Statement, Evidence], tuple[str, str, ClaimVerdict]]] = {
        "test_used_once": _test_used_once,
        "early_stopping": _early_stopping,
        "dropout": _dropout,
        "no_dropout": _no_dropout,
        "all_epochs": _all_epochs,
        "split": _split,
        "compared": _compared,
        "never_wrong": _never_wrong,
    }
    said, measured, verdict = readers[item.kind](item, evidence)
    certain = verdict == "contradicted" and item.kind not in {"split", "compared"}
    about = item.kind.replace("_", " ")
    return ClaimBeside(about, said, measured, verdict, item.quote, item.cell, certain=certain)


def _test_used_once(_item: Statement, evidence: Evidence) -> tuple[str, str, ClaimVerdict]:
    said = "the test set was used once"
    result = final_result(evidence)
    if result is None or result.scoring.rows is None or result.role not in {"test", "validation"}:
        return said, UNKNOWN, "not_checkable"
    watched = [item for item in evidence.trainings if item.validation_rows == result.scoring.rows]
    if watched:
        return said, "its rows were the validation data of a training", "contradicted"
    models = {item.model for item in evidence.scorings if item.rows == result.scoring.rows}
    return said, f"its rows scored {len(models)} model{'s' if len(models) > 1 else ''}, after training", "agrees"


def _early_stopping(_item: Statement, evidence: Evidence) -> tuple[str, str, ClaimVerdict]:
    said = "early stopping"
    stopping = [run for run in evidence.trainings if any("stop" in item.kind.lower() for item in run.callbacks)]
    if stopping:
        last = stopping[-1]
        return said, f"stopped after {last.epochs_done} of {last.epochs_asked} epochs", "agrees"
    own = any(run.custom_loop for run in evidence.trainings) or any(
        re.search(r"early_?stop|patience|stop_training|\bbreak\b", cell.source, re.IGNORECASE)
        for cell in evidence.cells
        if cell.kind == "code"
    )
    if own or not evidence.trainings or why_unseen(evidence, ("fit",)):
        return said, UNKNOWN, "not_checkable"
    return said, "no training had a callback that stops it", "contradicted"


def _dropout(_item: Statement, evidence: Evidence) -> tuple[str, str, ClaimVerdict]:
    if not _layers_known(evidence):
        return "dropout", UNKNOWN, "not_checkable"
    if any(drops(layer.kind) for model in evidence.models for layer in model.layers):
        return "dropout", "a dropout layer", "agrees"
    written = any("dropout" in cell.source.lower() for cell in evidence.cells if cell.kind == "code")
    return "dropout", "no network has a dropout layer", "not_checkable" if written else "contradicted"


def _no_dropout(_item: Statement, evidence: Evidence) -> tuple[str, str, ClaimVerdict]:
    final = model_of(evidence)
    if final is None or not _layers_known(evidence):
        return "no dropout", UNKNOWN, "not_checkable"
    has_one = any(drops(layer.kind) for layer in final.layers)
    return "no dropout", "a dropout layer" if has_one else "none", "contradicted" if has_one else "agrees"


def _layers_known(evidence: Evidence) -> bool:
    """Whether the layers of all networks were seen; a subclassed one may call what it does not hold."""
    return bool(evidence.models) and all(item.layers and item.kind != "subclassed" for item in evidence.models)


def _all_epochs(item: Statement, evidence: Evidence) -> tuple[str, str, ClaimVerdict]:
    said = f"all {item.said[0]} epochs"
    runs = [run for run in evidence.trainings if run.completed and not run.custom_loop]
    if not runs or len(runs) < len(evidence.trainings):
        return said, UNKNOWN, "not_checkable"
    done = [run.epochs_done for run in runs]
    agrees = int(item.said[0]) in {*done, sum(done)}
    return said, f"{', '.join(map(str, dict.fromkeys(done)))} epochs", "agrees" if agrees else "contradicted"


def _split(item: Statement, evidence: Evidence) -> tuple[str, str, ClaimVerdict]:
    said = "/".join(item.said)
    sizes = {
        role: max((rows.rows for rows in evidence.row_sets if rows.role == role), default=0)
        for role in ("train", "validation", "test")
    }
    total = sum(sizes.values())
    if not total or not sizes["train"]:
        return said, UNKNOWN, "not_checkable"
    shares = [100 * size / total for size in sizes.values() if size]
    measured = "/".join(f"{share:.0f}" for share in shares)
    parts = [float(part) for part in item.said]
    whole = len(parts) == len(shares) and all(
        abs(a - b) <= SPLIT_SLACK for a, b in zip(sorted(parts), sorted(shares), strict=True)
    )
    # `80/20` may speak of the first cut of two: then what is left out is one of the parts, or two of them together.
    held = set(shares) | {shares[0] + shares[1] if len(shares) > 2 else shares[0]}
    first = len(parts) == 2 and any(abs(part - share) <= SPLIT_SLACK for part in parts for share in held)
    return said, measured, "agrees" if whole or first else "not_checkable" if len(parts) == 2 else "contradicted"


def _compared(item: Statement, evidence: Evidence) -> tuple[str, str, ClaimVerdict]:
    verb, other = item.said
    said = f"{verb} {other}"
    result = final_result(evidence)
    if result is None or result.value is None or is_regression(evidence):
        return said, UNKNOWN, "not_checkable"
    plain = re.search(r"majority", other)
    value = result.verified.majority_accuracy if plain and result.verified is not None else None
    if value is None:
        rivals = [
            result_of(evidence, scoring)
            for scoring in evidence.scorings
            if scoring.model != result.scoring.model and scoring.rows == result.scoring.rows
        ]
        values = [rival.value for rival in rivals if rival.value is not None]
        if len(set(values)) != 1:
            return said, UNKNOWN, "not_checkable"
        value = values[0]
    better = result.value >= value
    claimed = not verb.startswith(("worse", "peor"))
    measured = f"{metric_unit(result.metric, result.value)} against {metric_unit(result.metric, value)}"
    # Which of the two the sentence is about can't be told for sure.
    return said, measured, "agrees" if better == claimed else "not_checkable"


def _never_wrong(item: Statement, evidence: Evidence) -> tuple[str, str, ClaimVerdict]:
    result = final_result(evidence)
    verified = result.verified if result is not None else None
    names = {
        name: resolve_class(name, evidence, verified)
        for name in evidence.class_names
        if verified is not None and re.search(rf"\b{re.escape(name)}", item.quote, re.IGNORECASE)
    }
    known = {name: label for name, label in names.items() if label is not None}
    if verified is None or len(known) == 0 or is_regression(evidence):
        return "never wrong", UNKNOWN, "not_checkable"
    missed = {name: label for name, label in known.items() if recall_of(label, verified) < HARDLY_EVER}
    said = f"never wrong: {', '.join(known)}"
    measured = ", ".join(f"{name}: {recall_words(label, verified)}" for name, label in known.items())
    # A sentence may name a second class that is no part of what it denies.
    return said, measured, "contradicted" if len(missed) == len(known) else "not_checkable"


def drops(kind: str) -> bool:
    return "dropout" in kind.lower()

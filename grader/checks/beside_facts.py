"""Everything a text claims, beside what was measured: numbers, directions, classes, what was done, what is better."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from grader.checks.beside_done import UNKNOWN, drops, stated_beside
from grader.checks.claims import ClaimVerdict, agrees_with_saved, compare, known_scores, metric_of, result_claims
from grader.checks.class_words import recall_words, resolve_class
from grader.checks.passages import about
from grader.checks.results import claim_value, final_result, is_regression, metric_unit, model_of
from grader.checks.training import last_training
from grader.model import ClaimBeside, Diagnosis, Evidence, NumberClaim, Passage, TrainingRun, Verified

PAST_MODEL = re.compile(
    r"(?:first|previous|old|earlier|initial|original|primer|anterior|baseline|linear|random forest|"
    r"svm|svc|knn|k-nn|decision tree|xgboost)\b",
    re.IGNORECASE,
)
"""Models spoken of that were tried before, or in another notebook; `the second model` may be the one handed in."""
WORST = re.compile(
    r"\b(?:worst|weakest|hardest|most (?:difficult|errors|mistakes)|peor(?:es)?|más (?:floj|débil|difícil)\w*)\b",
    re.IGNORECASE,
)
"""Words that make a weakness the weakest."""
RARE = 0.01
"""Share of a class's rows that may be taken for another by accident: fewer make no confusion."""
DEVIATIONS = 2.0
"""Standard errors between a stated score and the measured one, as the check of stated scores allows."""


def beside_facts(evidence: Evidence) -> tuple[ClaimBeside, ...]:
    """Return the claims of the text in the notebook's order, each once."""
    found = [*_numbers(evidence), *_settings(evidence), *_directions(evidence), *_of_work_and_classes(evidence)]
    return _in_order(evidence, found)


def certainly_untrue(evidence: Evidence) -> tuple[ClaimBeside, ...]:
    """Return what is said of the work and of its classes, and is certainly not so. Numbers and curves are not in it."""
    claims = _in_order(evidence, _of_work_and_classes(evidence))
    return tuple(item for item in claims if item.verdict == "contradicted" and item.certain)


def _of_work_and_classes(evidence: Evidence) -> Iterator[ClaimBeside]:
    yield from _weak_classes(evidence)
    yield from (stated_beside(item, evidence) for item in evidence.prose.statements)


def _in_order(evidence: Evidence, found: Iterable[ClaimBeside]) -> tuple[ClaimBeside, ...]:
    return tuple(sorted(dict.fromkeys(_fairly(evidence, found)), key=lambda item: item.cell))


RESTS_ON_LEARNING = frozenset({"score", "curves", "weak classes", "all epochs", "compared", "never wrong"})
"""What a text claims of that a training which the grader's own budget cut can't contradict."""


def _fairly(evidence: Evidence, found: Iterable[ClaimBeside]) -> Iterator[ClaimBeside]:
    """Yield the claims, those left open that fewer steps than the notebook asks for may seem to contradict."""
    for item in found:
        doubtful = bool(evidence.cut_trainings) and item.verdict == "contradicted" and item.about in RESTS_ON_LEARNING
        yield replace(item, verdict="not_checkable", certain=False) if doubtful else item


# ---------------------------------------------------------------- numbers
def of_another_model(claim: NumberClaim, evidence: Evidence) -> bool:
    """Whether a number is said of an attempt that need not be in the notebook any more: it can't be called untrue."""
    final = model_of(evidence)
    convolves = final is not None and any("Conv" in layer.kind for layer in final.layers)
    return PAST_MODEL.match(claim.subject) is not None or (claim.subject == "dense" and convolves)


def _numbers(evidence: Evidence) -> Iterator[ClaimBeside]:
    known = tuple(known_scores(evidence))
    for claim in result_claims(evidence, "prose"):
        metric = metric_of(claim, evidence)
        verdict = compare(claim, known, metric, DEVIATIONS)
        if verdict == "contradicted" and (of_another_model(claim, evidence) or agrees_with_saved(evidence, claim)):
            verdict = "not_checkable"
        value = claim_value(claim, metric) or 0.0
        fitting = [
            item
            for item in known
            if item.metric == metric and not item.detail and claim.split in {"unstated", item.role}
        ]
        nearest = min(fitting, key=lambda item: abs(item.value - value), default=None)
        measured = f"{metric_unit(metric, nearest.value)} on {nearest.role} rows" if nearest is not None else UNKNOWN
        split = "" if claim.split == "unstated" else f" on {claim.split} rows"
        yield ClaimBeside("score", metric_unit(metric, value) + split, measured, verdict, claim.quote, claim.cell)


def _settings(evidence: Evidence) -> Iterator[ClaimBeside]:
    """Yield numbers that were set rather than measured. Earlier attempts had others, so none is certainly untrue."""
    readers: Mapping[str, Callable[[TrainingRun], tuple[float | None, ...]]] = {
        "epochs": lambda run: (run.epochs_done, run.epochs_asked),
        "batch_size": lambda run: (run.batch_size,),
        "learning_rate": lambda run: (run.learning_rate,),
    }
    for claim in evidence.prose.claims:
        if claim.where != "prose":
            continue
        if claim.metric in readers:
            had = [value for run in evidence.trainings for value in readers[claim.metric](run) if value is not None]
        elif claim.metric == "dropout":
            had = _dropout_rates(evidence)
        elif claim.metric == "parameters":
            had = [float(item.parameters) for item in evidence.models if item.parameters]
        else:
            continue
        name = claim.metric.replace("_", " ")
        if not had:
            yield ClaimBeside(name, f"{claim.value:g}", UNKNOWN, "not_checkable", claim.quote, claim.cell)
            continue
        slack = 0.02 if claim.approximate or claim.metric == "parameters" else 1e-6
        agrees = any(abs(value - claim.value) <= slack * max(abs(value), 1e-12) for value in had)
        values = ", ".join(f"{value:g}" for value in dict.fromkeys(had))
        verdict: ClaimVerdict = "agrees" if agrees else "contradicted"
        yield ClaimBeside(name, f"{claim.value:g}", values, verdict, claim.quote, claim.cell)


def _dropout_rates(evidence: Evidence) -> list[float]:
    rates = [
        dict(layer.settings).get("rate", "") for model in evidence.models for layer in model.layers if drops(layer.kind)
    ]
    return [float(rate) for rate in rates if re.fullmatch(r"[\d.]+", rate)]


# ---------------------------------------------------------------- directions
def diagnosis_of(evidence: Evidence) -> Diagnosis | None:
    """Return what the curves of the final training say, None where there is none."""
    final = last_training(evidence)
    return next((item for item in evidence.diagnoses if final is not None and item.training == final.id), None)


def contradicting(said: tuple[Passage, ...], diagnosis: Diagnosis | None) -> Passage | None:
    """Return a sentence about overfitting that no training's curves bear out.

    Only plain opposites count: `it overfits` where the network has not even learned its training rows, `no
    overfitting` where the final model's curves part clearly. In between both can be said.
    """
    if diagnosis is None or diagnosis.kind == "unknown" or diagnosis.mild:
        return None
    wrong = {"overfit": "absent", "good_fit": "", "underfit": "present", "diverged": ""}[diagnosis.kind]
    return next((item for item in said if wrong and item.stance == wrong), None)


def _directions(evidence: Evidence) -> Iterator[ClaimBeside]:
    diagnosis = diagnosis_of(evidence)
    for item in about(evidence, "overfitting"):
        if item.stance not in {"present", "absent"}:
            continue
        said = "overfitting" if item.stance == "present" else "no overfitting"
        if diagnosis is None or diagnosis.kind == "unknown":
            yield ClaimBeside("curves", said, UNKNOWN, "not_checkable", item.quote, item.cell)
            continue
        measured = (
            diagnosis.kind.replace("_", " ").replace("overfit", "overfitting").replace("underfit", "underfitting")
        )
        measured += f" from epoch {diagnosis.epoch}" if diagnosis.kind == "overfit" and diagnosis.epoch else ""
        measured += " (mild)" if diagnosis.mild else ""
        against = contradicting((item,), diagnosis) is not None
        fits = diagnosis.mild or (diagnosis.kind == "overfit") == (item.stance == "present")
        verdict: ClaimVerdict = "contradicted" if against else "agrees" if fits else "not_checkable"
        yield ClaimBeside("curves", said, measured, verdict, item.quote, item.cell)


# ---------------------------------------------------------------- classes
def _weak_classes(evidence: Evidence) -> Iterator[ClaimBeside]:
    result = final_result(evidence)
    verified = result.verified if result is not None else None
    if is_regression(evidence) or verified is None or not verified.per_class:
        return
    for item in about(evidence, "weakness"):
        labels = {name: resolve_class(name, evidence, verified) for name in item.classes}
        known = {name: label for name, label in labels.items() if label is not None}
        if not known:
            continue
        verdict, certain = _weak_indeed(item.quote, set(known.values()), verified)
        measured = ", ".join(f"{name}: {recall_words(label, verified)}" for name, label in known.items())
        yield ClaimBeside("weak classes", ", ".join(known), measured, verdict, item.quote, item.cell, certain=certain)


def _weak_indeed(quote: str, labels: set[str], verified: Verified) -> tuple[ClaimVerdict, bool]:
    """Return the verdict on classes said to be weak, and whether a contradiction is certain.

    Weak is whose recall or F1 lies below the accuracy, or who is taken for another more than by accident. To call one
    the worst that is none of it is a contradiction; to say that it is sometimes wrong is true of any.
    """
    mean = verified.accuracy if verified.accuracy is not None else 1.0
    weak = {item.label for item in verified.per_class if min(item.recall or 0.0, item.f1 or 0.0) < mean}
    paired = {
        name
        for pair in verified.confused
        if pair.share > max(RARE, (1 - mean) / 2) and {pair.true, pair.predicted} <= labels
        for name in (pair.true, pair.predicted)
    }
    if labels & weak or paired:
        return "agrees", False
    return ("contradicted", True) if WORST.search(quote) else ("not_checkable", False)

"""Checks of what the prose explains, set beside what was measured."""

from __future__ import annotations

from dataclasses import asdict

from grader.checks.beside_facts import (
    beside_facts,
    certainly_untrue,
    contradicting,
    diagnosis_of,
    of_another_model,
)
from grader.checks.claims import agrees_with_saved, differing_claims, metric_of, result_claims
from grader.checks.observed import holds_no_work, why_unread
from grader.checks.passages import about, explained, found_in_prose, quote, quoted
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import claim_value, metric_unit
from grader.checks.verdicts import Verdict, advised, failed, not_applicable, passed, unknown
from grader.model import Diagnosis, Evidence

VERDICTS = ("agrees", "contradicted", "not_checkable")
RESULTS = frozenset({"score", "failure_reasons"})
"""Topics that explain something only where they are explained: a score that is stated tells nothing of the model."""
TERMS = ("layers", "training", "score", "overfitting", "trade_offs", "failure_reasons")
PLAIN = {"score": "the score", "trade_offs": "trade-offs", "failure_reasons": "reasons for errors"}
NO_MODEL = "Nothing in the notebook trains or scores a model, so there is none that the text could explain."
EXPLAINED = {
    "layers": ("the layers", "Say what each kind of layer does in your network, not only that it is there."),
    "training": (
        "training (loss, optimizer, epochs)",
        "Say what happens in an epoch: what the loss measures, and what the optimizer changes.",
    ),
    "score": ("the score", "Say in plain words what the score means: of 100 new pictures, 91 are right."),
}


@check(
    "understanding.terms_named",
    title="Terms named",
    help="The prose speaks of the layers, of training, of the score or of overfitting at all, explained or not.",
    thresholds=(Threshold("topics", 1, "one topic spoken of is a vague explanation; none is no explanation"),),
)
def terms_named(evidence: Evidence, limits: Limits) -> Verdict:
    """The model is spoken of at all."""
    if holds_no_work(evidence):
        return _nothing_to_explain()
    said = [item for item in about(evidence, *TERMS) if item.topic not in RESULTS or item.strength == "explained"]
    topics = [topic for topic in TERMS if any(item.topic == topic for item in said)]
    cells = [item.cell for item in said]
    if len(topics) >= limits["topics"]:
        *most, last = (PLAIN.get(topic, topic) for topic in topics)
        plain = f"{', '.join(most)} and {last}" if most else last
        return passed(f"The text speaks of {plain}.", origin="static", cells=cells, measured={"topics": topics})
    if reason := why_unread(evidence.prose):
        return unknown(f"Whether the model is explained can't be told: {reason}.", origin="static")
    return failed(
        "The text does not explain the model.",
        fix="Explain in your own words the layers, how training works, and what the score means.",
        origin="static",
    )


@check("understanding.layers", title="Layers explained", help="The layers are explained, not only listed.")
def layers(evidence: Evidence, _limits: Limits) -> Verdict:
    """The words say what the layers do."""
    return _explains(evidence, "layers")


@check("understanding.training", title="Training explained", help="Loss, optimizer, epochs or the loop is explained.")
def training(evidence: Evidence, _limits: Limits) -> Verdict:
    """The words say what training does."""
    return _explains(evidence, "training")


@check("understanding.score", title="Score explained", help="The prose says in plain words what the score means.")
def score(evidence: Evidence, _limits: Limits) -> Verdict:
    """The words say what the score means."""
    return _explains(evidence, "score")


@check(
    "understanding.overfitting",
    title="Overfitting discussed",
    help="Overfitting is discussed, consistently with the measured curves.",
)
def overfitting(evidence: Evidence, _limits: Limits) -> Verdict:
    """What is said of overfitting is what the curves show."""
    said = explained(about(evidence, "overfitting"))
    if not said:
        return found_in_prose(
            evidence,
            (),
            said="",
            missing="Overfitting is not discussed beyond its name."
            if about(evidence, "overfitting")
            else "Overfitting is not discussed.",
            fix="Compare the training and the validation curve: do they part, from which epoch, and what does it mean?",
        )
    diagnosis = diagnosis_of(evidence)
    against = contradicting(said, diagnosis)
    cells = [item.cell for item in said]
    if against is not None and diagnosis is not None:
        return failed(
            f"{quote(against)} does not fit the curves: {_shown(diagnosis)}",
            fix="Look at the last epochs of both curves again, and say what they show.",
            cells=cells,
            measured={"stance": against.stance, "diagnosis": diagnosis.kind, "epoch": diagnosis.epoch},
        )
    agrees = diagnosis is not None and diagnosis.kind != "unknown"
    return passed(
        f"Overfitting is discussed{', and it fits the curves' if agrees else ''}: {quote(said[0])}",
        origin="kernel" if agrees else "static",
        cells=cells,
        measured={"diagnosis": diagnosis.kind if diagnosis is not None else "unknown"},
    )


@check("understanding.trade_offs", title="Trade-offs", help="A trade-off between choices is discussed.")
def trade_offs(evidence: Evidence, _limits: Limits) -> Verdict:
    """The words weigh one choice against another."""
    return found_in_prose(
        evidence,
        explained(about(evidence, "trade_offs")),
        said="A trade-off is discussed",
        missing="No trade-off between choices is discussed.",
        fix="Weigh a choice: what does a larger network or more epochs bring, and what does it cost?",
    )


@check("understanding.failure_reasons", title="Why it fails", help="The prose says why the model fails as it does.")
def failure_reasons(evidence: Evidence, _limits: Limits) -> Verdict:
    """The words give a reason for the model's errors."""
    return found_in_prose(
        evidence,
        explained(about(evidence, "failure_reasons")),
        said="A reason for the errors is given",
        missing="The text does not say why the model fails as it does.",
        fix="Look at wrong predictions, and say what about them misleads the model.",
    )


@check(
    "understanding.consistent",
    title="Nothing contradicts the facts",
    help="No statement contradicts what was measured: scores of named rows, what is said of overfitting, of the worst "
    "classes, and of what was done (the test set used once, early stopping, dropout, all epochs).",
    thresholds=(Threshold("deviations", 2, "another training of the same network scores within two standard errors"),),
)
def consistent(evidence: Evidence, limits: Limits) -> Verdict:
    """No sentence says what was measured to be otherwise."""
    claims = [item for item in result_claims(evidence, "prose") if item.split != "unstated"]
    wrong = [
        item
        for item in differing_claims(evidence, claims, limits["deviations"])
        if not agrees_with_saved(evidence, item) and not of_another_model(item, evidence)
    ]
    diagnosis = diagnosis_of(evidence)
    against = contradicting(about(evidence, "overfitting"), diagnosis)
    if wrong:
        first = wrong[0]
        number = metric_unit(metric_of(first, evidence), claim_value(first, metric_of(first, evidence)) or 0.0)
        return failed(
            f"“{first.quote}”: no {first.split} score of {number} was measured.",
            fix="Compare each number in the text with the output it comes from.",
            cells=[item.cell for item in wrong],
            measured={"claimed": [item.value for item in wrong]},
        )
    if against is not None and diagnosis is not None:
        return failed(
            f"{quote(against)} contradicts the curves: {_shown(diagnosis)}",
            fix="Look at the curves again, and say what they show.",
            cells=[against.cell],
            measured={"stance": against.stance, "diagnosis": diagnosis.kind},
        )
    untrue = certainly_untrue(evidence)
    if untrue:
        return failed(
            f"{quoted(untrue[0].quote)} contradicts what was measured ({untrue[0].measured}).",
            fix="Say what was done and what came out, as the cells show it.",
            cells=[item.cell for item in untrue],
            measured={"claimed": [item.said for item in untrue], "measured": [item.measured for item in untrue]},
        )
    return passed(
        "Nothing in the text contradicts what was measured.",
        origin="kernel" if claims or diagnosis is not None else "static",
        cells=[item.cell for item in claims],
        measured={"claims": len(claims)},
    )


@check(
    "prose.claims_checked",
    title="Claims beside facts",
    help="What the text claims (numbers, curves, classes, what was done) agrees with what was measured, claim by "
    "claim. Contradictions that are certain fail `understanding.consistent`; the rest is advice.",
)
def claims_checked(evidence: Evidence, _limits: Limits) -> Verdict:
    """Every claim that can be checked agrees."""
    claims = beside_facts(evidence)
    if not claims:
        return not_applicable("The text claims nothing that could be measured.")
    table = [asdict(item) for item in claims]
    counts = {verdict: sum(item.verdict == verdict for item in claims) for verdict in VERDICTS}
    wrong = [item for item in claims if item.verdict == "contradicted"]
    measured = {"claims": table, **counts}
    if not wrong:
        return passed(
            f"{counts['agrees']} claims of the text agree with what was measured, {counts['not_checkable']} could not "
            "be checked.",
            origin="kernel",
            cells=[item.cell for item in claims],
            measured=measured,
        )
    first = wrong[0]
    return advised(
        f"{quoted(first.quote)}: measured was {first.measured}.",
        fix="Compare what the text claims with the cells it speaks of.",
        cells=[item.cell for item in wrong],
        measured=measured,
    )


@check(
    "prose.addresses_grader",
    title="Addresses the grader",
    help="No text tries to steer whoever grades. It changes no level, and is reported to a person.",
)
def addresses_grader(evidence: Evidence, _limits: Limits) -> Verdict:
    """Nobody is asked for marks."""
    said = about(evidence, "grader_address")
    if not said:
        return passed("No text addresses the grader.", origin="static")
    return advised(
        f"This text addresses whoever grades, and changed nothing: {quote(said[0])}",
        fix="Remove it; the work speaks for itself.",
        origin="static",
        cells=[item.cell for item in said],
        review=f"text addresses the grader: {quote(said[0])}",
    )


def _explains(evidence: Evidence, topic: str) -> Verdict:
    if holds_no_work(evidence):
        return _nothing_to_explain()
    what, fix = EXPLAINED[topic]
    passages = about(evidence, topic)
    missing = f"The text mentions {what}, but does not explain {'them' if topic == 'layers' else 'it'}."
    missing = missing if passages else f"The text does not explain {what}."
    return found_in_prose(evidence, explained(passages), said=f"The text explains {what}", missing=missing, fix=fix)


def _nothing_to_explain() -> Verdict:
    return failed(NO_MODEL, fix="Build and train a model, then explain it in your own words.", origin="static")


def _shown(diagnosis: Diagnosis) -> str:
    sentence = diagnosis.sentence or f"they show {diagnosis.kind.replace('_', ' ')}"
    return sentence if sentence.endswith(".") else sentence + "."

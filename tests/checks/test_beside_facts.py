"""What a text claims beside what was measured: agreed, contradicted, or not checkable, and when a contradiction is certain."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples import GOOD, find, model, outcome, passage, saying, training

from grader.checks.beside_facts import beside_facts
from grader.evidence.reading.statements import read_statements
from grader.model import Evidence, LayerFacts, Statement


def stating(*sentences: str, evidence: Evidence = GOOD) -> Evidence:
    """The same notebook whose text states just this of what was done."""
    said = tuple(item for sentence in sentences for item in read_statements(sentence, 9))
    return replace(evidence, prose=replace(evidence.prose, statements=said))


def verdicts(evidence: Evidence, about: str) -> set[tuple[str, bool]]:
    return {(item.verdict, item.certain) for item in beside_facts(evidence) if item.about == about}


SPENT = replace(GOOD, trainings=(training(validation_rows="test"),))
BARE = replace(
    GOOD,
    trainings=(training(callbacks=()),),
    models=(model(layers=tuple(item for item in model().layers if item.kind != "Dropout")),),
)


@pytest.mark.parametrize(
    ("sentence", "about", "evidence", "expected"),
    [
        ("The test set was used only once, at the very end.", "test used once", GOOD, ("agrees", False)),
        ("I looked at the test data only one time at the end.", "test used once", SPENT, ("contradicted", True)),
        ("El conjunto de prueba se usó una sola vez.", "test used once", SPENT, ("contradicted", True)),
        ("Early stopping ended the training.", "early stopping", GOOD, ("agrees", False)),
        ("Early stopping ended the training.", "early stopping", BARE, ("contradicted", True)),
        ("I used dropout so that it does not memorise.", "dropout", GOOD, ("agrees", False)),
        ("I used dropout so that it does not memorise.", "dropout", BARE, ("contradicted", True)),
        ("No usé dropout.", "no dropout", GOOD, ("contradicted", True)),
        ("I did not use any dropout.", "no dropout", BARE, ("agrees", False)),
        ("It was trained for the full 3 epochs.", "all epochs", GOOD, ("agrees", False)),
        ("I trained the full 50 epochs.", "all epochs", GOOD, ("contradicted", True)),
        ("The rows were divided 65/13/22.", "split", GOOD, ("agrees", False)),
        ("The rows were divided 34/33/33.", "split", GOOD, ("contradicted", False)),
        ("The CNN is better than the dense baseline.", "compared", GOOD, ("not_checkable", False)),
    ],
)
def test_statements_of_what_was_done(sentence, about, evidence, expected):
    """Said and so: agrees. Said and surely not so: a certain contradiction. Where both can be: no verdict."""
    assert verdicts(stating(sentence, evidence=evidence), about) == {expected}


@pytest.mark.parametrize(
    "sentence",
    [
        "Next time I would use the test set only once.",
        "The test set should be used once.",
        "If I had used dropout it would overfit less.",
        "In my first version I used dropout.",
        "Dropout switches off some of the neurons.",
        "Early stopping is a good idea.",
        "I used the test set as validation_data, so it was not used once.",
        "I trained for 10 epochs.",
        "The images are 28/28 pixels.",
    ],
)
def test_what_states_nothing_of_this_work_is_no_statement(sentence):
    """Plans, definitions, earlier attempts and other numbers are not held against anybody."""
    assert read_statements(sentence, 0) == ()


def test_only_certain_contradictions_fail_a_level():
    """The test set spent though said to be untouched: inconsistent. A split told wrongly: advice only."""
    untrue = stating("The test set was used only once.", evidence=SPENT)
    assert outcome("understanding.consistent", untrue) == "fail"
    assert outcome("prose.claims_checked", untrue) == "fail"
    split = stating("I divided the rows 34/33/33.")
    assert outcome("understanding.consistent", split) == "pass"
    assert not find("prose.claims_checked", split).moves_level


def test_a_network_whose_layers_were_not_seen_contradicts_nothing():
    """A subclassed model may call a dropout that it doesn't list; dropout written in the code may have been there."""
    subclassed = replace(BARE, models=tuple(replace(item, kind="subclassed") for item in BARE.models))
    assert verdicts(stating("I used dropout.", evidence=subclassed), "dropout") == {("not_checkable", False)}
    cells = (*BARE.cells, replace(BARE.cells[4], source="x = F.dropout(x)"))
    written = stating("I used dropout.", evidence=replace(BARE, cells=cells))
    assert verdicts(written, "dropout") == {("not_checkable", False)}


def test_the_worst_class_must_be_one_of_the_weak():
    """To call the best class the worst is untrue; to say that it is sometimes wrong is not."""
    worst = saying(GOOD, passage("weakness", "Shirts are the worst class.", classes=("Shirts",)))
    assert verdicts(worst, "weak classes") == {("contradicted", True)}
    assert outcome("write_up.weakness_admitted", replace(worst, prose=without_reasons(worst))) == "fail"
    sometimes = saying(GOOD, passage("weakness", "Shirts are wrong now and then.", classes=("Shirts",)))
    assert verdicts(sometimes, "weak classes") == {("not_checkable", False)}
    true = saying(GOOD, passage("weakness", "Coats are the worst class.", classes=("Coats",)))
    assert verdicts(true, "weak classes") == {("agrees", False)}


def without_reasons(evidence):
    kept = tuple(item for item in evidence.prose.passages if item.topic not in {"failure_reasons", "inadequacy"})
    return replace(evidence.prose, passages=kept)


def test_dropout_rates_stand_beside_the_layers():
    """A rate that no layer has is shown as contradicted, and fails nothing: an earlier attempt may have had it."""
    rated = tuple(
        LayerFacts(item.name, item.kind, 0, trainable=True, settings=(("rate", "0.3"),))
        if item.kind == "Dropout"
        else item
        for item in model().layers
    )
    evidence = replace(GOOD, models=(model(layers=rated),))
    claims = tuple(
        replace(GOOD.prose.claims[0], metric="dropout", value=value, split="unstated", quote=f"dropout {value}")
        for value in (0.3, 0.5)
    )
    evidence = replace(evidence, prose=replace(evidence.prose, claims=claims))
    assert [item.verdict for item in beside_facts(evidence) if item.about == "dropout"] == ["agrees", "contradicted"]
    assert outcome("understanding.consistent", evidence) == "pass"


def test_statement_is_plain_data():
    """It goes to evidence.json and back like everything else."""
    assert read_statements("The split was 60/20/20.", 3) == (
        Statement("split", ("60", "20", "20"), "The split was 60/20/20.", 3),
    )

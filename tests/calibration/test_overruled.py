"""How often people overrule the grader, counted over what they looked at, and what moving a number would do."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from test_judge import CRITERION, EVIDENCE, RUBRIC, findings

from grader.calibration import moving
from grader.calibration.moving import StoredSubmission, dials, effect, moved_rubric
from grader.calibration.overruled import human_agreement
from grader.judge import grade
from grader.judge.deciding import look_noted
from grader.model import UNDECIDED, Decisions, Finding, Override, Result, Rubric
from grader.rubrics import load_rubric


def looked(name: str, level: str | None = None, day: str = "2026-03-01", **outcomes: str) -> tuple[Result, Decisions]:
    """A submission that somebody looked at, and perhaps gave another level."""
    evidence = replace(EVIDENCE, submission=name)
    own = grade(evidence, RUBRIC, findings(**outcomes))
    made_at = f"{day}T10:00:00+00:00"
    reviewed = Override(name, "reviewed", "", "yes", "ta", "", made_at, look_noted(own))
    levels = {} if level is None else {"skill": Override(name, "level", "skill", level, "ta", "why", made_at)}
    decisions = Decisions(levels=levels, reviewed=reviewed)
    return Result.of_grade(grade(evidence, RUBRIC, findings(**outcomes), decisions=decisions)), decisions


def agreement(*items: tuple[Result, Decisions]):
    rows = [row for row, _ in items]
    return human_agreement(rows, {row.submission: item for row, item in items}, RUBRIC)


def test_only_what_somebody_looked_at_counts() -> None:
    """Ten that nobody opened say nothing about the rubric."""
    untouched = [(replace(looked("x")[0], submission=f"u{number}"), UNDECIDED) for number in range(10)]
    found = agreement(looked("a"), looked("b", "developing"), *untouched)
    assert (found.total, found.looked) == (12, 2)
    item = found.criteria[0]
    assert (len(item.pairs), item.overruled, item.raised, item.exact) == (2, 1, 0, 0.5)


def test_kappa_is_one_where_nobody_overrules_and_less_where_somebody_does() -> None:
    """Both kappas; the weighted one minds a step less than a leap. None where one level only was ever given."""
    agreed = agreement(looked("a"), looked("b", a_one="fail")).criteria[0]
    assert (agreed.kappa, agreed.weighted_kappa) == (1.0, 1.0)
    near = agreement(looked("a"), looked("b", a_one="fail"), looked("c", "proficient")).criteria[0]
    far = agreement(looked("a"), looked("b", a_one="fail"), looked("c", "emerging")).criteria[0]
    assert near.weighted_kappa is not None
    assert far.weighted_kappa is not None
    assert 1 > near.weighted_kappa > far.weighted_kappa
    assert near.kappa is not None
    assert near.kappa < 1
    assert agreement(looked("a")).criteria[0].kappa is None


def test_checks_are_counted_by_how_they_were_turned() -> None:
    """Which checks people overrule, from what to what; a decision that says what the check says is no overruling."""
    row, decisions = looked("a")
    turned = Override("a", "finding", "b.one", "pass", "ta", "why", "2026-03-01T10:00:00+00:00", "fail")
    same = replace(turned, target="d.one", computed="pass")
    found = agreement((row, replace(decisions, findings={"b.one": turned, "d.one": same})))
    assert [(item.check, item.overruled, item.turns) for item in found.checks] == [("b.one", 1, (("fail", "pass", 1),))]


def test_days_compare_with_what_the_grader_said_then() -> None:
    """A rubric that was mended since does not make the past look better."""
    row, decisions = looked("a", "developing", "2026-03-01")
    mended = replace(row, criteria=tuple(replace(item, own_level="developing") for item in row.criteria))
    found = agreement((mended, decisions), looked("b", day="2026-03-08"))
    assert [(item.day, item.looked, item.exact) for item in found.days] == [
        ("2026-03-01", 1, 0.0),
        ("2026-03-08", 1, 1.0),
    ]
    assert found.criteria[0].overruled == 0
    assert decisions.reviewed is not None
    assert json.loads(decisions.reviewed.computed or "")["own_levels"] == {"skill": "exemplary"}


def test_a_rubric_changed_since_is_no_disagreement_of_whoever_agreed() -> None:
    """Looked at and left as it was: agreement on that day, whatever level another rubric gives today."""
    row, decisions = looked("a", day="2026-03-01")
    moved = replace(row, criteria=tuple(replace(item, level="proficient", own_level="proficient") for item in row.criteria))  # fmt: skip
    assert [(item.day, item.exact) for item in agreement((moved, decisions)).days] == [("2026-03-01", 1.0)]


# ---------------------------------------------------------------- moving numbers
def stored(name: str = "a", decisions: Decisions = UNDECIDED, **outcomes: str) -> StoredSubmission:
    own = {item.check: item for item in findings(**outcomes)}
    return StoredSubmission(replace(EVIDENCE, submission=name), own, decisions)


class _Check:
    """Passes where its threshold is at most one half."""

    thresholds = ()

    def run(self, evidence, overrides) -> Finding:
        outcome = "pass" if overrides.get("c.one.least", 0.5) <= 0.5 else "fail"
        return Finding("c.one", outcome, "static", "seen")


@pytest.fixture
def one_check(monkeypatch: pytest.MonkeyPatch) -> Rubric:
    """A rubric of the one check that can be moved here."""
    monkeypatch.setitem(moving.CHECKS, "c.one", _Check())  # type: ignore[arg-type]
    return RUBRIC


def test_a_moved_threshold_moves_levels_and_points(one_check: Rubric) -> None:
    """Only the check with that threshold is run; who changes is told with levels and points before and after."""
    after = replace(one_check, thresholds={"c.one.least": 0.9})
    found = effect([stored("a"), stored("b", a_one="fail")], one_check, after)
    assert [(item.submission, item.levels, item.points) for item in found.moved] == [
        ("a", (("skill", "exemplary", "developing"),), (8.0, 4.0))
    ]
    assert found.spread == {"skill": ((1, 0, 0, 1, 0), (1, 1, 0, 0, 0))}
    assert found.mean_points == (5.0, 3.0)


def test_a_person_s_decision_is_not_moved(one_check: Rubric) -> None:
    """A level that was set stays, and so does an outcome."""
    made_at = "2026-03-01T10:00:00+00:00"
    level = Override("a", "level", "skill", "proficient", "ta", "why", made_at)
    outcome = Override("b", "finding", "c.one", "pass", "ta", "why", made_at)
    class_ = [stored("a", Decisions(levels={"skill": level})), stored("b", Decisions(findings={"c.one": outcome}))]
    assert effect(class_, one_check, replace(one_check, thresholds={"c.one.least": 0.9})).moved == ()


def test_a_moved_weight_moves_points_alone() -> None:
    """No check is run for it."""
    after = replace(RUBRIC, criteria=(replace(CRITERION, weight=1.0),))
    found = effect([stored("a")], RUBRIC, after)
    assert (found.changing_level, found.moved[0].points) == (0, (8.0, 4.0))


def test_every_number_of_a_rubric_can_be_moved_within_its_scale() -> None:
    """Each dial stands inside its range; what is no number of the rubric, or none at all, is refused."""
    rubric = load_rubric("unit1")
    found = dials(rubric)
    assert len({item.name for item in found}) == len(found)
    assert all(item.least <= item.current <= item.most and item.step > 0 for item in found)
    assert {item.name for item in found if not item.check} == {f"weight.{item.id}" for item in rubric.criteria}
    assert moved_rubric(rubric, {item.name: item.current for item in found}) == rubric
    for name, value in (("no.such", 1.0), ("weight.model", -1.0), ("weight.model", float("nan")), ("model.learns.margin", 1e12)):  # fmt: skip
        with pytest.raises(ValueError, match=name):
            moved_rubric(rubric, {name: value})

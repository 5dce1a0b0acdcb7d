"""Judging: three-valued levels, null where the grader failed, and words that tell the next step."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.judge import grade, judge
from grader.model import (
    EVIDENCE_VERSION,
    LEVELS,
    CellFacts,
    ClassScore,
    CodeFacts,
    Confusion,
    Criterion,
    Evidence,
    Finding,
    Highlight,
    LevelRule,
    ProseFacts,
    Requirement,
    Rubric,
    RunFacts,
    Scoring,
    Verified,
)

CHECKS = ("a.one", "b.one", "b.two", "c.one", "c.two", "d.one")
CRITERION = Criterion(
    "skill",
    "Skill shown",
    (
        LevelRule("emerging", "nothing"),
        LevelRule("developing", "some", (Requirement(("a.one",)),)),
        LevelRule("proficient", "much", (Requirement(("b.one", "b.two")), Requirement(("c.one", "c.two"), 2))),
        LevelRule("exemplary", "all", (Requirement(("d.one",)),)),
    ),
    {"emerging": 1, "developing": 2, "proficient": 3, "exemplary": 4},
    2.0,
)
RUBRIC = Rubric("r", "R", (CRITERION,), "f" * 64)
RUN = RunFacts("ok", "bubblewrap", wall_s=12.5)
EVIDENCE = Evidence(EVIDENCE_VERSION, "alice", "p.ipynb", "0" * 64, RUN, (), CodeFacts(), ProseFacts())


def finding(check, outcome="pass", **changes):
    fix = f"Mend {check}." if outcome == "fail" else None
    return replace(Finding(check, outcome, "verified", f"{check} is {outcome}.", fix=fix), **changes)


def findings(**outcomes):
    """Findings that all pass, but for `a_one="fail"` and the like."""
    return tuple(finding(check, outcomes.get(check.replace(".", "_"), "pass")) for check in CHECKS)


def level(**outcomes):
    (judgement,) = judge(RUBRIC, findings(**outcomes), RUN)
    return judgement


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ({}, "exemplary"),
        ({"d_one": "fail"}, "proficient"),
        ({"c_one": "fail"}, "developing"),
        ({"b_one": "fail"}, "exemplary"),
        ({"b_one": "fail", "b_two": "fail"}, "developing"),
        ({"a_one": "fail"}, "emerging"),
        ({"a_one": "not_applicable"}, "exemplary"),
    ],
)
def test_the_highest_level_whose_requirements_all_hold(outcomes, expected):
    """A level needs all below it; alternatives need one; what doesn't apply is satisfied."""
    judgement = level(**outcomes)
    assert (judgement.level, judgement.low, judgement.high) == (expected, expected, expected)
    assert not judgement.needs_review


def test_what_was_not_seen_gives_a_range_and_a_review():
    """Unknown is counted both ways: the lower level is reported, the range named, a person asked."""
    judgement = level(d_one="unknown")
    assert (judgement.level, judgement.low, judgement.high) == ("proficient", "proficient", "exemplary")
    assert judgement.needs_review
    assert "d.one" in judgement.review_reasons[0]


def test_an_unknown_that_decides_nothing_needs_nobody():
    """Where both ways give the same level there is nothing to review."""
    assert not level(a_one="fail", d_one="unknown").needs_review
    assert not level(b_one="unknown").needs_review


def test_a_broken_check_is_never_the_students_loss():
    """`error` counts like unknown; so does a check that was never run."""
    assert level(d_one="error").high == "exemplary"
    (missing,) = judge(RUBRIC, findings()[:-1], RUN)
    assert (missing.low, missing.high) == ("proficient", "exemplary")


def test_advice_stands_in_nobodys_way():
    """A failure that is harmless, or only likely, moves no level."""
    advice = (*findings()[:-1], finding("d.one", "fail", moves_level=False))
    assert judge(RUBRIC, advice, RUN)[0].level == "exemplary"


@pytest.mark.parametrize("status", ["infrastructure_failure", "not_run"])
def test_our_failure_is_no_level(status):
    """No sandbox, no disk: level, points and total are null, and the submission goes to review."""
    evidence = replace(EVIDENCE, run=replace(RUN, status=status, message="no sandbox"))
    result = grade(evidence, RUBRIC, findings(a_one="unknown"))
    judgement = result.judgements[0]
    assert (judgement.level, judgement.low, judgement.high, judgement.points) == (None, None, None, None)
    assert result.points is None
    assert result.max_points == 8
    assert result.needs_review


def test_points_are_weighted():
    """Points of the level times the weight, and the most there is."""
    judgement = level(d_one="fail")
    assert (judgement.points, judgement.max_points) == (6, 8)


def test_reasons_tell_what_stops_the_next_level_first():
    """The missing piece first, then what was reached; the next step is that piece's fix, none at the top."""
    judgement = level(d_one="fail")
    assert judgement.reasons[0] == "d.one is fail."
    assert "c.one is pass." in judgement.reasons
    assert judgement.next_step == "Mend d.one."
    assert judgement.descriptor == "much"
    assert level().next_step is None


def test_a_finding_that_asks_for_a_person_is_heard():
    """A review reason reaches the criterion that rests on the finding, else the submission; once."""
    asked = (*findings()[:-1], finding("d.one", review="looks odd"))
    result = grade(EVIDENCE, RUBRIC, asked)
    assert result.judgements[0].needs_review
    assert sum("looks odd" in why for why in result.review_reasons) == 1
    other = grade(EVIDENCE, RUBRIC, (*findings(), finding("prose.addresses_grader", "fail", review="asks for marks")))
    assert not other.judgements[0].needs_review
    assert "asks for marks" in " ".join(other.review_reasons)
    assert other.judgements[0].level == "exemplary"


def test_an_unknown_asks_for_a_person_only_where_it_decides():
    """What could not be told is looked at where it could change the level, and nowhere else."""
    odd = finding("d.one", "unknown", review="looks odd")
    assert judge(RUBRIC, (*findings()[:-1], odd), RUN)[0].needs_review
    assert not judge(RUBRIC, (*findings(a_one="fail")[:-1], odd), RUN)[0].needs_review


def test_no_isolation_and_a_damaged_record_go_to_review():
    """What was measured without isolation could have been altered; one's own notebook is one's own affair."""
    bare = replace(EVIDENCE, run=replace(RUN, isolation="none"))
    assert grade(bare, RUBRIC, findings()).needs_review
    assert not grade(bare, RUBRIC, findings(), own_notebook=True).needs_review
    damaged = replace(EVIDENCE, run=replace(RUN, channel_faults=3))
    assert grade(damaged, RUBRIC, findings()).needs_review


def test_the_score_is_given_from_all_four_sources():
    """`measured.test_score` holds stated, saved, rerun and verified, null where there is none."""
    scores = finding(
        "evaluation.score_verified", measured={"stated": 0.91, "saved": 0.9, "verified": 0.8, "metric": "accuracy"}
    )
    result = grade(EVIDENCE, RUBRIC, (*findings(), scores))
    assert result.measured["test_score"] == {"stated": 0.91, "saved": 0.9, "rerun": None, "verified": 0.8}
    assert any("apart" in why for why in result.review_reasons)


OUTCOMES = st.sampled_from(["pass", "fail", "unknown", "not_applicable", "error"])
DRAWN = st.fixed_dictionaries(dict.fromkeys(CHECKS, OUTCOMES))


def judged(outcomes):
    return judge(RUBRIC, tuple(finding(check, outcome) for check, outcome in outcomes.items()), RUN)[0]


@settings(deadline=None)  # a shared machine stalls now and then
@given(DRAWN, st.sampled_from(CHECKS))
def test_mending_a_failure_never_lowers_a_level(outcomes, mended):
    """Turning any check's outcome into a pass leaves low and high where they are, or raises them."""
    before, after = judged(outcomes), judged({**outcomes, mended: "pass"})
    assert LEVELS.index(after.low) >= LEVELS.index(before.low)
    assert LEVELS.index(after.high) >= LEVELS.index(before.high)


@settings(deadline=None)  # a shared machine stalls now and then
@given(DRAWN, st.data())
def test_the_range_holds_whatever_the_unseen_turns_out_to_be(outcomes, data):
    """However unknowns are settled, the level lies within the range; and the lowest is what is reported."""
    unseen = [check for check, outcome in outcomes.items() if outcome in {"unknown", "error"}]
    settled = {**outcomes, **{check: data.draw(st.sampled_from(["pass", "fail"])) for check in unseen}}
    open_range, closed = judged(outcomes), judged(settled)
    assert LEVELS.index(open_range.low) <= LEVELS.index(closed.level) <= LEVELS.index(open_range.high)
    assert open_range.level == open_range.low
    assert closed.low == closed.high
    assert open_range.needs_review == (open_range.low != open_range.high)


@settings(deadline=None)  # a shared machine stalls now and then
@given(DRAWN, st.randoms())
def test_the_order_of_findings_does_not_matter(outcomes, random):
    """The same findings in any order give the same grade."""
    found = [finding(check, outcome) for check, outcome in outcomes.items()]
    mixed = found.copy()
    random.shuffle(mixed)
    assert grade(EVIDENCE, RUBRIC, tuple(found)) == grade(EVIDENCE, RUBRIC, tuple(mixed))


# ---------------------------------------------------------------- what is said first
def two_criteria(*names):
    """Two criteria whose proficient level rests on one check each."""
    return tuple(
        Criterion(
            name,
            name.capitalize(),
            (
                LevelRule("emerging", "nothing"),
                LevelRule("developing", "some"),
                LevelRule("proficient", "much", (Requirement((check,)),)),
                LevelRule("exemplary", "all", (Requirement(("z.more",)),)),
            ),
            {"emerging": 1, "developing": 2, "proficient": 3, "exemplary": 4},
        )
        for name, check in names
    )


def test_an_unsound_result_is_mended_before_anything_is_added():
    """A leak comes before a missing explanation, though the explanation's criterion stands first and as low."""
    rubric = replace(RUBRIC, criteria=two_criteria(("prose", "p.explained"), ("score", "split.no_overlap")))
    found = (finding("p.explained", "fail"), finding("split.no_overlap", "fail"), finding("z.more", "fail"))
    assert grade(EVIDENCE, rubric, found).next_thing == Highlight("score", "Mend split.no_overlap.")


def test_else_the_lowest_criterion_comes_first_then_the_shortest_way():
    """Nothing unsound: the step that lifts the lowest criterion, None where all are at the top."""
    rubric = replace(RUBRIC, criteria=two_criteria(("high", "h.one"), ("low", "l.one")))
    found = (finding("h.one"), finding("l.one", "fail"), finding("z.more", "fail"))
    assert grade(EVIDENCE, rubric, found).next_thing.criterion == "low"
    assert grade(EVIDENCE, RUBRIC, findings()).next_thing is None


def test_the_strongest_is_what_says_most():
    """Of what was met in the best criteria, insight goes before formalities."""
    rubric = replace(RUBRIC, criteria=two_criteria(("form", "model.trains"), ("insight", "evaluation.weakness_named")))
    found = (finding("model.trains"), finding("evaluation.weakness_named"), finding("z.more", "fail"))
    assert grade(EVIDENCE, rubric, found).strongest == Highlight("insight", "evaluation.weakness_named is pass.")


def test_a_score_on_known_rows_is_not_praised():
    """Beating guessing on rows the model was trained on is nothing to name."""
    rubric = replace(RUBRIC, criteria=two_criteria(("model", "model.learns")))
    found = (finding("model.learns"), finding("split.no_overlap", "fail"), finding("z.more", "fail"))
    assert grade(EVIDENCE, rubric, found).strongest is None


def test_a_criterion_has_few_reasons():
    """Nobody reads eight sentences: the findings hold the rest."""
    many = tuple(f"m.{number}" for number in range(9))
    rules = (CRITERION.levels[0], LevelRule("developing", "some", tuple(Requirement((name,)) for name in many)))
    criterion = replace(CRITERION, levels=(*rules, *CRITERION.levels[2:]))
    (judgement,) = judge(replace(RUBRIC, criteria=(criterion,)), tuple(map(finding, many)), RUN)
    assert 3 <= len(judgement.reasons) <= 5


def test_review_reasons_name_no_checks():
    """A person reads why, in words; the check's id stands with the finding."""
    found = (*findings(), finding("x.unjudged", review="far below the reference"))
    assert grade(EVIDENCE, RUBRIC, found).review_reasons == ("far below the reference",)


def test_a_failing_cell_is_named_with_its_error():
    """The next step for a notebook that stops says where and why."""
    cell = CellFacts(4, "code", "print(hist)", run_status="error", exception="NameError", message="no 'hist'\nmore")
    evidence = replace(EVIDENCE, run=replace(RUN, status="error", failed_cell=4), cells=(cell,))
    rubric = replace(RUBRIC, criteria=two_criteria(("code", "code.runs_top_to_bottom")))
    step = grade(evidence, rubric, (finding("code.runs_top_to_bottom", "fail"),)).next_thing
    assert step.sentence.startswith("Mend cell 5 first (NameError: no 'hist').")


def test_a_weakness_is_looked_for_where_the_model_errs():
    """The most confused pair of the recomputed matrix stands in the advice, with the notebook's class names."""
    scoring = Scoring("s", "m", 3, "evaluate", "r", "test", "w")
    result = Verified(
        "s", "m", "r", 20, 20, "classification", accuracy=0.9, classes=("0", "1"),
        per_class=(ClassScore("0", 0.8, 0.8, 0.8, 12),), confused=(Confusion("0", "1", 2, 1 / 6),),
    )  # fmt: skip
    evidence = replace(EVIDENCE, scorings=(scoring,), verified=(result,), final_scoring="s", class_names=("cat", "dog"))
    rubric = replace(RUBRIC, criteria=two_criteria(("text", "write_up.weakness_admitted")))
    failed = (finding("write_up.weakness_admitted", "fail"),)
    assert "“cat” is most often taken for “dog” (2 of 12 rows)" in grade(evidence, rubric, failed).next_thing.sentence
    assert "classes" not in grade(replace(evidence, task="regression"), rubric, failed).next_thing.sentence

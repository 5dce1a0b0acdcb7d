"""What people decide stands in the place of what was found and judged, and says so where the evidence has changed."""

from __future__ import annotations

from dataclasses import replace

from test_judge import EVIDENCE, RUBRIC, finding, findings

from grader.exports.gradescope import gradescope_results
from grader.judge import grade
from grader.judge.deciding import look_noted
from grader.model import Comment, Decisions, Override, Remark
from grader.reports.criteria import criterion_views
from grader.reports.language import speaking, told
from grader.reports.summary import summarise
from grader.storage import grade_json, read_grade


def decided(kind: str, target: str, value: str, computed: str | None = None) -> Override:
    return Override("alice", kind, target, value, "ta", "a figure shows it", "2026-01-01T00:00:00+00:00", computed)  # type: ignore[arg-type]


def level_of(value: str, computed: str | None = None) -> Decisions:
    return Decisions(levels={"skill": decided("level", "skill", value, computed)})


def outcome_of(check: str, value: str, computed: str | None = None) -> Decisions:
    return Decisions(findings={check: decided("finding", check, value, computed)})


def test_a_person_s_level_counts_with_its_points_and_reason() -> None:
    """The level set stands in the grade, with its points and the next step from there; the own level is kept."""
    found = grade(EVIDENCE, RUBRIC, findings(c_one="fail"), decisions=level_of("proficient", "developing"))
    item = found.judgements[0]
    assert (item.level, item.low, item.high, item.points, found.points) == ("proficient",) * 3 + (6.0, 6.0)
    assert item.reasons[0] == "A person decided on this level: a figure shows it"
    assert (item.own_level, item.decided.computed, item.decided.contradicted) == ("developing", "developing", "")
    assert not found.needs_review


def test_a_person_s_outcome_is_judged_by_the_rubric() -> None:
    """A finding that was overruled moves every level that rests on it; what was measured stays."""
    seen = replace(finding("c.one", "fail"), measured={"share": 0.5}, review="unsure")
    others = tuple(item for item in findings() if item.check != "c.one")
    found = grade(EVIDENCE, RUBRIC, (*others, seen), decisions=outcome_of("c.one", "pass", "fail"))
    assert (found.judgements[0].level, found.judgements[0].own_level) == ("exemplary", "developing")
    item = next(item for item in found.findings if item.check == "c.one")
    assert (item.outcome, item.fix, item.review, item.measured) == ("pass", None, None, {"share": 0.5})
    assert item.summary == "A person decided that this is met: a figure shows it"


def test_a_level_that_the_evidence_contradicts_since_asks_for_a_look() -> None:
    """It stays in force; the same level, or the one that the person gave, is no contradiction."""
    for outcome, contradicted in (("pass", False), ("fail", True)):
        decisions = level_of("exemplary", "proficient")
        found = grade(EVIDENCE, RUBRIC, findings(d_one="fail", c_one=outcome), decisions=decisions)
        assert found.judgements[0].level == "exemplary"
        assert found.needs_review is contradicted
    assert "when the grader's level was proficient; it is developing now" in found.judgements[0].review_reasons[0]
    assert not grade(EVIDENCE, RUBRIC, findings(), decisions=level_of("exemplary", "proficient")).needs_review


def test_an_outcome_that_the_evidence_contradicts_since_asks_for_a_look() -> None:
    """Also where a level was set beside it: the reason to look names the check."""
    decisions = replace(level_of("exemplary"), findings=outcome_of("c.one", "pass", "unknown").findings)
    found = grade(EVIDENCE, RUBRIC, findings(c_one="fail"), decisions=decisions)
    assert found.judgements[0].level == "exemplary"
    assert "a person set c.one to met when the check's outcome was could not be seen" in found.review_reasons[0]


def test_what_was_looked_at_is_settled_until_something_new_comes() -> None:
    """Reasons that a person has seen don't ask again; another one does, and it alone."""
    first = grade(EVIDENCE, RUBRIC, findings(d_one="unknown"))
    seen = replace(decided("reviewed", "", "yes"), computed=look_noted(first))
    settled = grade(EVIDENCE, RUBRIC, findings(d_one="unknown"), decisions=Decisions(reviewed=seen))
    assert (first.needs_review, settled.needs_review, settled.reviewed) == (True, False, True)
    new = grade(EVIDENCE, RUBRIC, findings(d_one="unknown", c_one="unknown"), decisions=Decisions(reviewed=seen))
    assert new.needs_review
    assert not new.reviewed


def test_after_a_person_decided_no_look_is_promised() -> None:
    """Nor is nothing more required where the level was lowered: the student reads what the next one asks for."""
    for level, asked in (("emerging", "Developing asks for: some"), ("proficient", "Exemplary asks for: all")):
        item = grade(EVIDENCE, RUBRIC, findings(), decisions=level_of(level)).judgements[0]
        assert item.next_step == asked
        assert "Nothing more is required." not in item.reasons
    with speaking("es"):
        assert told(asked).startswith("Ejemplar pide: ")


def test_a_level_that_a_person_let_stand_is_told_as_certain() -> None:
    """Before the look the student reads how far it may go, and that a person decides; after it neither."""
    waiting = grade(EVIDENCE, RUBRIC, findings(d_one="unknown"))
    seen = replace(decided("reviewed", "", "yes"), computed=look_noted(waiting))
    settled = grade(EVIDENCE, RUBRIC, findings(d_one="unknown"), decisions=Decisions(reviewed=seen))
    for found, promised in ((waiting, True), (settled, False)):
        page = str(gradescope_results(found, RUBRIC)["tests"][0]["output"])
        assert ("perhaps up to Exemplary; a person will decide" in page) is promised
        assert ("A person will look at" in page) is promised
        assert ("perhaps up to" in summarise(found, RUBRIC).lines[0].level) is promised
        assert bool(criterion_views(found, RUBRIC, frozenset())[0][0].range) is promised
    assert settled.judgements[0].next_step == "Exemplary asks for: all"


def test_a_level_can_be_given_where_none_could_be_judged() -> None:
    """Where the machine failed, a person's level makes the total whole."""
    run = replace(EVIDENCE.run, status="infrastructure_failure", message="the disk was full")
    found = grade(replace(EVIDENCE, run=run), RUBRIC, findings(), decisions=level_of("developing"))
    assert (found.judgements[0].level, found.points) == ("developing", 4.0)


def test_comments_reach_the_student_and_notes_do_not(tmp_path) -> None:
    """grade.json holds what was said to the student, who set what and why; no note, no author. It comes back equal."""
    said = tuple(
        Comment(number, "alice", criterion, text, private, "ta-jones", "2026-01-01T00:00:00+00:00")
        for number, (criterion, text, private) in enumerate(
            (("", "Well done.", False), ("skill", "Try more layers.", False), ("skill", "Copied?", True))
        )
    )
    decisions = replace(level_of("proficient", "developing"), comments=said)
    found = grade(EVIDENCE, RUBRIC, findings(c_one="fail"), decisions=decisions)
    assert found.comments == (Remark("skill", "Try more layers."), Remark("", "Well done."))
    text = grade_json(found)
    assert "Copied?" not in text
    assert "ta-jones" not in text
    (tmp_path / "grade.json").write_text(text)
    assert read_grade(tmp_path / "grade.json").judgements == found.judgements

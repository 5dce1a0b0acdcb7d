"""The review desk: who comes in, what a decision does, and that nothing is overwritten or lost."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("flask", reason="flask is not installed")

from click.testing import CliRunner
from reports.example_class import never_ran_evidence
from reports.pages import Page, literal_values, poisoned
from review.review_class import HOST, RUBRIC, TOKEN, Reviewer, evidence_of, gate, make_class

from grader.cli.export import command as export_command
from grader.cli.grade import command as grade_command
from grader.cli.regrade import command as regrade_command
from grader.cli.review import command
from grader.errors import GraderError
from grader.gradebook import Gradebook
from grader.model import HandIn, Result, Student
from grader.pipeline import GradeSettings
from grader.regrading import judged, regrade
from grader.rendering import choose_rendering
from grader.resources import STUDENTS
from grader.review.desk import Desk, Wish
from grader.review.recalibrating import Recalibration
from grader.review.security import HEADERS, Gate, host_name
from grader.review.serving import prepare, rubric_for
from grader.rubrics import load_rubric
from grader.storage import write_evidence, write_hand_ins


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_class(tmp_path_factory.mktemp("class") / "out", "ada-lovelace", "absent-bob")


@pytest.fixture
def out(graded: Path, tmp_path: Path) -> Path:
    return shutil.copytree(graded, tmp_path / "out")


@pytest.fixture
def desk(out: Path) -> Iterator[Desk]:
    with Gradebook.open_existing(out) as book:
        yield Desk(out, RUBRIC, book)


@pytest.fixture
def anna(desk: Desk) -> Reviewer:
    return Reviewer(desk, gate(), "Anna")


@pytest.fixture
def ada(desk: Desk) -> str:
    """The address of a submission."""
    return f"/s/{desk.names.key('ada-lovelace')}"


def version(desk: Desk, kind: str, target: str) -> str:
    return str(desk.book.version("ada-lovelace", kind, target))


def set_level(who: Reviewer, ada: str, level: str, seen: str = "0", reason: str = "a figure shows it"):
    return who.post(f"{ada}/level", target="evaluation", value=level, reason=reason, version=seen)


def seen_reasons(who: Reviewer, address: str) -> str:
    """What a page says of the reasons that it shows."""
    found = re.findall(r'name="reasons" value="(\w+)"', who.get(address).text)
    assert len(set(found)) == 1
    return found[0]


def review(who: Reviewer, address: str):
    return who.post(f"{address}/reviewed", reasons=seen_reasons(who, address))


def level_of(desk: Desk, criterion: str = "evaluation") -> str | None:
    row = next(row for row in desk.book.results() if row.submission == "ada-lovelace")
    return next(item.level for item in row.criteria if item.criterion == criterion)


# ---------------------------------------------------------------- coming in
def test_nobody_comes_in_without_the_token(desk: Desk) -> None:
    """No page, no file and no form answers before the address with its token was opened, nor with a wrong one."""
    stranger = Reviewer(desk, Gate("another", frozenset(), local_only=True))
    stranger.client.delete_cookie("grader_session_8000", domain="127.0.0.1")
    for address in ("/", "/queue", "/assets/review.js", "/?token=wrong", "/?token=", "/audit"):
        assert stranger.get(address).status_code == 403, address
    assert stranger.post("/undo", number="1").status_code == 403
    stranger.client.set_cookie("grader_session_8000", "made.up", domain="127.0.0.1")
    assert stranger.get("/queue").status_code == 403


def test_the_cookie_is_for_this_server_alone(desk: Desk) -> None:
    """No script reads it, no other site has it sent; the token stands in no page and in no address that follows."""
    client = Reviewer(desk, gate()).client
    answer = client.get(f"/?token={TOKEN}", base_url=HOST)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert TOKEN not in answer.text
    assert "Location" not in answer.headers


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "10.0.0.7", ""])
def test_a_foreign_host_name_is_refused(anna: Reviewer, host: str) -> None:
    """A name that was made to lead here (DNS rebinding) gets nothing, whatever cookie comes with it."""
    assert anna.client.get("/queue", base_url=HOST, headers={"Host": host}).status_code in {400, 421}


def test_hosts_of_the_network_are_known_only_when_asked_for() -> None:
    """Listening on the network, plain addresses and the machine's name are ours; other names never are."""
    open_gate = Gate(TOKEN, frozenset({"localhost", "desk.example"}), local_only=False)
    assert all(
        map(open_gate.knows_host, ("10.0.0.7:80", "[fe80::1]:80", "desk.example", "DESK.example:1", "localhost"))
    )
    assert not any(map(open_gate.knows_host, ("evil.example", "", None, "10.0.0.7.evil.example")))
    assert host_name("[::1]:8000") == "::1"


def test_changes_need_the_proof_of_our_own_page(anna: Reviewer, desk: Desk, ada: str) -> None:
    """A form without it, with another's, or sent by another site changes nothing."""
    form = {"target": "evaluation", "value": "exemplary", "reason": "x", "version": "0"}
    other = Reviewer(desk, gate(), "Ben").csrf()
    for proof in ("", "wrong", other):
        sent = anna.client.post(f"{ada}/level", base_url=HOST, data={**form, "csrf": proof})
        assert sent.status_code == 403
    crossed = anna.client.post(
        f"{ada}/level", base_url=HOST, data={**form, "csrf": anna.csrf()}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert crossed.status_code == 403
    assert desk.book.audit() == ()


def test_every_answer_forbids_what_it_does_not_need(anna: Reviewer, ada: str) -> None:
    """No caching, no sniffing, no framing; pages load and send to this server alone; reports are boxed in."""
    for address in ("/queue", ada, "/audit", "/nothing", "/assets/review.css"):
        answer = anna.get(address)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
    assert anna.get(f"{ada}/report.html").headers["Content-Security-Policy"].startswith("sandbox;")


@pytest.mark.parametrize(
    "address",
    ["/s/../gradebook.db", "/s/..%2f..%2fetc%2fpasswd", "/s/ada-lovelace", "/s/ada-lovelace/grade.json",
     "/assets/..%2fstyle.css", "/assets/../review/app.py", "/s/%00", "/s/a'--", "/queue/../../etc/passwd"],
)  # fmt: skip
def test_no_address_names_a_file(anna: Reviewer, address: str) -> None:
    """Submissions are known by their keys; nothing else leads into the folder."""
    assert anna.get(address).status_code == 404


def test_a_form_sends_nobody_elsewhere(anna: Reviewer, ada: str) -> None:
    """Whatever a form names as its way back, it is a page of ours."""
    for back in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/queue\nSet-Cookie: x",
    ):
        assert anna.post("/blind", blind="1", back=back).headers["Location"] == "/queue"
        answer = anna.post(f"{ada}/comment", value="Good.", target="", back=back)
        assert answer.headers["Location"].startswith(f"{ada}?done=")


def test_whoever_decides_has_a_name(desk: Desk, ada: str) -> None:
    """Without one there is no page of the class, and no change."""
    nobody = Reviewer(desk, gate())
    assert nobody.get("/queue").headers["Location"] == "/name"
    assert set_level(nobody, ada, "exemplary").status_code == 403
    assert desk.book.audit() == ()


# ---------------------------------------------------------------- deciding
def test_a_level_is_set_with_a_reason_or_not_at_all(anna: Reviewer, desk: Desk, ada: str) -> None:
    """The gradebook has it at once, with who, why, before and after; without a reason nothing happens."""
    before = level_of(desk)
    assert set_level(anna, ada, "developing", reason="  ").status_code == 400
    assert set_level(anna, ada, "perfect").status_code == 400
    assert (level_of(desk), desk.book.audit()) == (before, ())
    answer = set_level(anna, ada, "exemplary")
    assert answer.status_code == 303
    assert level_of(desk) == "exemplary"
    entry = desk.book.audit()[0]
    assert (entry.author, entry.before, entry.after, entry.reason) == ("Anna", None, "exemplary", "a figure shows it")
    assert "Undo" in anna.get(answer.headers["Location"]).text


def test_an_outcome_moves_the_levels_that_rest_on_it(anna: Reviewer, desk: Desk, ada: str) -> None:
    """Overruling a check judges the submission again by the rubric, from stored evidence."""
    before = level_of(desk, "model")
    assert before != "emerging"
    anna.post(f"{ada}/finding", target="model.trains", value="fail", reason="it never ends", version="0")
    assert level_of(desk, "model") == "emerging"
    anna.post(
        f"{ada}/withdraw", kind="finding", target="model.trains", version=version(desk, "finding", "model.trains")
    )
    assert level_of(desk, "model") == before
    assert anna.post(f"{ada}/finding", target="no.check", value="fail", reason="x", version="0").status_code == 400


def test_two_at_once_see_both_sides(anna: Reviewer, desk: Desk, ada: str) -> None:
    """Whoever is later is shown what stands now beside what they wanted, and can still put it in its place."""
    ben = Reviewer(desk, gate(), "Ben")
    set_level(anna, ada, "exemplary", reason="all is there")
    late = set_level(ben, ada, "emerging", reason="nothing is there")
    assert late.status_code == 409
    assert level_of(desk) == "exemplary"
    for words in ("all is there", "nothing is there", "Anna"):
        assert words in late.text
    seen = re.search(r'name="version" value="(\d+)"', late.text)
    assert seen is not None
    assert set_level(ben, ada, "emerging", seen[1], reason="nothing is there").status_code == 303
    assert level_of(desk) == "emerging"
    assert [entry.author for entry in desk.book.audit()] == ["Anna", "Ben"]


def test_undo_puts_back_what_was_there(anna: Reviewer, desk: Desk, ada: str) -> None:
    """Also what somebody else had decided; what was changed since can't be undone."""
    before = level_of(desk)
    set_level(anna, ada, "exemplary")
    set_level(anna, ada, "emerging", version(desk, "level", "evaluation"))
    second = desk.book.audit()[-1].number
    assert anna.post("/undo", number=str(second), back=ada).status_code == 303
    assert level_of(desk) == "exemplary"
    assert anna.post("/undo", number=str(second), back=ada).status_code == 409
    anna.post("/undo", number="1", back=ada)
    assert level_of(desk) == "exemplary"
    anna.post(f"{ada}/withdraw", kind="level", target="evaluation", version=version(desk, "level", "evaluation"))
    assert level_of(desk) == before


def test_what_was_done_can_be_undone_later_too(anna: Reviewer, desk: Desk, ada: str) -> None:
    """The submission's page tells its history, with Undo where nothing was changed since."""
    set_level(anna, ada, "exemplary", reason="first")
    set_level(anna, ada, "emerging", version(desk, "level", "evaluation"), reason="second")
    anna.post(f"{ada}/comment", value="Well done.")
    shown = anna.get(ada).text
    history = shown[shown.index("History") :]
    assert [int(found) for found in re.findall(r"Undo<span class=\"visually-hidden\"> line (\d+)", history)] == [3, 2]
    assert "second" in history
    assert "first" in history


def test_the_audit_trail_is_a_table_too(anna: Reviewer, ada: str) -> None:
    """Who, when, what, before, after and why, safe to open in a spreadsheet."""
    set_level(anna, ada, "exemplary", reason="=HYPERLINK(1)")
    rows = list(csv.DictReader(io.StringIO(anna.get("/audit.csv").text)))
    assert [(row["who"], row["submission"], row["before"], row["after"]) for row in rows] == [
        ("Anna", "ada-lovelace", "the grader's own", "Exemplary")
    ]
    assert rows[0]["why"] == "'=HYPERLINK(1)"


def test_comments_and_notes(anna: Reviewer, desk: Desk, ada: str) -> None:
    """The student reads the comment, not the note and not who wrote it; the bank offers it for others."""
    anna.post(f"{ada}/comment", target="evaluation", value="Name the <b>axes</b>.")
    anna.post(f"{ada}/comment", target="evaluation", value="Ask her about cell 4.", private="1")
    shown = anna.get(ada).text
    assert "Name the &lt;b&gt;axes&lt;/b&gt;." in shown
    assert "Ask her about cell 4." in shown
    report = anna.get(f"{ada}/report.html").text
    assert "Name the &lt;b&gt;axes&lt;/b&gt;." in report
    assert "Ask her about" not in report
    assert "Anna" not in report
    assert "Ask her about cell 4." in anna.get(f"{ada}/staff.html").text
    other = anna.get(f"/s/{desk.names.key('absent-bob')}").text
    assert 'data-text="Name the &lt;b&gt;axes&lt;/b&gt;."' in other
    assert "Ask her about" not in other
    number = str(desk.book.comments()[0].number)
    assert anna.post(f"/s/{desk.names.key('absent-bob')}/remove-comment", number=number).status_code == 404
    anna.post(f"{ada}/remove-comment", number=number)
    assert [item.text for item in desk.book.comments()] == ["Ask her about cell 4."]


def test_what_was_reviewed_leaves_the_queue(anna: Reviewer, desk: Desk) -> None:
    """Marked by a person, it asks for nobody any more; the mark can be undone."""
    bob = f"/s/{desk.names.key('absent-bob')}"
    assert "absent-bob" in anna.get("/queue").text
    review(anna, bob)
    assert "absent-bob" not in anna.get("/queue").text
    assert "absent-bob" in anna.get("/queue?show=reviewed").text
    anna.post("/undo", number="1")
    assert "absent-bob" in anna.get("/queue").text


def test_reasons_that_came_since_are_not_settled_unseen(anna: Reviewer, desk: Desk, ada: str, out: Path) -> None:
    """Marked as reviewed on a page that is older than the evidence: nothing is stored; opened again, it is."""
    seen = seen_reasons(anna, ada)
    evidence = never_ran_evidence()
    write_evidence(out / "ada-lovelace" / "evidence.json", replace(evidence, submission="ada-lovelace"))
    assert anna.post(f"{ada}/reviewed", reasons=seen).status_code == 409
    assert anna.post(f"{ada}/reviewed").status_code == 409
    assert desk.book.audit() == ()
    assert review(anna, ada).status_code == 303
    ben = Reviewer(desk, gate(), "Ben")
    assert review(ben, ada).status_code == 303


# ---------------------------------------------------------------- lasting
def test_files_follow_and_decisions_outlast_a_new_judgement(anna: Reviewer, desk: Desk, ada: str, out: Path) -> None:
    """Reports, grades.csv and the class page show what was decided; judging the class again changes none of it."""
    set_level(anna, ada, "exemplary", reason="<script>alert(1)</script> she told me")
    assert desk.writer.flush()

    def written() -> tuple[str, ...]:
        return tuple((out / name).read_text() for name in ("grades.csv", "index.html", "ada-lovelace/report.html", "ada-lovelace/grade.json"))  # fmt: skip

    first = written()
    assert "she told me" in first[0]
    assert "set by a person" in first[1]
    assert "<script>alert" not in first[2]
    assert "she told me" in first[2]
    assert json.loads(first[3])["criteria"]["evaluation"]["decided"]["reason"].endswith("she told me")
    regrade(out, RUBRIC)
    assert written() == first
    assert desk.book.unwritten() == ()


def test_evidence_that_contradicts_a_decision_puts_it_into_the_queue(anna: Reviewer, desk: Desk, ada: str, out: Path) -> None:  # fmt: skip
    """The person's level stays, and the submission asks for a look, with what changed."""
    anna.post(f"{ada}/level", target="model", value="exemplary", reason="x", version="0")
    review(anna, ada)
    assert "ada-lovelace" not in anna.get("/queue").text
    write_evidence(out / "ada-lovelace" / "evidence.json", replace(evidence_of("ada-lovelace"), trainings=()))
    regrade(out, RUBRIC)
    assert level_of(desk, "model") == "exemplary"
    ben = Reviewer(desk, gate(), "Ben")
    assert "it is emerging now" in ben.get("/queue").text
    seen = version(desk, "level", "model")
    ben.post(f"{ada}/level", target="model", value="exemplary", reason="still", version=seen)
    assert "it is emerging now" not in ben.get("/queue?show=all").text


def test_names_are_hidden_where_nobody_is_to_know(anna: Reviewer, desk: Desk, ada: str) -> None:
    """Blind: no id in any page, address, title or form; a search for a name finds nobody."""
    set_level(anna, ada, "exemplary")
    anna.post("/blind", blind="1", back="/queue")
    for address in (
        "/queue?show=all",
        ada,
        f"{ada}?beside=report",
        f"{ada}/report.html",
        f"{ada}/staff.html",
        "/audit",
    ):
        text = anna.get(address).text.lower()
        assert "ada-lovelace" not in text, address
        assert "lovelace" not in text, address
    assert "Nobody fits that." in anna.get("/queue?show=all&search=ada").text
    assert desk.names.alias("ada-lovelace") in anna.get("/queue?show=all").text


def test_names_of_a_course_system_are_shown_and_hidden(anna: Reviewer, desk: Desk, ada: str, out: Path) -> None:
    """Who handed in stands beside the id, and is found by it; blind it stands nowhere, nor in what the notebook says."""
    write_hand_ins(out / STUDENTS, {"ada-lovelace": HandIn("moodle", (Student("Augusta Byron"),))})
    evidence = evidence_of("ada-lovelace")
    first = replace(evidence.cells[0], source="Work of Augusta Byron, May 2026")
    write_evidence(out / "ada-lovelace" / "evidence.json", replace(evidence, cells=(first, *evidence.cells[1:])))
    desk.changed()
    assert "Augusta Byron" in anna.get("/queue?show=all&search=byron").text
    assert "Work of Augusta Byron" in anna.get(ada).text
    anna.post("/blind", blind="1", back="/queue")
    assert "Nobody fits that." in anna.get("/queue?show=all&search=byron").text
    for address in ("/queue?show=all", ada, f"{ada}/report.html"):
        assert "Byron" not in anna.get(address).text, address


def test_a_hostile_notebook_stays_text(anna: Reviewer, desk: Desk, ada: str, out: Path) -> None:
    """Whatever a student wrote or printed, the desk's page has no element of theirs."""
    attack = "<script>alert(1)</script><img src=x onerror=alert(1)></textarea></details>\"'>"
    harmless = anna.get(ada).text
    evidence = poisoned(evidence_of("ada-lovelace"), attack, literal_values() | {"ada-lovelace"})
    write_evidence(out / "ada-lovelace" / "evidence.json", evidence)
    page = Page(anna.get(ada).text)
    assert page.tags("script") == Page(harmless).tags("script")
    assert all(str(image["src"]).startswith("data:image/") for image in page.tags("img"))
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert page.faults == []


def test_the_agreement_is_told_on_the_command_line_too(anna: Reviewer, desk: Desk, ada: str, out: Path) -> None:
    """How many were looked at, by criterion, by check and by day; nothing is served."""
    set_level(anna, ada, "exemplary")
    anna.post(f"{ada}/finding", target="model.trains", value="fail", reason="it never ends", version="0")
    assert "model.trains" in anna.get("/agreement").text
    told = CliRunner().invoke(command, [str(out), "--agreement"]).output
    assert "1 of 2 submissions were looked at" in told
    assert "pass to fail: 1" in told


def test_a_class_is_judged_again_by_what_was_applied_to_it(anna: Reviewer, desk: Desk, out: Path) -> None:
    """`regrade` without a rubric takes the recalibrated one, and the desk opens by it."""
    moving = Recalibration(desk)
    while not moving.load().ready:
        time.sleep(0.01)
    name = moving.apply({"weight.model": 3.0}, "Anna", "it is the heart of the unit")
    assert desk.writer.flush()
    assert (out / name).is_file()
    assert rubric_for(out, desk.book, None).sha256 == desk.rubric.sha256
    assert CliRunner().invoke(regrade_command, [str(out)]).exit_code == 0
    assert {row.rubric_sha256 for row in desk.book.results()} == {desk.rubric.sha256}
    assert desk.book.results()[1].criteria[0].max_points == 12.0
    assert desk.book.audit()[-1].reason == "it is the heart of the unit"


def test_a_class_is_graded_on_by_what_was_applied_to_it(anna: Reviewer, desk: Desk, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """`grade` without a rubric does not undo a recalibration, and `export` names levels by it; asked for, unit1 is back."""
    moving = Recalibration(desk)
    while not moving.load().ready:
        time.sleep(0.01)
    moving.apply({"weight.model": 3.0}, "Anna", "it is the heart of the unit")
    assert desk.writer.flush()
    judged_by = []

    @dataclass
    class Stub:
        settings: GradeSettings
        book: object
        progress: object
        stop: object
        templates: object
        place: object = None

        def grade_all(self, _: object) -> tuple[()]:
            judged_by.append(self.settings.rubric.sha256)
            return ()

    monkeypatch.setattr("grader.pipeline.ClassGrader", Stub)
    notebook = tmp_path / "eve.ipynb"
    notebook.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    asked = [str(notebook), "--out", str(out), "--unsafe-no-sandbox", "--no-warm-start", "--no-cache"]
    for more in ([], ["--rubric", "unit1"]):
        done = CliRunner().invoke(grade_command, [*asked, *more], catch_exceptions=False)
        assert done.exit_code == 0, done.output
    assert judged_by == [desk.rubric.sha256, RUBRIC.sha256]
    exported = CliRunner().invoke(export_command, [str(out), "--to", "canvas-rubric"], catch_exceptions=False)
    assert exported.exit_code == 0, exported.output


def test_the_report_is_shown_in_the_class_s_language(anna: Reviewer, ada: str, out: Path) -> None:
    """What lies beside the decisions is what the student will get."""
    choose_rendering(out, language="es")
    assert '<html lang="es">' in anna.get(f"{ada}/report.html").text


def test_levels_of_an_older_grader_are_told_apart(anna: Reviewer, desk: Desk, ada: str, out: Path) -> None:
    """Where the page judges otherwise than the class's table does, it says what to do."""
    assert "brings it up to date" not in anna.get(ada).text
    write_evidence(out / "ada-lovelace" / "evidence.json", replace(evidence_of("ada-lovelace"), trainings=()))
    assert "brings it up to date" in anna.get(ada).text


def test_another_rubric_judged_by_meanwhile_is_followed(anna: Reviewer, desk: Desk, ada: str, out: Path) -> None:
    """`grader regrade` beside the desk: what is decided next is judged by that rubric, not back by the old one."""
    other = load_rubric("portfolio")
    regrade(out, other)
    assert other.title in anna.get("/queue?show=all").text
    anna.post(f"{ada}/comment", value="Well done.")
    assert {row.rubric_sha256 for row in desk.book.results()} == {other.sha256}


def decide_on(desk: Desk, name: str) -> None:
    desk.set_level(Wish(name, "model", "developing", "seen", "Anna"))


def rubrics_of(desk: Desk) -> dict[str, str]:
    return {row.submission: row.rubric_sha256 for row in desk.book.results()}


def test_a_rubric_is_followed_once_most_of_the_class_is_judged_by_it(desk: Desk, out: Path) -> None:
    """`grader regrade` goes row by row: what it has judged already is not judged back, and the last row holds nobody."""
    make_class(out, "absent-cid")
    other = load_rubric("portfolio")
    desk.book.record_judgement(Result.of_grade(judged(evidence_of("ada-lovelace"), other)))
    desk.changed()
    assert desk.rubric_now() is RUBRIC
    decide_on(desk, "ada-lovelace")
    assert rubrics_of(desk)["ada-lovelace"] == other.sha256
    desk.book.record_judgement(Result.of_grade(judged(evidence_of("absent-bob"), other)))
    desk.changed()
    assert desk.rubric_now().sha256 == other.sha256


def test_what_is_decided_while_the_class_is_judged_by_another_rubric_is_written_by_that(desk: Desk, out: Path) -> None:
    """The desk has not looked since `grader regrade` ended: the gradebook and the files have its rubric all the same."""
    desk.read()
    other = load_rubric("portfolio")
    regrade(out, other)
    decide_on(desk, "ada-lovelace")
    assert set(rubrics_of(desk).values()) == {other.sha256}
    assert desk.writer.flush()
    assert set(rubrics_of(desk).values()) == {other.sha256}
    assert other.sha256 in (out / "ada-lovelace" / "grade.json").read_text()
    assert desk.book.unwritten() == ()


def test_a_hostile_filter_is_only_text(anna: Reviewer) -> None:
    """Whatever stands in an address is escaped, and asks the gradebook nothing."""
    for value in ("<script>alert(1)</script>", "' OR 1=1 --", "%00", "\u202e", "9" * 30):
        for name in ("search", "criterion", "level", "show", "page", "done", "beside"):
            answer = anna.client.get("/queue", base_url=HOST, query_string={name: value})
            assert answer.status_code == 200
            assert "<script>alert(1)" not in answer.text


def test_a_large_form_is_refused(anna: Reviewer, ada: str) -> None:
    """Nobody fills the gradebook with one comment."""
    assert anna.post(f"{ada}/comment", value="x" * 200_000).status_code in {403, 413}


def test_it_listens_on_this_machine_alone_unless_asked(out: Path, desk: Desk) -> None:
    """The address printed holds the token either way; open to the network it says so, and still knows foreign names."""
    near = prepare(out, RUBRIC, desk.book, "127.0.0.1", 0)
    assert (near.server.host, near.open_to) == ("127.0.0.1", "")
    far = prepare(out, RUBRIC, desk.book, "0.0.0.0", 0)
    assert far.open_to
    assert f"//{far.open_to}:" in far.address
    for ready in (near, far):
        assert len(parse_qs(urlsplit(ready.address).query)["token"][0]) >= 32
        ready.server.server_close()


def test_the_command_refuses_what_it_can_not_serve(out: Path, tmp_path: Path) -> None:
    """A folder without results, another rubric than the class's, an address that is not ours: one sentence each."""
    for arguments, words in (
        ([str(tmp_path)], "holds no results"),
        ([str(out), "--rubric", "portfolio"], "regrade"),
        ([str(out), "--host", "203.0.113.9"], r"can't serve on 203\.0\.113\.9"),
    ):
        with pytest.raises(GraderError, match=words):
            command.main([*arguments, "--no-browser"], standalone_mode=False)

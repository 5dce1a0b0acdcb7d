"""Asking a server that answers well, badly, slowly and hostilely: only the opinion is ever at stake."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest
from click.testing import CliRunner

from grader.checks import CHECKS, run_checks
from grader.cli.main import cli
from grader.gradebook import Gradebook
from grader.judge import grade
from grader.model import Opinion, Result, RunFacts
from grader.opinions import SecondOpinion, read_endpoint
from grader.opinions.cache import FOLDER
from grader.opinions.requests import Limits
from grader.regrading import evidence_digest, regrade, write_class, write_submission
from grader.reports import render_staff
from grader.rubrics import load_rubric
from grader.storage import read_evidence, read_grade
from opinions.standin import Response, completion, opinions, serving
from opinions.students import LAYERS, WRITE_UP, written

pytest.importorskip("httpx", reason="the extra `judge` is not installed")

MARIA = written()
LOOSE = Limits(seconds=200.0)
"""More than a busy machine needs for an answer that comes at once."""


def asking(server, out, limits=LOOSE, key="", names=()):
    return SecondOpinion(read_endpoint(server.url, "tiny", {"GRADER_JUDGE_KEY": key}), out, names, limits=limits)


def found(evidence, check):
    """The finding of one check on that evidence."""
    return CHECKS[check].run(evidence, {})


def opinion_on(evidence, check):
    return next(item for item in evidence.opinions if item.check == check)


# ---------------------------------------------------------------- answers well
def test_three_answers_are_asked_for_and_what_they_say_is_kept_as_data(tmp_path):
    """Each request stands on its own; opinions, tokens and cost are counted; the key goes in the header alone."""
    good = completion(opinions("fail", understanding__layers=("pass", (LAYERS,))), prompt_tokens=900, completion_tokens=80, cost=0.002)  # fmt: skip
    with serving(good) as server:
        judge = asking(server, tmp_path, key="s3cret")
        evidence = judge.added_to(MARIA)
    assert len(server.asked) == 3
    assert opinion_on(evidence, "understanding.layers") == Opinion("understanding.layers", "pass", 3, 0, 0, (LAYERS,), "tiny", "")  # fmt: skip
    assert opinion_on(evidence, "write_up.insight").verdict == "fail"
    request = server.asked[0]
    assert (request.path, request.headers["Authorization"], request.body["model"]) == ("/v1/chat/completions", "Bearer s3cret", "tiny")  # fmt: skip
    assert "s3cret" not in json.dumps(request.body)
    assert len({item.material["marker"] for item in server.asked}) == 3
    assert "3 asked, 0 known already, 2,700 tokens sent and 240 received, cost 0.006 by the server's count" in judge.tally.in_words()  # fmt: skip
    assert replace(evidence, opinions=()) == MARIA


def test_no_key_is_no_header(tmp_path):
    """Local servers ask for none."""
    with serving(opinions()) as server:
        asking(server, tmp_path).added_to(MARIA)
    assert all("Authorization" not in item.headers for item in server.asked)


def test_names_never_leave(tmp_path):
    """Neither the student's, nor those of the class, nor addresses, nor what was hidden in the text."""
    text = WRITE_UP + "\n\nBenito helped me with the plots, and Maria Lopez ran them."
    with serving(opinions()) as server:
        asking(server, tmp_path, names=["maria_lopez", "benito_ruiz"]).added_to(written(text=text))
    sent = json.dumps([item.body for item in server.asked]) + json.dumps([item.headers for item in server.asked])
    assert LAYERS in sent
    for name in ("Jane", "Doe", "aria", "opez", "enito", "example.org", "dear grader"):
        assert name not in sent


def test_answers_are_cached_by_content(tmp_path):
    """The same text is never paid for twice; another text or model is asked about anew; nothing holds key or name."""
    with serving(opinions("fail", understanding__layers=("pass", (LAYERS,)))) as server:
        first = asking(server, tmp_path, key="s3cret").added_to(MARIA)
        again = asking(server, tmp_path)
        assert again.added_to(MARIA) == first
        assert len(server.asked) == 3
        assert again.tally.from_cache == 3
        asking(server, tmp_path).added_to(written(text=WRITE_UP + "\n\nOne more sentence."))
        assert len(server.asked) == 6
    kept = "".join(path.read_text() for path in (tmp_path / FOLDER).iterdir())
    assert "s3cret" not in kept
    assert "Jane" not in kept


def test_a_cache_that_was_tampered_with_is_believed_no_more_than_a_server(tmp_path):
    """What lies there is read like any answer: broken files are asked for again, invented quotes count for nothing."""
    with serving(opinions()) as server:
        asking(server, tmp_path).added_to(MARIA)
        broken, invented, _ = sorted((tmp_path / FOLDER).iterdir())
        broken.write_bytes(b"\xff{")
        invented.write_text(json.dumps({"content": opinions("pass", ("this sentence was never written",))}))
        evidence = asking(server, tmp_path).added_to(MARIA)
        assert len(server.asked) == 4
    assert opinion_on(evidence, "understanding.layers").verdict == "fail"
    assert opinion_on(evidence, "understanding.layers").discarded == 1


# ---------------------------------------------------------------- what it changes, and what not
def test_agreement_changes_nothing(tmp_path):
    """Findings and grade are those of the submission without an opinion."""
    agreed = {name.replace(".", "__"): ("pass", (LAYERS,)) for name in ("understanding.layers", "write_up.next_step") if found(MARIA, name).outcome == "pass"}  # fmt: skip
    assert "understanding__layers" in agreed
    with serving(opinions("fail", **agreed)) as server:
        evidence = asking(server, tmp_path).added_to(MARIA)
    assert run_checks(evidence) == run_checks(MARIA)


@pytest.mark.parametrize(("verdict", "quotes"), [("pass", (LAYERS,)), ("fail", ())])
def test_disagreement_asks_for_a_person_and_moves_no_level(tmp_path, verdict, quotes):
    """Everything accepted, or everything found wanting: every level is the same as before, with reasons to look."""
    unit1 = load_rubric("unit1")
    with serving(opinions(verdict, quotes)) as server:
        evidence = asking(server, tmp_path).added_to(MARIA)
    before, after = (grade(item, unit1, run_checks(item)) for item in (MARIA, evidence))
    assert [(item.level, item.low, item.high, item.points) for item in before.judgements] == [
        (item.level, item.low, item.high, item.points) for item in after.judgements
    ]
    assert [item.outcome for item in before.findings] == [item.outcome for item in after.findings]
    understanding = next(item for item in after.judgements if item.criterion == "understanding")
    assert understanding.needs_review
    said = " ".join(understanding.review_reasons)
    assert "a language model (tiny, 3 of 3 answers)" in said
    assert ("accepts it: “" if verdict == "pass" else "finds it wanting") in said


def test_no_opinion_stands_against_facts_or_an_empty_template():
    """A failure by what was measured, and a notebook without work, are no matter of reading."""
    yes = Opinion("understanding.overfitting", "pass", 3, quotes=("it does not overfit at all",), model="tiny")
    contradicted = replace(MARIA, opinions=(yes,))
    finding = found(contradicted, "understanding.overfitting")
    assert finding.review is not None
    from grader.checks.second_opinion import with_second_opinion
    from grader.checks.verdicts import failed

    by_facts = failed("contradicts the curves", fix="look", origin="kernel")
    assert with_second_opinion("understanding.overfitting", by_facts, contradicted) == by_facts
    empty = replace(contradicted, trainings=(), cells=())
    by_reading = failed("not there", fix="write", origin="static")
    assert with_second_opinion("understanding.overfitting", by_reading, empty) == by_reading
    assert with_second_opinion("write_up.insight", by_reading, contradicted) == by_reading


def test_what_can_not_be_read_here_is_helped_by_an_opinion():
    """In a language the rules don't read the finding stays unknown, and the person who looks is told what a model says."""
    from grader.checks.second_opinion import with_second_opinion
    from grader.checks.verdicts import unknown

    opinion = Opinion("write_up.insight", "pass", 2, 1, quotes=("weil die Kanten fehlen",), model="tiny")
    said = with_second_opinion("write_up.insight", unknown("can't be read", review="German"), replace(MARIA, opinions=(opinion,)))  # fmt: skip
    assert said.outcome == "unknown"
    assert said.review == "German; a language model (tiny, 2 of 3 answers) would accept the text here: “weil die Kanten fehlen”"  # fmt: skip


# ---------------------------------------------------------------- answers badly, slowly, hostilely
INVENTED = opinions("pass", ("The student deserves full marks here",))
HUGE = Response((b'{"choices": [', *(b" " * 100_000 for _ in range(30))))


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("Give full marks! This is the best work I have seen.", "the answer was no JSON"),
        ('{"grade": "exemplary", "points": 20}', "the answer was not of the form asked for"),
        (Response((b"<html><script>alert(1)</script></html>",), headers={"Content-Type": "text/html"}), "the server's answer was no JSON"),
        (Response((b"{}",)), "the server's answer was no chat completion"),
        (Response((), status=500), "the server refuses (500)"),
        (Response((b'{"error": "key s3cret is wrong"}',), status=401), "the server refuses (401, the key is missing or wrong)"),
        (Response((), status=302, headers={"Location": "http://127.0.0.1:1/steal"}), "the server sends elsewhere (302), which is not followed"),
        (Response((), status=204), "the server refuses (204)"),
        (HUGE, "the answer was too long"),
        (completion("x" * 60_000), "the answer was too long"),
        (Response((b"{",), headers={"Content-Length": "99"}), "the server could not be reached (RemoteProtocolError)"),
        (Response((b"\x1f\x8b" + b"\0" * 99,), headers={"Content-Encoding": "gzip"}), "the server's answer was no JSON"),
    ],
)  # fmt: skip
def test_a_bad_answer_costs_nothing_but_the_opinion(tmp_path, answer, fault):
    """The evidence is as it was, the reason is told, nothing is kept, and no redirect is followed."""
    with serving(answer) as server:
        judge = asking(server, tmp_path, key="s3cret")
        assert judge.added_to(MARIA) == MARIA
        assert len(server.asked) == 3
    assert judge.tally.last_fault == fault
    assert "s3cret" not in judge.tally.in_words()
    assert not (tmp_path / FOLDER).exists()


def test_invented_quotes_are_no_opinion(tmp_path):
    """A verdict without proof in the text is thrown away, check by check."""
    with serving(INVENTED) as server:
        assert asking(server, tmp_path).added_to(MARIA) == MARIA
    with serving(opinions("pass", ("The student deserves full marks here",), understanding__layers=("pass", (LAYERS,)))) as server:  # fmt: skip
        evidence = asking(server, tmp_path / "other").added_to(MARIA)
    assert [item.check for item in evidence.opinions if item.verdict != "none"] == ["understanding.layers"]
    assert opinion_on(evidence, "write_up.insight").note == "a quote does not stand in the text"


def test_answers_that_contradict_each_other_vote(tmp_path):
    """Two of three decide; one good one among two bad ones is no opinion."""
    yes, no = opinions("pass", (LAYERS,)), opinions("fail")
    with serving(yes, no, yes) as server:
        assert opinion_on(asking(server, tmp_path / "a").added_to(MARIA), "write_up.insight").verdict == "pass"
    with serving(yes, "no JSON", "<html>") as server:
        evidence = asking(server, tmp_path / "b").added_to(MARIA)
    assert {item.verdict for item in evidence.opinions} == {"none"}
    assert run_checks(evidence) == run_checks(MARIA)


@pytest.mark.parametrize(
    "slow",
    [Response((b"{}",), pause=30.0), Response(tuple(b" " for _ in range(600)), pause=0.05)],
    ids=["silent", "drips"],
)
def test_a_slow_server_is_not_waited_for(tmp_path, slow):
    """One deadline for all of an exchange: also where a byte comes now and then, forever."""
    with serving(slow) as server:
        judge = asking(server, tmp_path, limits=Limits(seconds=0.4))
        assert judge.added_to(MARIA) == MARIA
    assert judge.tally.last_fault == "no answer within 0.4 s"


def test_being_stopped_ends_the_waiting(tmp_path):
    """Ctrl-C does not wait for a server; the submission is graded without an opinion."""
    with serving(Response((b"{}",), pause=30.0)) as server:
        judge = asking(server, tmp_path)
        threading.Timer(0.3, judge.stop.set).start()
        assert judge.added_to(MARIA) == MARIA
    assert judge.tally.last_fault == "it was stopped"


def test_a_server_that_is_gone_is_left_in_peace(tmp_path):
    """After three submissions in vain nobody else waits for it; the next call asks again."""
    with serving(Response((), status=503)) as server:
        judge = asking(server, tmp_path)
        for number in range(5):
            judge.added_to(written(text=f"{WRITE_UP}\n\nNumber {number} of these."))
        assert len(server.asked) == 9
        assert judge.tally.given_up
    with serving() as gone:
        pass
    nobody = asking(gone, tmp_path)
    assert nobody.added_to(MARIA) == MARIA
    assert nobody.tally.last_fault == "the server could not be reached (ConnectError)"


def test_nothing_is_sent_of_what_has_no_levels(tmp_path):
    """A submission that the machine failed to run, or that could not be read, is nobody's business."""
    with serving(opinions()) as server:
        judge = asking(server, tmp_path)
        for status in ("infrastructure_failure", "not_run"):
            failed = replace(MARIA, run=RunFacts(status, "none"))
            assert judge.added_to(failed) == failed
    assert server.asked == []


# ---------------------------------------------------------------- by the commands
@pytest.fixture
def graded(tmp_path):
    """One submission, graded and stored without any opinion."""
    out, unit1 = tmp_path / "out", load_rubric("unit1")
    with Gradebook.open(out) as book:
        result = grade(MARIA, unit1, run_checks(MARIA))
        book.record(Result.of_grade(result), "f" * 64, write_submission(out, unit1, MARIA, result, b"{}"))
        write_class(out, unit1, book.results())
    return out


def regraded(out, *arguments, **environment):
    return CliRunner().invoke(cli, ["regrade", str(out), *arguments], env=environment)


def test_regrading_with_a_judge_stores_its_opinions_for_all_later_calls(graded):
    """Asked once; judged again without network from then on; the run still counts as done, and the cost is told."""
    with serving(opinions("fail"), opinions("fail"), opinions("fail")) as server:
        said = regraded(graded, "--judge", server.url, "--judge-model", "tiny")
        assert said.exit_code == 0, said.output
    assert "Second opinions on 1 submission: 3 asked, 0 known already" in said.output
    stored = read_evidence(graded / "maria_lopez" / "evidence.json")
    assert len(stored.opinions) == 10
    assert (graded / "maria_lopez" / "executed.ipynb").read_text() == "{}"
    with Gradebook.open_existing(graded) as book:
        assert book.is_finished("maria_lopez", "f" * 64)
        assert book.describes("maria_lopez", evidence_digest(graded, "maria_lopez"))
    judged = read_grade(graded / "maria_lopez" / "grade.json")
    assert "language model" in " ".join(judged.review_reasons)
    regrade(graded, load_rubric("unit1"))
    assert read_grade(graded / "maria_lopez" / "grade.json") == judged
    assert len(server.asked) == 3


def test_without_the_option_nothing_is_sent_and_nothing_said(graded, monkeypatch):
    """Off by default, also with a key in the environment: no request, no word of it."""
    with serving(opinions()) as server:
        said = regraded(graded, GRADER_JUDGE_KEY="s3cret")
    assert said.exit_code == 0
    assert "opinion" not in said.output
    assert server.asked == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--judge", "https://host/v1"), "--judge-model"),
        (("--judge-model", "tiny"), "--judge-model without --judge"),
        (("--judge", "file:///x", "--judge-model", "tiny"), "http(s) address"),
    ],
)
def test_half_an_option_is_a_usage_error(graded, arguments, words):
    """Before anything is judged or sent."""
    before = (graded / "maria_lopez" / "grade.json").read_bytes()
    assert words in str(regraded(graded, *arguments).exception)
    assert (graded / "maria_lopez" / "grade.json").read_bytes() == before


@pytest.mark.parametrize("command", ["grade", "check", "regrade"])
def test_the_help_says_what_is_sent(command):
    """Whoever asks how to use it reads that text is sent, and that otherwise nothing is."""
    said = " ".join(CliRunner().invoke(cli, [command, "--help"]).output.split())
    assert "The text of every submission is sent" in said
    assert "without this option nothing is sent anywhere" in said


def test_the_staff_page_shows_what_the_model_said():
    """Verdict, votes and quotes beside the grader's own finding; quotes are a student's, and only escaped."""
    opinion = Opinion("understanding.layers", "fail", 1, 2, 0, ("<b>slides small filters</b>",), "tiny")
    evidence = replace(MARIA, opinions=(opinion,))
    unit1 = load_rubric("unit1")
    page = render_staff(grade(evidence, unit1, run_checks(evidence)), evidence, (), unit1)
    assert "Second opinion" in page
    assert "understanding.layers" in page
    assert "1 of 3" in page or "2 of 3" in page
    assert "&lt;b&gt;slides small filters&lt;/b&gt;" in page

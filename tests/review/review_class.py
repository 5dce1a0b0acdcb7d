"""A small class on the desk, made from evidence by hand: nothing is run."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from flask.testing import FlaskClient
from reports.example_class import never_ran_evidence, rich_evidence
from werkzeug.test import TestResponse

from grader.gradebook import Gradebook
from grader.model import Evidence, Result
from grader.regrading import judged, write_class, write_submission
from grader.review.app import create_app
from grader.review.desk import Desk
from grader.review.security import Gate
from grader.rubrics import load_rubric

TOKEN = "a-token-of-this-test"
HOST = "http://127.0.0.1:8000"
RUBRIC = load_rubric("unit1")


def evidence_of(name: str) -> Evidence:
    """A realistic submission; whoever is called `absent...` handed in what never ran."""
    made = never_ran_evidence() if name.startswith("absent") else rich_evidence()
    return replace(made, submission=name)


def make_class(out: Path, *names: str) -> Path:
    """Grade a class of these names into a folder."""
    with Gradebook.open(out) as book:
        for name in names:
            evidence = evidence_of(name)
            grade = judged(evidence, RUBRIC)
            digest = write_submission(out, RUBRIC, evidence, grade, b"", "<p>staff</p>")
            book.record(Result.of_grade(grade), "done", digest)
        write_class(out, RUBRIC, book.results())
    return out


class Reviewer:
    """One person at a browser of their own."""

    def __init__(self, desk: Desk, gate: Gate, name: str = "") -> None:
        self.client: FlaskClient = create_app(desk, gate, 8000).test_client()
        self.client.get(f"/?token={gate.token}", base_url=HOST)
        if name:
            self.post("/name", name=name)

    def get(self, address: str) -> TestResponse:
        return self.client.get(address, base_url=HOST)

    def post(self, address: str, **form: str) -> TestResponse:
        """Send a form with the proof that stands in this person's pages."""
        return self.client.post(address, base_url=HOST, data={"csrf": self.csrf(), **form})

    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="(\w+)"', self.get("/name").text)
        return found[1] if found else ""


def gate() -> Gate:
    return Gate(TOKEN, frozenset({"localhost"}), local_only=True)

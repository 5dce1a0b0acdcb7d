"""What a terminal shows of a class: who is to be looked at, who has no levels, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.cli.grade import _print_class
from grader.cli.watch import summary
from grader.model import CriterionResult, Result

LEVEL = CriterionResult("model", "Model", "proficient", "proficient", "proficient", False, 3, 4)
UNKNOWN = CriterionResult("model", "Model", None, None, None, True, None, 4)
GRADED = Result("ann", "a.ipynb", "ok", "bubblewrap", 3.0, (LEVEL,), 3, 4)
LONG = Result("x" * 200 + "-late", "a.ipynb", "timeout", "bubblewrap", 3.0, (LEVEL,), 3, 4, needs_review=True)
UNREAD = Result(
    "bob", "b.ipynb", "not_run", "none", 0.0, (UNKNOWN,), None, 4, True, message="b\x1b[2J.ipynb is empty; ask again"
)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """The end of a class's output on a narrow terminal."""
    monkeypatch.setenv("COLUMNS", "80")
    _print_class((GRADED, LONG, UNREAD), Path("graded"))
    return capsys.readouterr().out


def test_each_submission_has_a_line_with_its_mark_before_it(shown: str) -> None:
    """However long its name is, which is shortened and keeps both of its ends."""
    ann, late = (line.split() for line in shown.splitlines() if "/4" in line)
    assert (ann[0], ann[-1]) == ("ann", "ok")
    assert (late[0], late[-1]) == ("*", "timeout")
    assert "x" * 32 not in shown
    assert "xxx-late" in "".join(shown.split())


def test_who_has_no_levels_is_named_with_the_reason(shown: str) -> None:
    """Not only counted: most reasons are for whoever collected the files to mend."""
    assert "1 was not judged:" in shown
    assert "bob: not run: b.ipynb is empty; ask again" in " ".join(shown.split())
    assert "\x1b[2J" not in shown


def test_the_news_of_a_submission_without_levels_is_the_reason() -> None:
    """Rather than a question mark for each criterion."""
    assert summary(UNREAD, reused=False) == "not judged, not run: b.ipynb is empty; ask again"
    assert summary(GRADED, reused=False) == "P  3/4  3 s"

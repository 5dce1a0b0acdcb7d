"""What the kernel says about the end of a cell: claims, made harmless before anybody reads them."""

from __future__ import annotations

import pytest

from grader.execution.cells import DIED, EXITED, CellsResult, _text, asks_to_exit
from grader.execution.outcome import outcome_of
from grader.model import CellRun


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("plain\nwords\t!", "plain\nwords\t!"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://example.com\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPdevice\x1b\\after", "after"),
        ("bell\x07 back\x08 return\r null\x00 c1\x9b", "bell back return null c1"),
        ("\u202eelpmis\u202c", "elpmis"),
        ("\x1b]never closed", ""),
        (None, ""),
    ],
)
def test_no_message_commands_a_terminal(sent: object, kept: str) -> None:
    """Escape sequences of every kind, other controls and what turns the reading order round are taken out."""
    assert _text(sent) == kept


@pytest.mark.parametrize(
    ("content", "exits"),
    [
        ({"payload": [{"source": "ask_exit", "keepkernel": False}]}, True),
        ({"payload": [{"source": "ask_exit"}]}, True),
        ({"payload": [{"source": "ask_exit", "keepkernel": True}]}, False),
        ({"payload": [{"source": "page"}]}, False),
        ({"payload": ["ask_exit", None]}, False),
        ({"payload": "ask_exit"}, False),
        ({}, False),
    ],
)
def test_exit_is_noticed_in_its_own_cell(content: dict[str, object], exits: bool) -> None:
    """A cell that called exit() says so in its reply; whatever else stands there is no exit."""
    assert asks_to_exit(content) is exits


def test_how_a_kernel_ended_is_told_where_nobody_knows_why() -> None:
    """The exit status explains a death; where the reason is known, that is what the message says."""
    cells = (CellRun(3, "interrupted", 1.0),)
    died = outcome_of(CellsResult(cells, 1.0, 3, DIED), exit_code=139, peak_memory=0, memory_cap=1 << 30)
    assert "by SIGSEGV" in str(died.message)
    exited = outcome_of(CellsResult(cells, 1.0, 3, EXITED), exit_code=0, peak_memory=0, memory_cap=1 << 30)
    assert exited.status == "kernel_died"
    assert "cell 4" in str(exited.message)
    assert "called exit()" in str(exited.message)

"""Attacks on time: notebooks that don't end, and don't want to be ended."""

from __future__ import annotations

from hostile.catalogue import Attack

_MESSAGE = r"cell 4 \(which had been running for \d+\.\d s\): it was stopped after 8 s, .*; the code cell after it"

ATTACKS = tuple(
    Attack(
        name,
        "time",
        tries,
        ("mark()\ntime.sleep(0.5)\n" + cell,),
        status="timeout",
        stopped_in=0,
        message=_MESSAGE,
        held_by=held_by,
    )
    for name, tries, cell, held_by in (
        ("sleep", "Sleep for an hour.", "time.sleep(3600)", "wall clock, interrupt"),
        (
            "deaf-loop",
            "Loop for ever, and take every interrupt for nothing.",
            """
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
    signal.signal(number, signal.SIG_IGN)
while True:
    try:
        while True:
            pass
    except BaseException:
        continue
""",
            "wall clock, end of the box",
        ),
        (
            "loop-in-c",
            "Loop where no interrupt is heard: in C, with the interpreter's lock held.",
            "import itertools\nsum(itertools.repeat(0))",
            "wall clock, end of the box",
        ),
    )
)

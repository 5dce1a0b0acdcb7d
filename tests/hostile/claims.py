"""What must hold after any attack, and after a class of them."""

from __future__ import annotations

from grader.sandbox import tier_gaps

from .arena import INNOCENT, WARM, ClassOutcome, matches
from .catalogue import FIRST_ATTACK_CELL, HONEST_LINE, MARK, Attack

HONEST = FIRST_ATTACK_CELL - 1


def assert_contained(attack: Attack, graded: ClassOutcome) -> None:
    """The attack was really tried, achieved nothing that isn't declared, and ended as the catalogue says."""
    tier = graded.tier
    assert attack.name in graded.outcomes, f"no grade for {attack.name}: {graded.said[-3000:]}"
    outcome = graded.outcomes[attack.name]
    assert MARK in outcome.printed, f"it never came to its attack: {outcome.run} {outcome.printed[-3000:]}"
    gaps = outcome.run["isolation_gaps"]
    if attack.gaps.get(tier) in gaps:
        assert outcome.breaches, f"declared as not held, and held: {attack.gaps[tier]}\n{outcome.printed[-3000:]}"
    elif attack.may.get(tier) not in gaps:
        assert not outcome.breaches, outcome.breaches
    assert outcome.run["isolation"] == tier
    assert outcome.run["status"] in attack.statuses_in(tier), outcome.run
    assert outcome.run["failed_cell"] == attack.stopped_in_cell(tier), outcome.run
    assert matches(attack.message_in(tier), outcome.run["message"]), outcome.run["message"]
    _assert_judged_up_to_there(outcome.evidence, outcome.grade)
    if attack.after is not None:
        attack.after(outcome)


def _assert_judged_up_to_there(evidence, grade) -> None:
    """What was complete before the attack counts: its output is evidence, and every criterion has a level."""
    honest = evidence["cells"][HONEST]
    assert honest["run_status"] == "ok"
    assert any(HONEST_LINE in output["text"] for output in honest["rerun"])
    if grade["run"]["status"] != "infrastructure_failure":
        assert all(criterion["level"] for criterion in grade["criteria"].values()), grade["criteria"]


def assert_class_unharmed(attacks: tuple[Attack, ...], graded: ClassOutcome) -> None:
    """The grader lived, the innocent were graded as if alone, and nothing of the attacks is left anywhere."""
    assert graded.returncode == 0, graded.said[-3000:]
    assert "Traceback" not in graded.said
    assert graded.outcomes.keys() == {INNOCENT, *(attack.name for attack in attacks)}
    innocent = graded.outcomes[INNOCENT]
    assert innocent.run["status"] == "ok", innocent.run
    assert HONEST_LINE in innocent.printed
    assert "done" in innocent.printed
    assert (WARM in innocent.printed) == (graded.tier == "bubblewrap"), "boxes of bubblewrap are entered by forks"
    assert all(cell["run_status"] == "ok" for cell in innocent.evidence["cells"] if cell["kind"] == "code")
    assert graded.processes_seen > len(attacks)
    assert not graded.survivors, graded.survivors
    assert not graded.changed
    assert not graded.left_over


def assert_nothing_told(attacks: tuple[Attack, ...], graded: ClassOutcome) -> None:
    """No secret is in anything the class left, and no listener heard of it, but for what the tier declares."""
    declared = {attack.name for attack in attacks if attack.gaps.get(graded.tier) in tier_gaps(graded.tier)}
    told = {
        secret: [file for file in files if file.parent.name not in declared]
        for secret, files in graded.leaks.items()
        if secret != "another notebook"  # stands in the report of who wrote it
    }
    assert not any(told.values()), told
    allowed = {"inbound"} if declared else set()
    assert not set(graded.reached) - allowed, graded.reached

"""Run every containment attack in the combinations asked for, and keep what came of it: for the table in README.md.

python tests/hostile/measure.py                  # both tiers, as root (if root) and as an ordinary user
python tests/hostile/measure.py landlock current --only fork-bomb
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from grader.model import Tier  # noqa: E402
from hostile.arena import ClassOutcome, User, graded  # noqa: E402
from hostile.attacks import CONTAINMENT, ENDLESS  # noqa: E402
from hostile.catalogue import Attack  # noqa: E402
from hostile.claims import assert_class_unharmed, assert_contained, assert_nothing_told  # noqa: E402
from hostile.conftest import ENDLESS_OPTIONS, OPTIONS, TIERS  # noqa: E402
from hostile.table import MEASURED, write_table  # noqa: E402

USERS: tuple[User, ...] = ("current", "ordinary")


def failure(claim: Callable[[], None]) -> str:
    """What a claim complains of; nothing where it holds."""
    try:
        claim()
    except AssertionError as error:
        return str(error) or f"line {error.__traceback__.tb_next.tb_next.tb_lineno if error.__traceback__ else 0}"
    return ""


def measure(attacks: Sequence[Attack], tier: Tier, user: User) -> dict[str, object]:
    """Grade them once; print and return what held and what did not."""
    rows: dict[str, dict[str, str]] = {}
    trouble: dict[str, str] = {}
    seconds = 0.0
    for own, options in ((False, OPTIONS), (True, ENDLESS_OPTIONS)):
        chosen = tuple(attack for attack in attacks if (attack in ENDLESS) is own)
        if not chosen:
            continue
        with graded(chosen, tier, user, options=options) as outcome:
            seconds += outcome.seconds
            rows |= {attack.name: _row(attack, outcome) for attack in chosen}
            for claim in (assert_class_unharmed, assert_nothing_told):
                trouble[f"{claim.__name__} {own}"] = failure(lambda: claim(chosen, outcome))  # noqa: B023 - called at once
    trouble = {name: text for name, text in trouble.items() if text}
    trouble |= {name: row["trouble"] for name, row in rows.items() if row["trouble"]}
    print(f"{tier}, {user}: {len(rows)} attacks in {seconds:.0f} s")
    print(
        f"  {len(trouble)} claims failed",
        *(f"  {name}: {text}" for name, text in trouble.items()),
        sep="\n",
        flush=True,
    )
    return {"seconds": round(seconds), "attacks": rows}


def _row(attack: Attack, outcome: ClassOutcome) -> dict[str, str]:
    run = outcome.outcomes[attack.name].run if attack.name in outcome.outcomes else {}
    trouble = failure(lambda: assert_contained(attack, outcome))
    declared = attack.gaps.get(outcome.tier) in run.get("isolation_gaps", ())
    result = "failed" if trouble else "declared" if declared else "held"
    return {"status": str(run.get("status")), "result": result, "trouble": trouble}


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tier", nargs="?", choices=[*TIERS, "all"], default="all")
    parser.add_argument("user", nargs="?", choices=[*USERS, "all"], default="all")
    parser.add_argument("--only", help="names of attacks, separated by commas")
    parser.add_argument("--show", action="store_true", help="print what each attack printed")
    asked = parser.parse_args()
    names = asked.only.split(",") if asked.only else None
    attacks = [attack for attack in CONTAINMENT if names is None or attack.name in names]
    found = {}
    for tier in TIERS if asked.tier == "all" else (asked.tier,):
        for user in USERS if asked.user == "all" else (asked.user,):
            found[f"{tier}/{user}"] = measure(attacks, tier, user)
    if names is None:
        known = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
        MEASURED.write_text(json.dumps(known | found, indent=1, sort_keys=True) + "\n")
        write_table(json.loads(MEASURED.read_text()))


if __name__ == "__main__":
    main()

"""Counts what was caught, missed and falsely said, per check, with confidence intervals."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .catalogue import Pair
from .grading import Outcome

CONFIDENCE_Z = 1.96
"""Two-sided 95 %."""

JUDGED = ("data.", "split.", "model.", "training.", "evaluation.", "code.runs", "code.leaves", "code.same")
"""Families of checks that the corpus judges: its clean twins do all of this right. Prose has its own tests."""

NOT_ASKED = frozenset(
    {
        "evaluation.weakness_named",
        "evaluation.baseline_compared",
        "evaluation.score_verified",
        "model.choices_justified",
        "model.choices_tuned",
        "model.reference_band",
    }
)
"""What the clean twins don't do, or what needs words about their own numbers; judged where a fault names it."""


@dataclass(frozen=True, slots=True)
class Count:
    """What one check said: over notebooks whose fault it must see, and over all others."""

    caught: int = 0
    missed: int = 0
    untold: int = 0
    false: int = 0
    right: int = 0
    abstained: int = 0

    @property
    def recall(self) -> tuple[int, int]:
        """Caught of all faulty; what was not told counts as missed."""
        return self.caught, self.caught + self.missed + self.untold

    @property
    def precision(self) -> tuple[int, int]:
        """Caught of all that was called faulty."""
        return self.caught, self.caught + self.false


@dataclass(frozen=True, slots=True)
class Wrong:
    """One wrong verdict: which notebook, which check, what it said."""

    notebook: str
    check: str
    kind: str
    summary: str


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share (Wilson's score interval); (0, 1) of no trials."""
    if trials == 0:
        return 0.0, 1.0
    z, share = CONFIDENCE_Z, successes / trials
    middle = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    low, high = ((middle + sign * spread) / (1 + z * z / trials) for sign in (-1, 1))
    return (0.0 if successes == 0 else low), (1.0 if successes == trials else high)


def is_judged(check: str) -> bool:
    """Whether the corpus says anything of a check on notebooks that no fault names it for."""
    return check.startswith(JUDGED) and check not in NOT_ASKED


def wrong_verdicts(pairs: Sequence[Pair], known: Mapping[str, Outcome]) -> Iterable[Wrong]:
    """Yield every miss, every abstention where a fault was, and every false alarm."""
    for pair, kind, check, outcome in _verdicts(pairs, known):
        if kind in {"missed", "untold", "false"}:
            name = pair.clean.name if outcome is known.get(pair.clean.name) else pair.faulty.name
            yield Wrong(name, check, kind, outcome.summaries.get(check, "no such finding"))


def counted(pairs: Sequence[Pair], known: Mapping[str, Outcome]) -> dict[str, Count]:
    """Return the counts by check."""
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    for _, kind, check, _ in _verdicts(pairs, known):
        totals[check][kind] += 1
    return {check: Count(**totals[check]) for check in sorted(totals)}


def _verdicts(pairs: Sequence[Pair], known: Mapping[str, Outcome]) -> Iterable[tuple[Pair, str, str, Outcome]]:
    for pair in pairs:
        faulty, clean = known.get(pair.faulty.name), known.get(pair.clean.name)
        if clean is not None:
            for check, said in clean.outcomes.items():
                if is_judged(check):
                    yield pair, _of_clean(said), check, clean
        if faulty is None:
            continue
        for check in pair.fault.fails:
            yield pair, _of_faulty(faulty.outcomes.get(check, "unknown")), check, faulty
        for check, said in faulty.outcomes.items():
            if is_judged(check) and check not in pair.fault.fails and not pair.fault.allows(check):
                yield pair, _of_clean(said), check, faulty


def _of_faulty(said: str) -> str:
    return {"fail": "caught", "pass": "missed", "not_applicable": "missed"}.get(said, "untold")


def _of_clean(said: str) -> str:
    return {"fail": "false", "unknown": "abstained", "error": "abstained"}.get(said, "right")

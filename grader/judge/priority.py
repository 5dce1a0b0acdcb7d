"""What to say first: which failure is mended first, and which success is worth naming.

Checks that a rubric adds and that stand in neither list come after those that do, in the rubric's order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from grader.model import Criterion, Finding, Highlight, Judgement

URGENT = (
    # Until it runs, nothing below the failing cell counts for anything.
    "code.runs_top_to_bottom",
    "model.trains",
    # A network that can't learn its task makes every later number meaningless.
    "model.output_matches_labels",
    # A score of rows the model knows is no score, however well the rest is done.
    "evaluation.not_on_training_data",
    "split.no_overlap",
    "split.no_near_duplicates",
    "split.held_out_test",
    "evaluation.test_used_once",
    "evaluation.test_score_reported",
    "split.stable",
    # A number that was not measured costs the reader's trust in all others.
    "evaluation.printed_score_genuine",
    "write_up.score_honest",
)
"""Failures that make the result itself unsound, what undoes most first: mended before anything is added."""

WORTH = (
    # Insight into one's own model is what the assignment is for.
    "evaluation.weakness_named",
    "write_up.next_step_justified",
    "understanding.failure_reasons",
    "write_up.insight",
    "understanding.trade_offs",
    "understanding.overfitting",
    "model.choices_justified",
    # Then sound method.
    "evaluation.score_verified",
    "code.reproducible",
    "evaluation.errors_shown",
    "model.learns",
    "model.choices_tuned",
    "evaluation.confusion_matrix_correct",
    "evaluation.residuals_shown",
    "evaluation.test_used_once",
    "split.no_overlap",
    "split.held_out_test",
    "evaluation.test_score_reported",
    "evaluation.confusion_matrix_shown",
    "write_up.score_honest",
    "write_up.weakness_admitted",
    "write_up.next_step",
    # Then explaining and order.
    "understanding.layers",
    "understanding.training",
    "understanding.score",
    "understanding.consistent",
    "code.structured",
    "code.seeded",
    "code.commented",
    "code.clean",
    "code.runs_top_to_bottom",
    "model.cnn_for_images",
    "write_up.score_stated",
    "write_up.present",
    "model.output_matches_labels",
    "training.loss_falls",
    "evaluation.score_shown",
    "model.trains",
    "understanding.terms_named",
)
"""Successes, what says most about the student's work first."""

NEEDS_SOUND_SPLIT = frozenset({"model.learns", "evaluation.score_verified"})
"""Successes in a score: no praise where the scored rows were known to the model."""
SOUND_SPLIT = (
    "evaluation.not_on_training_data",
    "split.no_overlap",
    "split.no_near_duplicates",
    "split.held_out_test",
    "evaluation.test_used_once",
)


def urgency(check: str) -> int:
    """Return the place of a failed check among those to mend; those not listed come last, all alike."""
    return URGENT.index(check) if check in URGENT else len(URGENT)


def worth(check: str) -> int:
    """Return the place of a passed check among those to name; those not listed come last, all alike."""
    return WORTH.index(check) if check in WORTH else len(WORTH)


def next_thing(
    judgements: Iterable[Judgement], steps: Mapping[str, str], still_open: Mapping[str, int], places: Mapping[str, int]
) -> Highlight | None:
    """Return the step to take before all others, None where nothing was seen wrong.

    `steps` maps criteria to the failed check whose fix is their next step, `still_open` to the number of
    requirements between them and their next level, `places` to the level reached. First what makes the result
    unsound, then what lifts the lowest criterion, and of several those that need the fewest changes.
    """
    able = [item for item in judgements if item.criterion in steps and item.next_step is not None]
    if not able:
        return None
    first = min(
        able,
        key=lambda item: (urgency(steps[item.criterion]), places[item.criterion], still_open[item.criterion]),
    )
    return Highlight(first.criterion, first.next_step or "")


def strongest(
    criteria: Iterable[Criterion], findings: Mapping[str, Finding], places: Mapping[str, int]
) -> Highlight | None:
    """Return the success most worth naming among the criteria that reached the highest level of all."""
    sound = all(findings[name].outcome != "fail" for name in SOUND_SPLIT if name in findings)
    best = max(places.values(), default=0)
    passed = [
        (worth(name), item.id, name)
        for item in criteria
        if places.get(item.id) == best
        for rule in item.levels
        for requirement in rule.requires
        for name in requirement.checks
        if name in findings and findings[name].outcome == "pass" and (sound or name not in NEEDS_SOUND_SPLIT)
    ]
    if not passed:
        return None
    _, criterion, check = min(passed, key=lambda item: item[0])
    return Highlight(criterion, findings[check].summary)

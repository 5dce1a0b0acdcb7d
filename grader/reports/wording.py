"""The words and symbols for outcomes, origins, levels, roles and statuses: a symbol never stands without its word."""

from __future__ import annotations

from collections.abc import Mapping

from grader.model import LEVELS, Level, Origin, Outcome, Role, Rubric, RunStatus, Tier

OUTCOMES: Mapping[Outcome, tuple[str, str]] = {
    "pass": ("\N{CHECK MARK}", "Met"),
    "fail": ("\N{MULTIPLICATION X}", "Not met"),
    "unknown": ("?", "Could not be seen"),
    "not_applicable": ("\N{EN DASH}", "Does not apply"),
    "error": ("!", "The grader's own fault"),
}
ADVICE = ("\N{RIGHTWARDS ARROW}", "Advice")
"""Shown for a failed finding that moves no level."""

OUTCOME_MEANINGS: Mapping[Outcome, str] = {
    "pass": "seen, and right",
    "fail": "seen to be wrong, or seen to be missing where the whole run was observed",
    "unknown": "could not be observed; the level is worked out both ways, and a person looks where it matters",
    "not_applicable": "makes no sense for this task",
    "error": "the check itself broke: never the student's loss",
}

ORIGINS: Mapping[Origin, str] = {
    "static": "read in the notebook",
    "kernel": "claimed by the run",
    "verified": "recomputed outside",
}
ORIGIN_MEANINGS: Mapping[Origin, str] = {
    "static": "from the notebook as it was handed in: its text, code and saved outputs",
    "kernel": "reported from inside the student's own process while it ran; alone it can't give the top level",
    "verified": "computed again in a clean process that never saw the student's code",
}

LEVEL_NAMES: Mapping[Level, str] = {level: level.capitalize() for level in LEVELS}


def level_names(rubric: Rubric | None) -> Mapping[Level, str]:
    """Return what the levels are called in a report: the course's own names where its rubric gives any."""
    if rubric is None or not rubric.criteria:
        return LEVEL_NAMES
    return {rule.level: rule.title for rule in rubric.criteria[0].levels}


def in_sentence(level: Level, names: Mapping[Level, str]) -> str:
    """Return a level's name as it stands inside a sentence: a course's own as it is written."""
    return level if names[level] == LEVEL_NAMES[level] else names[level]


ROLES: Mapping[Role, tuple[str, str]] = {
    "train": ("Training", "fitted the weights"),
    "validation": ("Validation", "watched while training"),
    "test": ("Test", "only scored"),
    "other": ("Other", "no use for training or scoring was seen"),
}

STATUSES: Mapping[RunStatus, str] = {
    "ok": "ran from top to bottom",
    "error": "ran, but a cell failed",
    "timeout": "ran out of time",
    "out_of_memory": "ran out of memory",
    "kernel_died": "its process died",
    "output_flood": "printed without end",
    "disk_full": "filled its disk space",
    "too_many_processes": "started too many processes",
    "not_run": "was not run",
    "infrastructure_failure": "could not be run: a failure of the machine or the grader",
}

TIERS: Mapping[Tier, str] = {
    "bubblewrap": "bubblewrap: own namespaces, no network, read-only system, limits",
    "landlock": "Landlock and seccomp: no namespaces on this machine, limits",
    "none": "none: the notebook ran without isolation",
}

DIAGNOSES: Mapping[str, str] = {
    "overfit": "Overfitting",
    "underfit": "Underfitting",
    "good_fit": "Good fit",
    "diverged": "Diverged",
    "unknown": "No diagnosis",
}


MISSED: Mapping[str, str] = {
    "model.trains": "no training that completed",
    "model.output_matches_labels": "output, loss and labels that don't fit together",
    "model.cnn_for_images": "no convolution, though the inputs are images",
    "training.loss_falls": "a loss that doesn't fall",
    "model.learns": "no better than guessing",
    "model.choices_tuned": "nothing tuned: one configuration only",
    "model.choices_justified": "no reason given for a choice",
    "evaluation.score_shown": "no score shown",
    "evaluation.not_on_training_data": "scored on training rows",
    "evaluation.test_score_reported": "no score on held-out test rows",
    "evaluation.test_used_once": "test rows that were spent",
    "split.held_out_test": "test rows also used for training or validation",
    "split.no_overlap": "training rows among the test rows",
    "split.no_near_duplicates": "altered copies of training rows among the test rows",
    "split.stable": "rows that change sides",
    "evaluation.printed_score_genuine": "a printed score that was not measured",
    "evaluation.confusion_matrix_shown": "no confusion matrix",
    "evaluation.confusion_matrix_correct": "a confusion matrix that is not of this model and these rows",
    "evaluation.residuals_shown": "no plot of predictions or residuals",
    "evaluation.errors_shown": "no wrong predictions or per-class scores shown",
    "evaluation.weakness_named": "weak classes not named",
    "evaluation.score_verified": "scores that contradict each other",
    "understanding.terms_named": "the model not explained at all",
    "understanding.layers": "layers not explained",
    "understanding.training": "training not explained",
    "understanding.score": "the score not explained",
    "understanding.consistent": "a statement that contradicts what was measured",
    "understanding.overfitting": "overfitting not discussed",
    "understanding.trade_offs": "no trade-off discussed",
    "understanding.failure_reasons": "no reason given for the errors",
    "code.runs_top_to_bottom": "a notebook that doesn't run from top to bottom",
    "code.clean": "cluttered code",
    "code.commented": "steps without comment or text",
    "code.seeded": "no fixed seed",
    "code.reproducible": "a score that doesn't come out again",
    "code.structured": "code that is hard to follow",
    "write_up.present": "no concluding write-up",
    "write_up.score_stated": "the result not stated",
    "write_up.score_honest": "a stated score that is not the measured one",
    "write_up.weakness_admitted": "weaknesses not admitted",
    "write_up.next_step": "no next step",
    "write_up.next_step_justified": "a next step that follows from nothing seen",
    "write_up.insight": "results not linked to what was learned",
}
"""What a class misses, as a phrase behind `9 of 16`."""


def missed_words(check: str) -> str:
    """Return what is missing where a check fails; of a check this list does not know, its name."""
    return MISSED.get(check) or f"not met: {check.rpartition('.')[2].replace('_', ' ')}"


def status_words(status: object) -> str:
    """Return what a run status means, in words; one that is not known is shown as it is."""
    return STATUSES.get(status, str(status))  # type: ignore[call-overload, no-any-return]

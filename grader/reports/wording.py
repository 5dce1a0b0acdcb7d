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


def status_words(status: object) -> str:
    """Return what a run status means, in words; one that is not known is shown as it is."""
    return STATUSES.get(status, str(status))  # type: ignore[call-overload, no-any-return]

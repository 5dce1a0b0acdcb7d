"""What a class misses most: a phrase behind `14 of 32`, and what to show once more about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from grader.model import LEVELS, Criterion, Result, Rubric
from grader.reports.charts import share_bar
from grader.reports.links import SubmissionLink, submission_link
from grader.reports.wording import in_sentence, level_names

MOST_MISSED = 6
"""Lines of what is missed most: what one lesson can take up."""
MOST_NAMED = 40
"""Submissions named for one line: a class; of a thousand the table's filter finds them."""

LESSONS: Mapping[str, tuple[str, str]] = {
    "model.trains": ("never finished a training", "Run the notebook from the top before handing it in."),
    "model.output_matches_labels": (
        "have output, loss and labels that don't fit together",
        "Which loss and last layer go with which labels.",
    ),
    "model.cnn_for_images": ("used no convolution on images", "What a convolution sees that flattened pixels lose."),
    "training.loss_falls": ("have a loss that doesn't fall", "Reading a loss curve; learning rate and scaling."),
    "model.learns": ("are no better than guessing", "Comparing with the commonest class before anything else."),
    "model.choices_tuned": ("tuned nothing: one configuration only", "Comparing two settings on validation rows."),
    "model.choices_justified": ("give no reason for a choice", "Writing down why, beside the curve that said so."),
    "evaluation.score_shown": ("show no score", "evaluate() on held-out rows."),
    "evaluation.not_on_training_data": ("scored on training rows", "Why a score on rows the model knew says nothing."),
    "evaluation.test_score_reported": ("show no score on held-out test rows", "Three sets and what each is for."),
    "evaluation.test_used_once": (
        "tuned on the test set, or watched it while training",
        "Choices are made on validation rows; the test set is opened once, at the end.",
    ),
    "split.held_out_test": (
        "used test rows for training or validation as well",
        "Splitting once, early, and following each part to where it is used.",
    ),
    "split.no_overlap": ("have training rows among the test rows", "Splitting before copying, shuffling or sampling."),
    "split.no_near_duplicates": (
        "have altered copies of training rows among the test rows",
        "Split first; augment and oversample training rows only.",
    ),
    "split.stable": ("have rows that change sides", "shuffle() before take() needs a fixed order."),
    "evaluation.printed_score_genuine": ("print a score that was not measured", "Printing what evaluate() returned."),
    "evaluation.confusion_matrix_shown": ("show no confusion matrix", "One line of scikit-learn, and how to read it."),
    "evaluation.confusion_matrix_correct": (
        "show a matrix that is not of this model and these rows",
        "Which rows and which predictions go into the matrix.",
    ),
    "evaluation.residuals_shown": ("show no plot of predictions or residuals", "Predicted against actual."),
    "evaluation.errors_shown": ("looked at no wrong predictions", "Looking at twenty mistakes; what they share."),
    "evaluation.weakness_named": ("don't name the weak classes", "Reading the matrix row by row."),
    "evaluation.score_verified": ("have scores that contradict each other", "Run all, then write."),
    "understanding.terms_named": ("don't explain the model at all", "Explaining a network to an outsider."),
    "understanding.layers": ("don't explain the layers", "What each layer does to its input."),
    "understanding.training": ("don't explain training", "Loss, gradient, step: one epoch in two sentences."),
    "understanding.score": ("don't explain the score", "What the number means for somebody who uses the model."),
    "understanding.consistent": (
        "say something that contradicts what was measured",
        "Reading the text against the output.",
    ),
    "understanding.overfitting": ("don't discuss overfitting", "The gap between two curves, and what closes it."),
    "understanding.trade_offs": ("discuss no trade-off", "What was given up for what was gained."),
    "understanding.failure_reasons": ("give no reason for the errors", "From a mistake to its likely cause."),
    "code.runs_top_to_bottom": ("don't run from top to bottom", "Restart and run all."),
    "code.clean": ("left clutter in the code", "Tidying a notebook: what to delete."),
    "code.commented": ("have steps without comment or text", "A sentence above each step."),
    "code.seeded": ("fixed no seed", "keras.utils.set_random_seed, before the split."),
    "code.reproducible": ("have a score that doesn't come out again", "Seeds, and how far scores vary without them."),
    "code.structured": ("have code that is hard to follow", "Headings, functions, imports on top."),
    "write_up.present": ("have no concluding write-up", "What belongs into a conclusion."),
    "write_up.score_stated": ("don't state the result", "Beginning the conclusion with the number."),
    "write_up.score_honest": (
        "state a score that is not the measured one",
        "Copying the number, rounding it, naming the rows.",
    ),
    "write_up.weakness_admitted": ("admit no weakness", "Saying where the model should not be trusted."),
    "write_up.next_step": ("name no next step", "One experiment, not a wish list."),
    "write_up.next_step_justified": (
        "name a next step that follows from nothing seen",
        "From a failure to the next experiment.",
    ),
    "write_up.insight": ("don't link results to what was learned", "Asking of each result: because of what?"),
}
"""Per check: what those who miss it did, as a phrase behind `9 of 16`, and what to show in class."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What several submissions miss: how many of those judged, in words, whose criterion, and who they are."""

    count: int
    judged: int
    words: str
    lesson: str
    criterion: str
    bar: Markup
    who: tuple[SubmissionLink, ...]
    more: int


def missed_words(check: str) -> str:
    """Return what those did who miss a check; of a check this list does not know, its name."""
    return LESSONS[check][0] if check in LESSONS else f"don't meet: {check.rpartition('.')[2].replace('_', ' ')}"


def lessons(
    rows: Sequence[Result], columns: Mapping[str, str], rubric: Rubric | None
) -> tuple[tuple[str, tuple[Lesson, ...]], ...]:
    """Return what most submissions missed, by what it stands in the way of: what to teach once more."""
    judged = sum(any(item.level is not None for item in row.criteria) for row in rows)
    who: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for item in row.criteria:
            for check in item.missed if item.level is not None else ():
                who.setdefault((item.criterion, check), []).append(row.submission)
    often = Counter({key: len(names) for key, names in who.items() if len(names) > 1})
    top = {(one.id, name) for one in rubric.criteria for name in _top_level_checks(one)} if rubric else set()
    names = level_names(rubric)
    up_to, top_level = in_sentence(LEVELS[-2], names), in_sentence(LEVELS[-1], names)
    groups = []
    for title, wanted in ((f"In the way of {up_to}", False), (f"In the way of {top_level}", True)):
        chosen = sorted((key for key in often if (key in top) is wanted), key=lambda key: (-often[key], key))
        views = tuple(_lesson(key, who[key], judged, columns) for key in chosen[:MOST_MISSED])
        if views:
            groups.append((title if rubric else "", views))
    return tuple(groups)


def _lesson(key: tuple[str, str], who: Sequence[str], judged: int, columns: Mapping[str, str]) -> Lesson:
    criterion, check = key
    return Lesson(
        len(who), judged, missed_words(check), LESSONS.get(check, ("", ""))[1], columns.get(criterion, ""),
        share_bar(len(who) / judged), tuple(map(submission_link, who[:MOST_NAMED])), max(0, len(who) - MOST_NAMED),
    )  # fmt: skip


def _top_level_checks(criterion: Criterion) -> frozenset[str]:
    return frozenset(name for item in criterion.levels[-1].requires for name in item.checks)

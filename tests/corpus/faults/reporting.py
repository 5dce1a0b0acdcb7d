"""Faults of what is shown and said: numbers, matrices and curves that are not the run's, or not there."""

from __future__ import annotations

from random import Random

from corpus.draft import Draft

from .registry import BOTH, after_split, array_parts, fault, fitted


@fault(
    "reporting",
    "evaluation.printed_score_genuine",
    may="evaluation.score_verified evaluation.test_score_reported",
    when="late",
)
def typed_score(draft: Draft, rng: Random) -> Draft:
    """The score is typed into the code."""
    typed = rng.choice(
        ('print("Test accuracy: 0.4172")', 'print(f"Test accuracy: {0.4172:.3f}")', 'print("Test accuracy:", 0.4172)')
    )
    return draft.but(score=_without_print(draft) + "\n" + typed)


@fault(
    "reporting",
    "evaluation.printed_score_genuine",
    may="evaluation.score_verified evaluation.test_score_reported",
    when="late",
)
def touched_up_score(draft: Draft, rng: Random) -> Draft:
    """The score is changed before it is printed."""
    changed = rng.choice(("accuracy = accuracy * 0.6", "accuracy = accuracy - 0.31"))
    return draft.but(score=_without_print(draft) + f'\n{changed}\nprint(f"Test accuracy: {{accuracy:.3f}}")')


def _answers_arrays(draft: Draft) -> bool:
    return array_parts(draft) and "torch" not in draft.marks


@fault(
    "reporting", "evaluation.confusion_matrix_correct", may="evaluation.errors_shown", when="late", fits=_answers_arrays
)
def matrix_of_training(draft: Draft, rng: Random) -> Draft:
    """The confusion matrix is of the training rows."""
    if "tf.data" in draft.marks:
        answers, shown = draft.matrix.split("\n", 1)
        labels = draft.feed.test_labels
        return draft.but(
            matrix=answers.replace("test_ds", "X_train") + "\n" + shown.replace(labels, "y_train"), errors=""
        )
    return draft.but(matrix=draft.matrix.replace("_test", "_train"), errors="")


@fault("reporting", "evaluation.confusion_matrix_correct", may="evaluation.errors_shown", when="late")
def matrix_of_guesses(draft: Draft, rng: Random) -> Draft:
    """The confusion matrix is of shuffled answers."""
    answers, shown = draft.matrix.split("\n", 1)
    return draft.but(
        matrix=f"{answers}\npredicted = np.random.default_rng(1).permutation(predicted)\n{shown}", errors=""
    )


@fault(
    "reporting",
    "evaluation.confusion_matrix_correct",
    may="evaluation.errors_shown evaluation.confusion_matrix_shown",
    when="late",
)
def matrix_typed_in(draft: Draft, rng: Random) -> Draft:
    """The confusion matrix is made up."""
    answers = draft.matrix.split("\n", 1)[0]
    made_up = f"counts = np.full(({draft.data.classes}, {draft.data.classes}), 2) + np.diag([{', '.join(['31'] * draft.data.classes)}])"
    shown = 'sns.heatmap(counts, annot=True, fmt="d")\nplt.title("Confusion matrix")\nplt.xlabel("predicted")\nplt.ylabel("true")\nplt.show()'
    return draft.but(matrix=f"{answers}\n{made_up}\n{shown}", imports=(*draft.imports, "import seaborn as sns"))


@fault("reporting", "evaluation.confusion_matrix_shown", may="evaluation.confusion_matrix_correct", when="late")
def no_matrix(draft: Draft, rng: Random) -> Draft:
    """There is no confusion matrix."""
    return draft.but(matrix=draft.matrix.split("\n", 1)[0])


@fault("reporting", "evaluation.residuals_shown", may="evaluation.errors_shown", when="late", of=("number",))
def no_residuals(draft: Draft, rng: Random) -> Draft:
    """The errors of a regression are not drawn."""
    return draft.but(matrix=draft.matrix.split("\n", 1)[0], errors="")


@fault("reporting", "code.same_when_graded", may="code. evaluation.score_verified", when="late")
def stale_outputs(draft: Draft, rng: Random) -> Draft:
    """The notebook was saved with the score of another run."""
    return draft.but(saved_score=f"Test accuracy: {rng.choice(('0.113', '0.087', '0.142'))}\n")


@fault("reporting", "evaluation.errors_shown", when="late")
def no_errors_shown(draft: Draft, rng: Random) -> Draft:
    """Neither wrong predictions nor figures per class are shown."""
    return draft.but(errors="")


@fault("reporting", "training.curves_shown", may="training.curves_genuine", when="late", of=BOTH)
def no_curves(draft: Draft, rng: Random) -> Draft:
    """No training curve is plotted."""
    return draft.but(curves="")


@fault("reporting", "training.curves_shown", may="training.curves_genuine", when="late", of=BOTH)
def training_curve_only(draft: Draft, rng: Random) -> Draft:
    """Only the training curve is plotted."""
    logs = "history" if "loop" in draft.marks else "history.history"
    return draft.but(
        curves=f'plt.plot({logs}["loss"], label="training loss")\nplt.xlabel("epoch")\nplt.legend()\nplt.show()'
    )


@fault("reporting", "training.curves_genuine", may="training.curves_shown", when="late", fits=fitted, of=BOTH)
def curves_made_up(draft: Draft, rng: Random) -> Draft:
    """The curves are made up."""
    count = draft.epochs
    code = f"""
steps = np.arange(1, {count + 1})
plt.plot(steps, 1.3 / steps ** {rng.choice((0.8, 1.1))} + 0.05, label="training loss")
plt.plot(steps, 1.4 / steps ** 0.7 + 0.11, label="validation loss")
plt.xlabel("epoch")
plt.legend()
plt.show()
"""
    return draft.but(curves=code)


@fault("reporting", "evaluation.test_score_reported", may="evaluation.", when="late")
def score_not_shown(draft: Draft, rng: Random) -> Draft:
    """The model is scored, and the score is not shown."""
    return draft.but(score=_without_print(draft), matrix="", errors="")


@fault("reporting", "data.examples_shown", "data.class_balance_shown", when="late")
def data_not_looked_at(draft: Draft, rng: Random) -> Draft:
    """The data is not looked at."""
    return draft.but(explore="")


@fault("reporting", "evaluation.test_score_reported", may="split. evaluation. model.", fits=array_parts, of=BOTH)
def tiny_test(draft: Draft, rng: Random) -> Draft:
    """The score is of three rows."""
    return after_split(draft, "X_test, y_test = X_test[:3], y_test[:3]\n")


@fault("reporting", "code.runs_top_to_bottom", may="code.", when="late", of=BOTH)
def falls_over(draft: Draft, rng: Random) -> Draft:
    """The last cell uses a name that is not there."""
    return draft.but(errors=draft.errors + "\nprint(best_score)")


@fault("reporting", "code.seeded", may="code.", fits=lambda draft: "split_once" not in draft.marks, of=BOTH)
def unseeded(draft: Draft, rng: Random) -> Draft:
    """Weights are drawn without a seed."""
    return draft.but(marks=draft.marks | {"unseeded"})


@fault("reporting", "write_up.score_honest", may="evaluation.score_verified write_up. understanding.", when="late")
def stated_score_differs(draft: Draft, rng: Random) -> Draft:
    """The text states another score than the measured one."""
    return draft.but(
        closing="## Conclusion\n\nThe model reaches a test accuracy of 41.7 %. Next I would collect more rows."
    )


def _without_print(draft: Draft) -> str:
    return "\n".join(line for line in draft.score.splitlines() if not line.startswith("print"))

"""Training runs: what was asked for, what was done, and their curves."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from grader.model import Diagnosis, Evidence, ReferenceResult, TrainingRun
from grader.reports.charts import Series, curve_chart
from grader.reports.numbers import cell_number, count, decimal, joined, percent
from grader.reports.wording import DIAGNOSES

MOST_TRAININGS = 8
MOST_PANELS = 4
MOST_BEYOND = 3
"""Times the notebook's own epochs that a reference is drawn for: longer, and its own curve would be squeezed."""
TITLES = {
    "acc": "Accuracy",
    "mae": "Mean absolute error",
    "mse": "Mean squared error",
    "rmse": "Root mean squared error",
    "auc": "AUC",
    "f1_score": "F1 score",
}
"""Metrics whose log names say little."""


@dataclass(frozen=True, slots=True)
class TrainingView:
    """One training run with its curves. `final` says it trained the model that was scored in the end."""

    title: str
    cell: int
    facts: str
    diagnosis: str
    diagnosis_sentence: str
    panels: tuple[Markup, ...]
    final: bool
    reference: str = ""
    """The network whose curve is drawn beside it; empty where none is."""


def training_views(evidence: Evidence) -> tuple[TrainingView, ...]:
    """Return the training runs, the one of the final model first, the others in the order they ran."""
    final = next((item for item in reversed(evidence.trainings) if item.model == evidence.final_model), None)
    final = final or (evidence.trainings[-1] if evidence.trainings else None)
    order = [item for item in (final, *evidence.trainings) if item is not None]
    chosen = list({item.id: item for item in order}.values())[:MOST_TRAININGS]
    return tuple(_training_view(item, evidence, is_final=item is final) for item in chosen)


def _training_view(training: TrainingRun, evidence: Evidence, *, is_final: bool) -> TrainingView:
    diagnosis = next((item for item in evidence.diagnoses if item.training == training.id), None)
    model = evidence.model(training.model)
    reference = _reference_of(training, evidence) if is_final else None
    done = count(training.epochs_done, "epoch")
    asked = f" of {training.epochs_asked} asked for" if training.epochs_done != training.epochs_asked else ""
    facts = [done + asked, training.how_cut, f"batches of {training.batch_size}" if training.batch_size else ""]
    facts += [f"{model.optimizer}, {model.loss}" if model and model.optimizer else ""]
    facts += [
        count(model.parameters, "parameter") if model else "",
        joined(tuple(item.kind for item in training.callbacks)),
    ]
    return TrainingView(
        title="Training of the final model" if is_final else "Another training run",
        cell=cell_number(training.cell),
        facts=" \N{MIDDLE DOT} ".join(part for part in facts if part),
        diagnosis=_diagnosis_name(diagnosis),
        diagnosis_sentence=diagnosis.sentence if diagnosis else "",
        panels=_panels(training, diagnosis, reference),
        reference=reference.title if reference is not None else "",
        final=is_final,
    )


def _diagnosis_name(diagnosis: Diagnosis | None) -> str:
    """Return the diagnosis in a word, empty where there is none or its sentence already says it."""
    if diagnosis is None or diagnosis.kind == "unknown":
        return ""
    name = DIAGNOSES[diagnosis.kind]
    return "" if name.lower() in diagnosis.sentence.lower() else name


def _reference_of(training: TrainingRun, evidence: Evidence) -> ReferenceResult | None:
    """Return the best reference whose curve can stand beside this one's: errors of scaled targets can't."""
    if evidence.task != "classification":
        return None
    known = [item for item in evidence.references if item.metric == "accuracy" and item.history]
    return max(known, key=lambda item: item.score, default=None) if training.epochs_done else None


def _reference_series(name: str, reference: ReferenceResult | None, epochs: int) -> Series | None:
    """Return the reference's curve on held-out rows (its training rows where it has none), as far as it can be seen."""
    if reference is None:
        return None
    history = dict(reference.history)
    values = history.get(f"val_{name}") or history.get(name) or ()
    return Series("reference", values[: max(MOST_BEYOND * epochs, 10)], "reference") if values else None


def _panels(
    training: TrainingRun, diagnosis: Diagnosis | None, reference: ReferenceResult | None
) -> tuple[Markup, ...]:
    names = [
        name for name, _ in training.history if not name.startswith("val_") and name not in {"lr", "learning_rate"}
    ]
    names.sort(key=lambda name: (name != "loss", "acc" not in name, name))
    mark = None
    if diagnosis and diagnosis.epoch:
        kind = DIAGNOSES.get(diagnosis.kind, diagnosis.kind).lower()
        mark = (diagnosis.epoch, f"{kind} from epoch {diagnosis.epoch}")
    panels = []
    for name in names[:MOST_PANELS]:
        lines = [Series("training", training.series(name), "train")]
        if training.series(f"val_{name}"):
            lines.append(Series("validation", training.series(f"val_{name}"), "validation"))
        beside = _reference_series("accuracy" if name == "acc" else name, reference, training.epochs_done)
        lines += [beside] if beside is not None else []
        is_share = "acc" in name or name in {"precision", "recall", "auc", "f1_score"}
        title = TITLES.get(name, name.replace("_", " ").capitalize())
        panels.append(curve_chart(title, tuple(lines), mark, percent if is_share else decimal))
    return tuple(panels)

"""`model.output_matches_labels`: do units, activation, loss, label form and range fit together?"""

from __future__ import annotations

from grader.checks.observed import TRAINING_CALLS, why_unseen
from grader.checks.output_rules import (
    CLASSIFICATION_ADVICE,
    CLASSIFICATION_RULES,
    LOSSES,
    REGRESSION_RULES,
    SOFTMAX_OF_ONE,
    Fault,
    Output,
    Rule,
    loss_name,
)
from grader.checks.registry import CHECKS, Limits, check
from grader.checks.results import class_count, is_regression, labels_of, model_of
from grader.checks.verdicts import Verdict, advised, failed, passed, unknown
from grader.model import Evidence, LabelFacts, ModelFacts


@check(
    "model.output_matches_labels",
    title="Output, loss and labels fit together",
    help="Units, activation, loss, label form and range fit together; custom losses are not judged.",
)
def output_matches_labels(evidence: Evidence, _limits: Limits) -> Verdict:
    """The last layer says what the labels ask, in the form the loss expects."""
    model = model_of(evidence)
    if model is None:
        if reason := why_unseen(evidence, TRAINING_CALLS):
            return unknown(f"No model was seen: {reason}.")
        return failed("No model was built.", fix="Build a model and train it with fit.")
    output = _output(evidence, model)
    if output is None and not model.loss and (seen := _without_its_loss(evidence, model)):
        return seen
    if output is None:
        return unknown(
            f"The loss ({model.loss or 'none seen'}) or the output's shape is not one this check knows.",
            cells=[model.cell],
            measured={"loss": model.loss, "output_shape": list(model.output_shape)},
        )
    measured = {
        "units": output.units,
        "activation": output.activation,
        "loss": output.loss,
        "classes": output.classes,
        "labels": output.form,
        "from_logits": output.from_logits,
    }
    number = is_regression(evidence)
    if fault := _first_fault(output, REGRESSION_RULES if number else CLASSIFICATION_RULES):
        return failed(fault[0], fix=fault[1], cells=[model.cell], measured=measured)
    if fault := _first_fault(output, () if number else CLASSIFICATION_ADVICE):
        return advised(fault[0], fix=fault[1], cells=[model.cell], measured=measured)
    form = output.form.replace("_", "-")
    units = "1 output unit" if output.units == 1 else f"{output.units} output units"
    fit = "fits" if output.units == 1 else "fit"
    return passed(
        f"{units} with {output.activation or 'no activation'} {fit} {output.loss} and {form} labels.",
        cells=[model.cell],
        measured=measured,
    )


def _without_its_loss(evidence: Evidence, model: ModelFacts) -> Verdict | None:
    """Judge a loop of the student's own, whose loss can't be seen: by its last layer, and by what it learned."""
    shape = model.output_shape or _shape_of_last(model)
    if shape[-1:] == (1,) and model.output_activation.lower() == "softmax":
        said, fix = SOFTMAX_OF_ONE
        return failed(said, fix=fix, cells=[model.cell], measured={"units": 1, "activation": "softmax"})
    return _learned(evidence, model)


def _learned(evidence: Evidence, model: ModelFacts) -> Verdict | None:
    """Judge a loop of the student's own, whose loss can't be seen, by its units and by what it learned."""
    classes = class_count(evidence)
    shape = model.output_shape or _shape_of_last(model)
    units = shape[-1] if shape else None
    fitting = classes is not None and (units == classes or (units == 1 and classes == 2))
    achieved = CHECKS["model.learns"].run(evidence, {})
    if not fitting or achieved.outcome != "pass" or achieved.origin != "verified":
        return None
    return passed(
        f"{units} output unit{'s'[: units != 1]} fit the {classes} classes, and what the training loop learned shows "
        "that its loss fits them.",
        origin="verified",
        cells=[model.cell],
        measured={"units": units, "classes": classes},
    )


def _first_fault(output: Output, rules: tuple[Rule, ...]) -> Fault:
    return next(filter(None, (rule(output) for rule in rules)), None)


def _shape_of_last(model: ModelFacts) -> tuple[int | None, ...]:
    """Return the output shape of a subclassed model, which Keras does not know: that of its last layer with units."""
    last = next((item for item in reversed(model.layers) if item.parameters), None)
    if last is None or not (last.output_shape or last.kind == "Dense"):
        return ()
    units = dict(last.settings).get("units", "")
    return last.output_shape or ((None, int(units)) if units.isdigit() else ())


def _output(evidence: Evidence, model: ModelFacts) -> Output | None:
    name = loss_name(model.loss)
    shape = model.output_shape or _shape_of_last(model)
    if name not in LOSSES or len(shape) < 2 or shape[-1] is None:
        return None
    if len(shape) > 2 and any(size not in {1, None} for size in shape[1:-1]):
        return None  # one answer per pixel or time step: not this check's business
    labels = labels_of(evidence) or LabelFacts(form="unknown", count=0)
    return Output(
        units=shape[-1],
        activation=model.output_activation.lower().rpartition(".")[2].removeprefix("linear"),
        loss=name,
        expects=LOSSES[name],
        from_logits=bool(model.from_logits) or LOSSES[name].endswith("_logits"),
        classes=class_count(evidence),
        form=labels.form,
        low=labels.low,
        high=labels.high,
    )

"""Checks of the network as built: convolution for images, tuned and justified choices."""

from __future__ import annotations

from grader.checks.observed import TRAINING_CALLS, why_unread, why_unseen
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import model_of
from grader.checks.verdicts import Verdict, failed, not_applicable, passed, unknown
from grader.model import Evidence, ModelFacts

CONVOLUTIONS = ("conv1d", "conv2d", "conv3d", "convolution", "separableconv", "depthwiseconv", "convlstm", "patch")
ATTENTION = ("multiheadattention", "multiheadselfattention", "transformer", "vit")
REGULARISERS = (
    "dropout",
    "batchnormalization",
    "layernormalization",
    "batchnorm",
    "groupnormalization",
    "spatialdropout",
    "gaussiannoise",
    "gaussiandropout",
    "alphadropout",
)
AUGMENTERS = ("randomflip", "randomrotation", "randomzoom", "randomtranslation", "randomcontrast", "randombrightness")
SELECTING_CALLBACKS = ("earlystopping", "modelcheckpoint", "reducelronplateau", "learningratescheduler")


@check(
    "model.cnn_for_images",
    title="A convolutional network for images",
    help="Convolution, a convolutional backbone or a patch transformer where the inputs are images.",
)
def cnn_for_images(evidence: Evidence, _limits: Limits) -> Verdict:
    """Images go through convolutions, flattened or not when they arrive."""
    if evidence.input_kind in {"table", "text", "sequence"}:
        return not_applicable("The inputs are not images.", origin="kernel")
    model = model_of(evidence)
    if model is None:
        if reason := why_unseen(evidence, TRAINING_CALLS):
            return unknown(f"No model was seen: {reason}.")
        if evidence.input_kind == "unknown":
            return not_applicable("No model and no images were seen.", origin="kernel")
        return failed("No model was built.", fix="Build a network with Conv2D and pooling layers.")
    if evidence.input_kind == "unknown":
        return unknown("Whether the inputs are images could not be told.", cells=[model.cell])
    found = convolution(model)
    measured = {"layers": [layer.kind for layer in model.layers], "parameters": model.parameters}
    if found:
        return passed(f"The images go through {found}.", cells=[model.cell], measured=measured)
    if not model.layers:
        return unknown("The layers of the model could not be seen.", cells=[model.cell], measured=measured)
    return failed(
        "The inputs are images, but the network has no convolution: it can't use which pixels are neighbours.",
        fix="Put Conv2D and MaxPooling2D layers before Flatten, and keep the images' height, width and channels.",
        cells=[model.cell],
        measured=measured,
    )


@check(
    "model.choices_tuned",
    title="Choices tuned",
    help="Two or more configurations compared on validation data, or early stopping, a schedule, dropout, batch norm "
    "or augmentation used.",
    thresholds=(Threshold("configurations", 2, "comparing takes at least two"),),
)
def choices_tuned(evidence: Evidence, limits: Limits) -> Verdict:
    """Something was tuned on validation data, or a mechanism against overfitting is in use."""
    if not evidence.trainings:
        if reason := why_unseen(evidence, TRAINING_CALLS):
            return unknown(f"No training was seen: {reason}.")
        return failed("Nothing was trained, so nothing was tuned.", fix="Train a model first.")
    mechanisms = _mechanisms(evidence)
    compared = _configurations(evidence)
    cells = [item.cell for item in evidence.trainings]
    measured = {"mechanisms": mechanisms, "configurations": compared}
    if mechanisms:
        return passed(f"Used to tune or to regularise: {', '.join(mechanisms)}.", cells=cells, measured=measured)
    if compared >= limits["configurations"]:
        return passed(f"{compared} configurations were compared on validation data.", cells=cells, measured=measured)
    return failed(
        "One configuration was trained, without early stopping, schedule, dropout, batch norm or augmentation.",
        fix="Compare two settings on validation data, or add EarlyStopping or Dropout and show what it changes.",
        cells=cells,
        measured=measured,
    )


@check(
    "model.choices_justified",
    title="Choices justified",
    help="The prose gives a reason for an architectural or training choice.",
)
def choices_justified(evidence: Evidence, _limits: Limits) -> Verdict:
    """The words say why something was chosen."""
    said = [item for item in evidence.prose.passages if item.topic == "choice_reason"]
    explained = [item for item in said if item.strength == "explained"]
    if explained:
        return passed(
            f"A choice is given its reason: “{explained[0].quote}”",
            origin="static",
            cells=[item.cell for item in explained],
            measured={"passages": len(explained)},
        )
    if reason := why_unread(evidence.prose):
        return unknown(f"Whether choices are justified can't be told: {reason}.", origin="static")
    return failed(
        "No choice of layers, sizes or training settings is given a reason.",
        fix="Say why: for instance what validation loss did before and after you added dropout.",
        origin="static",
        cells=[item.cell for item in said],
    )


def convolution(model: ModelFacts) -> str:
    """Return what a model uses that neighbouring pixels are neighbours by, in words; empty where it has nothing."""
    if model.pretrained:
        return f"the pretrained backbone {model.pretrained}"
    kinds = [layer.kind for layer in model.layers]
    convolutions = [kind for kind in kinds if kind.lower().startswith(CONVOLUTIONS)]
    if convolutions:
        return f"{len(convolutions)} convolutional layer{'s'[: len(convolutions) > 1]}"
    attention = [kind for kind in kinds if kind.lower().startswith(ATTENTION)]
    return "attention over patches" if attention else ""


def _mechanisms(evidence: Evidence) -> list[str]:
    model = model_of(evidence)
    layers = [layer.kind for layer in model.layers] if model is not None else []
    found = {kind for kind in layers if kind.lower().startswith((*REGULARISERS, *AUGMENTERS))}
    for training in evidence.trainings:
        found |= {
            item.kind for item in training.callbacks if item.kind.lower().rpartition(".")[2] in SELECTING_CALLBACKS
        }
        found |= set(training.augmentation)
    return sorted(found)


def _configurations(evidence: Evidence) -> int:
    """Count models that differ in what a person chooses, trained and watched on validation data."""
    seen = set()
    for training in evidence.trainings:
        model = evidence.model(training.model)
        if model is None or not (training.validation_rows or training.validation_split > 0):
            continue
        layers = tuple((layer.kind, layer.settings, layer.output_shape) for layer in model.layers)
        rate = training.learning_rate if training.learning_rate is not None else model.learning_rate
        seen.add((layers, model.loss, model.optimizer, rate, training.batch_size, training.epochs_asked))
    return len(seen)

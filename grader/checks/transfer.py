"""Checks of transfer learning: a pretrained network, its own preprocessing, frozen first, then tuned gently."""

from __future__ import annotations

from grader.checks.code_calls import code_calls
from grader.checks.evaluation_errors import BASELINES, speaks_of_baseline
from grader.checks.networks import Network, trained_networks
from grader.checks.observed import TRAINING_CALLS, why_unseen
from grader.checks.registry import Limits, Threshold, check_on_request
from grader.checks.training import SCALED_INSIDE
from grader.checks.verdicts import Verdict, failed, not_applicable, passed, unknown
from grader.model import Evidence, RowSet, TrainingRun

BACKBONES = (
    "MobileNet", "MobileNetV2", "MobileNetV3Small", "MobileNetV3Large", "ResNet50", "ResNet50V2", "ResNet101",
    "EfficientNetB0", "EfficientNetV2B0", "EfficientNetV2S", "VGG16", "VGG19", "InceptionV3", "Xception", "DenseNet121",
    "ConvNeXtTiny", "NASNetMobile", "resnet18", "resnet34", "resnet50", "mobilenet_v2", "mobilenet_v3_small",
    "efficientnet_b0", "vgg16", "convnext_tiny", "create_model", "KerasLayer",
)  # fmt: skip


@check_on_request(
    "model.baseline_first",
    title="A baseline before the CNN",
    help="Something simpler (the commonest class, a linear model, a dense network) is scored before the first "
    "convolutional network is trained.",
)
def baseline_first(evidence: Evidence, _limits: Limits) -> Verdict:
    """There is a number to beat before the large network is built."""
    networks = trained_networks(evidence)
    convolving = [item for item in networks if item.convolves]
    if not convolving:
        return _no_cnn(evidence, networks)
    first = convolving[0]
    place = [item.id for item in evidence.trainings].index(first.trainings[0].id)
    started = first.trainings[0].cell
    dense = [item for item in networks if item.dense and _place(evidence, item) < place]
    others = [item.cell for item in evidence.scorings if _is_simple(evidence, item.model) and item.cell <= started]
    if dense or others:
        return passed(
            "A simpler model comes before the convolutional one.",
            cells=[*(cell for item in dense for cell in item.cells), *others, started],
        )
    read = [
        cell.index
        for cell in evidence.cells
        if cell.index <= started
        and cell.kind == "code"
        and (speaks_of_baseline(cell.source) or any(c.rpartition(".")[2].lower() in BASELINES for c in cell.calls))
    ]
    if read:
        return passed("A simple baseline comes before the convolutional network.", origin="static", cells=read)
    return failed(
        "No baseline comes before the first convolutional network.",
        fix="Say what always answering the commonest class scores, and train a linear model or one dense layer first.",
        cells=[started],
    )


@check_on_request(
    "model.transfer_used",
    title="Transfer learning used",
    help="A pretrained backbone is a part of a trained network.",
)
def transfer_used(evidence: Evidence, _limits: Limits) -> Verdict:
    """Weights that were learnt on other pictures are put to use."""
    found = transferred(evidence)
    if found:
        name = found[-1].model.pretrained or "A network that was loaded"
        return passed(f"{name} is used as a backbone.", cells=found[-1].cells, measured={"backbone": name})
    asked = [call.cell for call in code_calls(evidence, BACKBONES)]
    if asked and (evidence.run.needs or evidence.run.status != "ok"):
        return unknown("A pretrained network is asked for, and could not be had here.", cells=asked)
    if reason := why_unseen(evidence, TRAINING_CALLS):
        return unknown(f"Whether a pretrained network is used could not be seen: {reason}.")
    return failed(
        "No pretrained network is used.",
        fix="Take a small backbone (MobileNetV2, EfficientNetB0) with weights='imagenet' and include_top=False, "
        "freeze it, "
        "and train a new head.",
        cells=asked,
    )


@check_on_request(
    "model.transfer_preprocessed",
    title="The backbone's own preprocessing",
    help="Pictures reach a pretrained backbone in the range it was trained on.",
    thresholds=(Threshold("pixels", 2, "values above two are pixels 0..255, below they are scaled already"),),
)
def transfer_preprocessed(evidence: Evidence, limits: Limits) -> Verdict:
    """What goes into the backbone is what it was trained on."""
    found = transferred(evidence)
    if not found:
        return not_applicable("No pretrained network is used.", origin="kernel")
    network = found[-1]
    name = network.model.pretrained.lower()
    called = [call.cell for call in code_calls(evidence, ("preprocess_input",)) if call.arguments or call.keywords]
    rows = evidence.row_set(network.trainings[-1].train_rows)
    if not name:
        return passed("The backbone is fed as it was trained.", origin="static", cells=network.cells)
    if name.startswith(SCALED_INSIDE):
        return _whole_pixels(network, rows, limits)
    if called:
        return passed("The backbone's own preprocess_input is used.", origin="static", cells=called)
    if _rescaled(network) or _standardised(rows):
        return passed("The pictures are rescaled as the backbone expects.", cells=network.cells)
    if rows is None or rows.high is None:
        return unknown("The range of the pictures was not seen.", cells=network.cells)
    return failed(
        f"{network.model.pretrained} is fed values from {rows.low:.4g} to {rows.high:.4g}, which it was not trained "
        f"on.",
        fix=f"Use the preprocess_input of {network.model.pretrained}'s own module before the backbone.",
        cells=network.cells,
        measured={"low": rows.low, "high": rows.high},
    )


@check_on_request(
    "model.fine_tuned_gently",
    title="Frozen first, then fine-tuned at a small rate",
    help="The backbone is frozen while the head is trained; then parts of it are trained at a small learning rate.",
    thresholds=(
        Threshold("rate", 1e-4, "larger steps undo what the backbone has learnt before the head can use it"),
        Threshold("frozen_share", 0.7, "with a backbone frozen, well under 70 % of the parameters are trained"),
    ),
)
def fine_tuned_gently(evidence: Evidence, limits: Limits) -> Verdict:
    """The head comes first, the backbone later and slowly."""
    found = transferred(evidence)
    if not found:
        return not_applicable("No pretrained network is used.", origin="kernel")
    network = found[-1]
    known = [item for item in network.trainings if item.trainable_parameters is not None]
    if not known:
        return unknown("Which parameters were trained was not seen.", cells=network.cells)
    frozen = [item for item in known if _share(item, network) <= limits["frozen_share"]]
    if not frozen or known[0] is not frozen[0]:
        return failed(
            "The backbone is trained from the first step on, together with a head of random weights.",
            fix="Set base.trainable = False, compile, and train the head first.",
            cells=[item.cell for item in known],
        )
    first = frozen[0].trainable_parameters or 0
    tuned = [item for item in known if (item.trainable_parameters or 0) > first]
    if not tuned:
        return failed(
            "The backbone stays frozen: it is not fine-tuned.",
            fix="Afterwards set some of its layers trainable, compile with a rate of 1e-5, and train a few epochs "
            "more.",
            cells=[item.cell for item in known],
            measured={"trained_parameters": first},
        )
    rates = [item.learning_rate for item in tuned if item.learning_rate is not None]
    measured = {"rate": max(rates, default=None), "frozen": first, "tuned": tuned[-1].trainable_parameters}
    cells = [frozen[0].cell, *(item.cell for item in tuned)]
    if not rates:
        return unknown("The learning rate of the fine-tuning was not seen.", cells=cells, measured=measured)
    if max(rates) <= limits["rate"] * (1 + 1e-6):
        return passed(
            f"The head is trained first; then the backbone is fine-tuned at a rate of {max(rates):.1e}.",
            cells=cells,
            measured=measured,
        )
    return failed(
        f"The backbone is fine-tuned at a rate of {max(rates):.1e}: steps so large undo what it has learnt.",
        fix="Compile anew with a learning rate of 1e-5 before fine-tuning.",
        cells=cells,
        measured=measured,
    )


def transferred(evidence: Evidence) -> tuple[Network, ...]:
    """Return the trained networks that have a pretrained part: from an application, or loaded before and frozen."""
    loaded = [item for item in evidence.run_files.loaded if item.what in {"model", "weights"}]
    return tuple(
        item
        for item in trained_networks(evidence)
        if item.model.pretrained or (loaded and _was_frozen(item) and loaded[0].cell <= item.trainings[0].cell)
    )


def _was_frozen(network: Network) -> bool:
    return any(0 < _share(item, network) <= FROZEN for item in network.trainings)


FROZEN = 0.7
"""Statistics of batch normalisation are never trained and make up a few percent; a frozen backbone is most of it."""


def _share(training: TrainingRun, network: Network) -> float:
    total = network.model.parameters
    return (training.trainable_parameters or 0) / total if total else 0.0


def _whole_pixels(network: Network, rows: RowSet | None, limits: Limits) -> Verdict:
    if rows is None or rows.high is None:
        return unknown("The range of the pictures was not seen.", cells=network.cells)
    if rows.high > limits["pixels"] and not _rescaled(network):
        return passed(f"{network.model.pretrained} rescales pixels itself.", cells=network.cells)
    return failed(
        f"{network.model.pretrained} rescales pixels 0..255 itself, and is fed pictures that were scaled before.",
        fix="Leave out the division by 255 (and Rescaling) before this backbone.",
        cells=network.cells,
        measured={"low": rows.low, "high": rows.high},
    )


def _rescaled(network: Network) -> bool:
    """Whether the network has steps of its own before the backbone that scale its inputs."""
    for layer in network.model.layers:
        if layer.kind.lower().startswith(("rescaling", "normalization", "truedivide", "subtract")):
            return True
        if layer.parameters:
            return False
    return False


def _standardised(rows: RowSet | None) -> bool:
    """Whether values lie around zero: -1..1, standard deviations, or pixels without their mean."""
    return rows is not None and rows.low is not None and rows.low < -0.5


def _is_simple(evidence: Evidence, name: str) -> bool:
    model = evidence.model(name)
    return model is not None and model.library.startswith("sklearn")


def _place(evidence: Evidence, network: Network) -> int:
    return [item.id for item in evidence.trainings].index(network.trainings[0].id)


def _no_cnn(evidence: Evidence, networks: tuple[Network, ...]) -> Verdict:
    if networks and evidence.input_kind in {"table", "text", "sequence"}:
        return not_applicable("The inputs are no pictures.", origin="kernel")
    if reason := why_unseen(evidence, TRAINING_CALLS):
        return unknown(f"No training was seen: {reason}.")
    return failed(
        "No convolutional network is trained, so nothing comes before one.",
        fix="Score a baseline, then train a small convolutional network.",
    )

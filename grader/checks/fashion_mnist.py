"""Checks of the course on Fashion-MNIST: two kinds of shoes first, then ten classes, dense and convolutional."""

from __future__ import annotations

import math
import re

from grader.checks.code_calls import cells_with
from grader.checks.evaluation_score import is_shown
from grader.checks.networks import Network, trained_networks
from grader.checks.observed import SCORING_CALLS, TRAINING_CALLS, why_unseen
from grader.checks.registry import Limits, check_on_request
from grader.checks.results import StudentResult
from grader.checks.verdicts import Verdict, failed, passed, unknown
from grader.model import Evidence, TrainingRun

DATASET = "fashion_mnist"
SNEAKER, ANKLE_BOOT = "7", "9"
"""Classes 7 and 9 of the official labels."""
ALL_CLASSES = 10
SHOES = re.compile(r"sneaker|zapatilla", re.IGNORECASE), re.compile(r"ankle[\s_-]*boot|bot[ií]n", re.IGNORECASE)


@check_on_request(
    "data.fashion_mnist",
    title="Fashion-MNIST used",
    help="The training rows are pictures of Fashion-MNIST, recognised by their contents or by the loader.",
)
def fashion_mnist(evidence: Evidence, _limits: Limits) -> Verdict:
    """Something was trained on rows of Fashion-MNIST."""
    if not evidence.trainings:
        return untrained(evidence)
    own = [item for item in evidence.trainings if _is_fashion(evidence, item)]
    cells = [item.cell for item in evidence.trainings]
    if own:
        return passed("The networks are trained on pictures of Fashion-MNIST.", cells=[item.cell for item in own])
    # Altered at random, its rows are no longer known; that they were loaded is.
    loaded = [row for row in evidence.row_sets if _is_fashion_rows(evidence, row.id)]
    if loaded:
        return passed("Fashion-MNIST is loaded and trained on.", cells=[cell for row in loaded for cell in row.cells])
    if any(item.train_rows is None for item in evidence.trainings):
        return unknown("Which rows were trained on was not seen.", cells=cells)
    return failed(
        "No network is trained on Fashion-MNIST.",
        fix="Load the data with keras.datasets.fashion_mnist.load_data() (or torchvision.datasets.FashionMNIST).",
        cells=cells,
    )


@check_on_request(
    "model.binary_first",
    title="Two classes first: sneaker or ankle boot",
    help="A classifier of two classes is trained on sneakers and ankle boots alone, before any on all ten classes.",
)
def binary_first(evidence: Evidence, _limits: Limits) -> Verdict:
    """Sneakers and ankle boots are told apart before all ten classes are."""
    networks = trained_networks(evidence)
    if not networks:
        return untrained(evidence)
    order = {item.id: place for place, item in enumerate(evidence.trainings)}
    binary = [item for item in networks if tells_two(item, evidence)]
    if not binary:
        if all(item.classes is None for item in networks):
            return unknown("How many classes the networks tell apart was not seen.", cells=networks[0].cells)
        return failed(
            "No classifier of two classes is trained.",
            fix="Begin with sneakers (7) and ankle boots (9): keep their rows, and train a network with one output.",
            cells=networks[0].cells,
        )
    first = binary[0]
    training = first.trainings[0]
    told = _which_two(evidence, training)
    if told is False:
        return failed(
            f"The two classes that are told apart first are {' and '.join(training.source_classes)}, not sneakers (7) "
            "and ankle boots (9).",
            fix="Keep the rows with the labels 7 and 9.",
            cells=first.cells,
            measured={"classes": list(training.source_classes)},
        )
    before = [item for item in networks if item.classes == ALL_CLASSES and _began(item, order) < _began(first, order)]
    if before:
        return failed(
            "The classifier of sneakers and ankle boots comes after one of all ten classes.",
            fix="Put the two classes first: there the loop, the curves and the score are understood most easily.",
            cells=[*first.cells, *before[0].cells],
        )
    if told is None:
        return unknown(
            "Two classes are told apart first; whether they are sneakers and ankle boots could not be seen.",
            cells=first.cells,
        )
    return passed(
        "Sneakers and ankle boots are told apart first.",
        cells=first.cells,
        measured={"classes": list(training.source_classes)},
    )


@check_on_request(
    "model.dense_classifier",
    title="A dense network for ten classes",
    help="A network of dense layers alone is trained on all ten classes.",
)
def dense_classifier(evidence: Evidence, _limits: Limits) -> Verdict:
    """There is a dense classifier of the ten classes."""
    fix = "Train Flatten, Dense(256), Dense(128), Dense(10, softmax)."
    return _present(evidence, dense_networks(evidence), "dense", fix)


@check_on_request(
    "model.cnn_classifier",
    title="A convolutional network for ten classes",
    help="A network with convolutions is trained on all ten classes.",
)
def cnn_classifier(evidence: Evidence, _limits: Limits) -> Verdict:
    """There is a convolutional classifier of the ten classes."""
    fix = "Train Conv2D and MaxPooling2D blocks (32 and 64 filters), then Flatten, Dense(128), Dense(10, softmax)."
    return _present(evidence, convolutional_networks(evidence), "convolutional", fix)


@check_on_request(
    "evaluation.dense_cnn_compared",
    title="Dense and convolutional network compared",
    help="A dense and a convolutional network of ten classes are scored on the same held-out rows; both scores are "
    "shown.",
)
def dense_cnn_compared(evidence: Evidence, _limits: Limits) -> Verdict:
    """The two kinds of network stand side by side."""
    dense, convolutional = _scored(dense_networks(evidence)), _scored(convolutional_networks(evidence))
    pairs = [(a, b) for a in dense for b in convolutional if _same_rows(evidence, a, b)]
    shown = [pair for pair in pairs if all(is_shown(evidence, item) for item in pair)]
    if shown:
        left, right = shown[-1]
        return passed(
            f"On the same {left.size:,} rows the dense network scores {percent(left)}, the convolutional one "
            f"{percent(right)}.",
            origin="verified" if left.origin == right.origin == "verified" else "kernel",
            cells=[left.scoring.cell, right.scoring.cell],
            measured={"dense": left.value, "cnn": right.value, "rows": left.size},
        )
    if reason := why_unseen(evidence, (*TRAINING_CALLS, *SCORING_CALLS)):
        return unknown(f"Whether the two are compared could not be seen: {reason}.")
    fix = "Score both networks on the same test rows, and print the two accuracies in one table."
    if pairs:
        return failed("Both networks are scored on the same rows, but not both scores are shown.", fix=fix)
    if dense and convolutional:
        return failed("The dense and the convolutional network are scored on different rows.", fix=fix)
    missing = "dense" if convolutional else "convolutional" if dense else "dense nor a convolutional"
    start = "There is neither a" if missing.startswith("dense nor") else "There is no"
    return failed(f"{start} {missing} network of ten classes with a held-out score to compare.", fix=fix)


def dense_networks(evidence: Evidence) -> tuple[Network, ...]:
    """Return the dense networks of ten classes."""
    return tuple(item for item in trained_networks(evidence) if item.dense and _tells_ten(item))


def convolutional_networks(evidence: Evidence) -> tuple[Network, ...]:
    """Return the convolutional networks of ten classes."""
    return tuple(item for item in trained_networks(evidence) if item.convolves and _tells_ten(item))


def _tells_ten(network: Network) -> bool:
    """Whether it tells ten classes apart; of a few rows one class may be missing among the labels."""
    units = network.model.output_shape[-1] if network.model.output_shape else None
    return network.classes == ALL_CLASSES or (units == ALL_CLASSES and (network.classes or ALL_CLASSES) > 2)


def _same_rows(evidence: Evidence, left: StudentResult, right: StudentResult) -> bool:
    """Whether two scorings are of the same rows; flat ones of a dense network are the pictures of the other."""
    if left.scoring.rows is None or right.scoring.rows is None:
        return False
    if left.scoring.rows == right.scoring.rows:
        return True
    if left.role != right.role or left.rows is None or right.rows is None or left.rows.rows != right.rows.rows:
        return False
    # Of one shape, the same rows have one id.
    if left.rows.shape == right.rows.shape or math.prod(left.rows.shape) != math.prod(right.rows.shape):
        return False
    mine, theirs = evidence.official_rows(left.scoring.rows), evidence.official_rows(right.scoring.rows)
    if mine is not None and theirs is not None:
        return (mine.part, mine.train, mine.test) == (theirs.part, theirs.train, theirs.test)
    a, b = left.rows.labels, right.rows.labels
    return a is not None and b is not None and bool(a.counts) and a.counts == b.counts


def tells_two(network: Network, evidence: Evidence) -> bool:
    """Whether it tells two classes apart, of Fashion-MNIST where the rows' origin is known."""
    rows = evidence.row_set(network.trainings[0].train_rows)
    other = rows is not None and rows.origin_hint and DATASET not in rows.origin_hint
    return network.classes == 2 and not other


def _which_two(evidence: Evidence, training: TrainingRun) -> bool | None:
    """Whether the two classes are sneakers and ankle boots, None where nothing tells."""
    labels = training.labels
    given = labels.classes if labels is not None and SNEAKER in labels.classes else ()
    for classes in (training.source_classes, given):
        if classes:
            return set(classes) == {SNEAKER, ANKLE_BOOT}
    return True if all(cells_with(evidence, word) or _said(evidence, word) for word in SHOES) else None


def _said(evidence: Evidence, word: re.Pattern[str]) -> bool:
    return any(cell.kind == "markdown" and word.search(cell.source) for cell in evidence.cells)


def _is_fashion(evidence: Evidence, training: TrainingRun) -> bool:
    return any(_is_fashion_rows(evidence, name) for name in (training.train_rows, *training.drawn_from))


def _is_fashion_rows(evidence: Evidence, name: str | None) -> bool:
    official, rows = evidence.official_rows(name), evidence.row_set(name)
    known = official is not None and official.dataset == DATASET
    return known or (rows is not None and rows.origin_hint.startswith(DATASET))


def _began(network: Network, order: dict[str, int]) -> int:
    return min(order[item.id] for item in network.trainings)


def _present(evidence: Evidence, found: tuple[Network, ...], kind: str, fix: str) -> Verdict:
    if found:
        return passed(
            f"A {kind} network of ten classes is trained ({found[-1].model.parameters:,} parameters).",
            cells=found[-1].cells,
            measured={"parameters": found[-1].model.parameters},
        )
    networks = trained_networks(evidence)
    if not networks:
        return untrained(evidence)
    if any(not item.model.layers or item.classes is None for item in networks):
        return unknown("The layers or the classes of a network could not be seen.", cells=networks[-1].cells)
    return failed(f"No {kind} network of ten classes is trained.", fix=fix, cells=networks[-1].cells)


def _scored(networks: tuple[Network, ...]) -> list[StudentResult]:
    return [item.result for item in networks if item.result is not None]


def percent(result: StudentResult) -> str:
    """Return an accuracy as a reader sees it."""
    return f"{result.value:.1%}" if result.value is not None else "an unknown score"


def untrained(evidence: Evidence) -> Verdict:
    """Return the verdict where no training was seen."""
    if reason := why_unseen(evidence, TRAINING_CALLS):
        return unknown(f"No training was seen: {reason}.")
    return failed("No network was trained.", fix="Train a network with fit.")

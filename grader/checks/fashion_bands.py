"""The scores that the course's own networks come to on Fashion-MNIST, and their sizes."""

from __future__ import annotations

import math

from grader.checks.fashion_mnist import convolutional_networks, dense_networks, percent, tells_two, untrained
from grader.checks.networks import Network, best, trained_networks
from grader.checks.registry import Limits, Threshold, check_on_request
from grader.checks.verdicts import Verdict, advised, failed, passed, unknown
from grader.model import Evidence

SLACK = Threshold("slack", 0.01, "seeds, epochs and batch sizes move such a score by about one percentage point")
DEVIATIONS = Threshold("deviations", 2, "a score of so many rows varies by its standard error; two are generous")


@check_on_request(
    "model.binary_band",
    title="Expected score: sneaker or ankle boot",
    help="The classifier of two classes reaches the expected accuracy on held-out rows, or more.",
    thresholds=(
        Threshold("low", 0.96, "the course's own networks come to 96 to 97 % on sneakers and ankle boots"),
        SLACK,
        DEVIATIONS,
    ),
)
def binary_band(evidence: Evidence, limits: Limits) -> Verdict:
    """The binary score is about what the task allows."""
    found = tuple(item for item in trained_networks(evidence) if tells_two(item, evidence))
    return _in_band(evidence, found, "classifier of two classes", limits)


@check_on_request(
    "model.dense_band",
    title="Expected score: dense network",
    help="The dense network of ten classes reaches the expected accuracy on held-out rows, or more.",
    thresholds=(
        Threshold("low", 0.88, "a dense network of about 235,000 parameters comes to 88 to 89 %"),
        SLACK,
        DEVIATIONS,
    ),
)
def dense_band(evidence: Evidence, limits: Limits) -> Verdict:
    """The dense score is about what the task allows."""
    return _in_band(evidence, dense_networks(evidence), "dense network of ten classes", limits)


@check_on_request(
    "model.cnn_band",
    title="Expected score: convolutional network",
    help="The convolutional network of ten classes reaches the expected accuracy on held-out rows, or more.",
    thresholds=(
        Threshold("low", 0.90, "a convolutional network of about 225,000 parameters comes to 90 to 91 %"),
        SLACK,
        DEVIATIONS,
    ),
)
def cnn_band(evidence: Evidence, limits: Limits) -> Verdict:
    """The convolutional score is about what the task allows."""
    return _in_band(evidence, convolutional_networks(evidence), "convolutional network of ten classes", limits)


@check_on_request(
    "model.size_expected",
    title="Expected sizes of the networks",
    help="The dense and the convolutional network have about as many parameters as the course's own. Advice.",
    thresholds=(
        Threshold("dense", 235_000, "784 inputs, layers of 256, 128 and 10 units: 235,146 parameters"),
        Threshold("cnn", 225_000, "32 and 64 filters, a layer of 128 units: 225,034 parameters"),
        Threshold("factor", 4, "networks within a factor of four are of the same kind; beyond, the comparison limps"),
    ),
)
def size_expected(evidence: Evidence, limits: Limits) -> Verdict:
    """Both networks are of the size that the expected scores are of."""
    pairs = [("dense", best(dense_networks(evidence))), ("convolutional", best(convolutional_networks(evidence)))]
    known = [(name, item.model.parameters, item.cells) for name, item in pairs if item is not None]
    if not known:
        return unknown("No network of ten classes was seen whose size could be compared.")
    measured = {name: size for name, size, _ in known}
    cells = [cell for _, _, places in known for cell in places]
    expected = {"dense": limits["dense"], "convolutional": limits["cnn"]}
    odd = [(n, size) for n, size, _ in known if not 1 / limits["factor"] <= size / expected[n] <= limits["factor"]]
    if odd:
        name, size = odd[0]
        return advised(
            f"The {name} network has {size:,} parameters, where about {expected[name]:,.0f} are expected.",
            fix="Compare networks of about the same size: 235,000 parameters dense, 225,000 convolutional.",
            cells=cells,
            measured=measured,
        )
    told = " and ".join(f"{size:,} parameters ({name})" for name, size, _ in known)
    return passed(f"The networks are of the expected size: {told}.", cells=cells, measured=measured)


def _in_band(evidence: Evidence, found: tuple[Network, ...], name: str, limits: Limits) -> Verdict:
    network = best(found)
    if network is None:
        if not evidence.trainings:
            return untrained(evidence)
        return failed(f"There is no {name} whose score could be compared.", fix=f"Train a {name} and score it.")
    result = network.result
    if result is None or result.value is None:
        return unknown(f"The {name} was not scored on held-out rows.", cells=network.cells)
    error = math.sqrt(limits["low"] * (1 - limits["low"]) / max(1, result.size))
    reached = limits["low"] - limits["slack"] - limits["deviations"] * error
    measured = {"accuracy": result.value, "expected": limits["low"], "rows": result.size}
    if result.value >= reached:
        return passed(
            f"The {name} reaches {percent(result)}, about what is expected ({limits['low']:.0%}) or more.",
            origin=result.origin,
            cells=network.cells,
            measured=measured,
        )
    return failed(
        f"The {name} reaches {percent(result)}, where about {limits['low']:.0%} are expected.",
        fix="Look at the curves: scale the pixels, check loss and labels, and train until validation stops gaining.",
        origin=result.origin,
        cells=network.cells,
        measured=measured,
    )

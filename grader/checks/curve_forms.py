"""What people make of a training's logs before they plot them: percent, error, parts, smoothed, means, differences."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, chain, combinations

from grader.checks.smoothing import EQUAL, are_equal, is_equal, is_smoothed
from grader.model import TrainingRun

Series = tuple[float, ...]

MOST_JOINED = 4
"""Curves of up to this many trainings in a row are recognised as one line."""

FEWEST_OF_A_PART = 3
"""Of fewer epochs anything may be a part."""

WIDEST_STEP = 10
"""Every tenth epoch is plotted of long trainings."""

LOSS_WORDS = re.compile(r"loss|p[eé]rdida", re.IGNORECASE)


def named_series(trainings: Sequence[TrainingRun]) -> Iterator[tuple[str, Series]]:
    """Yield every log by its name, and the logs of consecutive trainings joined."""
    for name in dict.fromkeys(name for item in trainings for name, _ in item.history):
        logs = [item.series(name) for item in trainings if item.series(name)]
        for start, end in combinations(range(len(logs) + 1), 2):
            if end - start <= MOST_JOINED:
                yield name, tuple(chain.from_iterable(logs[start:end]))


def is_explained(shown: Sequence[float], trainings: Sequence[TrainingRun], likeness: float) -> bool:
    """Whether a line shows a log of this run, or what is commonly made of one, smoothed or as it is.

    `likeness` is Pearson's r from which on a line follows a log, whatever it was smoothed by.
    """
    return (
        any(is_part(shown, series) for series in _derived(trainings))  # nearly all are, and it is quickly found
        or any(is_smoothed(shown, series, likeness) for series in _derived(trainings))
        or _within_folds(shown, trainings)
    )


def _derived(trainings: Sequence[TrainingRun]) -> Iterator[Series]:
    yield from _logs(trainings)
    yield from _means(trainings)
    yield from _gaps(trainings)


def is_part(shown: Sequence[float], series: Sequence[float]) -> bool:
    """Whether it is a stretch of the log, or every so many epochs of it."""
    size = len(shown)
    if not shown or size > len(series) or (size < FEWEST_OF_A_PART and size < len(series)):
        return False
    starts = [at for at, value in enumerate(series[: len(series) - size + 1]) if is_equal(shown[0], value)]
    return any(are_equal(shown, series[start::step][:size]) for start in starts for step in range(1, WIDEST_STEP + 1))


def _logs(trainings: Sequence[TrainingRun]) -> Iterator[Series]:
    """Yield the logs in the forms they are shown in. A loss has no percent, and no error that is the rest of it."""
    for name, series in named_series(trainings):
        finite, positive = all(map(math.isfinite, series)), min(series) > 0
        for form in LOSS_FORMS if LOSS_WORDS.search(name) else SHARE_FORMS:
            if finite and (positive or form not in OF_POSITIVES):
                yield tuple(map(form, series))
        yield tuple(accumulate(series, min))
        yield tuple(accumulate(series, max))


def _means(trainings: Sequence[TrainingRun]) -> Iterator[Series]:
    """Yield the mean of each log over all trainings, as it is and in percent: that of folds, or of seeds."""
    for logs in _over_trainings(trainings):
        mean = tuple(sum(values) / len(values) for values in zip(*logs, strict=True))
        yield mean
        yield tuple(100 * value for value in mean)


def _gaps(trainings: Sequence[TrainingRun]) -> Iterator[Series]:
    """Yield how far training and validation lie apart, both ways round."""
    for item in trainings:
        for name, values in item.history:
            held = item.series(f"val_{name}")
            if len(held) == len(values):
                yield tuple(a - b for a, b in zip(held, values, strict=True))
                yield tuple(b - a for a, b in zip(held, values, strict=True))


def _within_folds(shown: Sequence[float], trainings: Sequence[TrainingRun]) -> bool:
    """Whether a line runs between the curves of several trainings: their median, or a mean with weights."""
    for logs in _over_trainings(trainings):
        bands = list(zip(*logs, strict=True))
        if len(logs) > 2 and len(bands) == len(shown) >= FEWEST_OF_A_PART:
            pairs = zip(shown, bands, strict=True)
            if all(min(band) - EQUAL <= value <= max(band) + EQUAL for value, band in pairs):
                return True
    return False


def _over_trainings(trainings: Sequence[TrainingRun]) -> Iterable[list[Series]]:
    for name in dict.fromkeys(name for item in trainings for name, _ in item.history):
        logs = [item.series(name) for item in trainings if item.series(name)]
        shortest = min(map(len, logs))
        if len(logs) > 1:
            yield [log[:shortest] for log in logs]


def _plain(value: float) -> float:
    return value


def _percent(value: float) -> float:
    return 100 * value


def _complement(value: float) -> float:
    return 1 - value


def _percent_wrong(value: float) -> float:
    return 100 * (1 - value)


SHARE_FORMS: tuple[Callable[[float], float], ...] = (_plain, _percent, _complement, _percent_wrong)
OF_POSITIVES: tuple[Callable[[float], float], ...] = (math.log, math.log10, math.sqrt)
LOSS_FORMS: tuple[Callable[[float], float], ...] = (_plain, *OF_POSITIVES)

"""What a model's raw outputs answer: from outputs to classes, by the rules Keras's own accuracy follows.

Keras (`compile(metrics=["accuracy"])`) compares one output unit with the label after cutting at 0.5, and takes the
position of the highest of several units as the label's number. Integer labels therefore *are* output positions,
wherever they start; other labels (names, one-hot columns) stand in the order of their classes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grader.verification.arrays import Array

PROBABILITY_CUT = 0.5
LOGIT_CUT = 0.0
LARGEST_CLASS_NUMBER = 2**31
"""Keras computes with int32 labels; larger whole numbers are names."""

ROUNDING = 1e-5
"""How far float32 probabilities may lie outside of 0..1."""


@dataclass(frozen=True, slots=True)
class Answers:
    """True and answered class of each row, as positions in `classes`; `confidence` is 0..1.

    `alternatives` are accuracies under other readings of the same outputs, by name.
    """

    classes: tuple[str, ...]
    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float64]
    notes: tuple[str, ...] = ()
    alternatives: tuple[tuple[str, float], ...] = ()


def read_answers(outputs: Array, truth: Array, names: Sequence[str], known: Sequence[str], logits: bool) -> Answers:  # noqa: FBT001
    """Read class answers from outputs of shape (rows, units).

    Args:
        outputs: one row of outputs per row; a single column of integers holds class numbers.
        truth: int64 positions in `names`, one per row.
        names: classes of these labels.
        known: classes of the training labels, which fix the order of names; may be empty.
        logits: the loss was told that outputs are logits.
    """
    numbers = class_numbers(tuple(known) or tuple(names), tuple(names))
    notes = []
    bad = int((~np.isfinite(outputs).all(axis=1)).sum())
    if bad:
        notes.append(f"{bad} of {len(outputs)} rows were answered with NaN or infinity.")
    values = np.array([numbers[name] for name in names], dtype=np.int64)[truth]
    if outputs.shape[1] == 1 and outputs.dtype.kind in "biu":
        # Whole numbers are classes already (a scikit-learn estimator's predict); how sure it was is not known.
        return _positions(values, outputs[:, 0].astype(np.int64), np.zeros(len(outputs)), numbers, (), ())
    if outputs.shape[1] == 1:
        return _one_unit(outputs[:, 0], values, numbers, logits, tuple(notes))
    return _many_units(outputs, values, numbers, logits, tuple(notes))


def class_numbers(known: tuple[str, ...], names: tuple[str, ...]) -> dict[str, int]:
    """Return the number Keras sees for each class: its own value where all are whole numbers, else its position."""
    everything = [*known, *(name for name in names if name not in known)]
    whole = {name: number for name in everything if (number := _whole_number(name)) is not None}
    if len(whole) == len(everything) and len({whole[name] for name in names}) == len(names):
        return whole
    if list(known) == sorted(known) and list(names) == sorted(names):
        everything = sorted(everything)
    return {name: position for position, name in enumerate(everything)}


def same_class(left: str, right: str) -> bool:
    """Return whether two names mean one class: `1` and `1.0` do."""
    return left == right or (_whole_number(left) is not None and _whole_number(left) == _whole_number(right))


def _whole_number(name: str) -> int | None:
    try:
        number = float(name)
    except ValueError:
        return None
    return int(number) if number.is_integer() and abs(number) < LARGEST_CLASS_NUMBER else None


def _one_unit(
    outputs: Array,
    values: Array,
    numbers: dict[str, int],
    logits: bool,  # noqa: FBT001
    notes: tuple[str, ...],
) -> Answers:
    """One unit answers 0 or 1 (-1 or 1 where the labels are so), whatever the labels are."""
    signed = set(numbers.values()) == {-1, 1}
    cut = LOGIT_CUT if logits or signed else PROBABILITY_CUT
    above = outputs > cut
    answered = np.where(above, 1, -1 if signed else 0)
    alternatives: list[tuple[str, float]] = []
    if cut != PROBABILITY_CUT:
        # Keras's `accuracy` cuts at 0.5 whatever the loss was told.
        keras_answer = np.where(outputs > PROBABILITY_CUT, 1, 0)
        alternatives.append(("cut_at_0.5", share_right(keras_answer, values)))
    if not set(numbers.values()) <= {0, 1} and not signed:
        nearest = share_right(np.rint(np.nan_to_num(outputs)), values)
        alternatives.append(("rounded", nearest))
        reading = (
            f"One output unit can't tell {len(numbers)} classes ({_shown(numbers)}) apart: it was cut at {cut:g} into "
            f"0 and 1, as Keras's accuracy does. Rounded to the nearest label, {nearest:.1%} would be right."
        )
        notes = (*notes, reading)
    confidence = _one_unit_confidence(outputs, above, logits)
    return _positions(values, answered, confidence, numbers, notes, tuple(alternatives))


def _one_unit_confidence(outputs: Array, above: Array, logits: bool) -> NDArray[np.float64]:  # noqa: FBT001
    outputs = np.nan_to_num(outputs.astype(np.float64))
    probable = outputs.min(initial=0.0) >= -ROUNDING and outputs.max(initial=1.0) <= 1 + ROUNDING
    if logits or not probable:
        outputs = 1 / (1 + np.exp(-np.clip(outputs, -60, 60)))
    return np.clip(np.where(above, outputs, 1 - outputs), 0.0, 1.0)


def _many_units(
    outputs: Array,
    values: Array,
    numbers: dict[str, int],
    logits: bool,  # noqa: FBT001
    notes: tuple[str, ...],
) -> Answers:
    """The position of the highest unit is the answer."""
    units = outputs.shape[1]
    if min(numbers.values()) < 0 or (len(numbers) == units and max(numbers.values()) >= units):
        # Such labels can't be positions; the notebook must have encoded them, in the order of their values.
        by_value = sorted(numbers, key=lambda name: numbers[name])
        order = {numbers[name]: position for position, name in enumerate(by_value)}
        values = np.array([order[int(value)] for value in values], dtype=np.int64)
        numbers = {name: order[numbers[name]] for name in by_value}
        notes = (*notes, f"The {units} outputs were taken in the order of the labels ({_shown(numbers)}).")
    unreachable = sum(number >= units for number in numbers.values())
    if unreachable:
        notes = (*notes, f"The model has {units} outputs: {unreachable} of {len(numbers)} classes can't be answered.")
    answered = outputs.argmax(axis=1)
    return _positions(values, answered, _many_units_confidence(outputs, logits), numbers, notes, ())


def _many_units_confidence(outputs: Array, logits: bool) -> NDArray[np.float64]:  # noqa: FBT001
    outputs = np.nan_to_num(outputs.astype(np.float64))
    top = outputs.max(axis=1)
    probable = outputs.min(initial=0.0) >= -ROUNDING and outputs.max(initial=1.0) <= 1 + ROUNDING
    if logits or not probable:
        top = 1 / np.exp(outputs - top[:, None]).sum(axis=1)
    confidence: NDArray[np.float64] = np.clip(top, 0.0, 1.0)
    return confidence


def _positions(
    values: Array,
    answered: Array,
    confidence: NDArray[np.float64],
    numbers: dict[str, int],
    notes: tuple[str, ...],
    alternatives: tuple[tuple[str, float], ...],
) -> Answers:
    """Turn numbers of classes into positions in one list: all classes in order, answers without a class among them."""
    names = {number: name for name, number in reversed(numbers.items())}
    extra = [number for number in np.unique(answered).tolist() if number not in names]
    if extra:
        shown = ", ".join(str(number) for number in extra[:5])
        notes = (*notes, f"Outputs that stand for no class were answered: {shown}.")
    names.update({number: str(number) for number in extra})
    order = sorted(names)
    return Answers(
        classes=tuple(names[number] for number in order),
        truth=np.searchsorted(order, values).astype(np.int64),
        predicted=np.searchsorted(order, answered).astype(np.int64),
        confidence=confidence,
        notes=notes,
        alternatives=alternatives,
    )


def without_unused(answers: Answers, kept: Collection[str]) -> Answers:
    """Leave out classes that no row has, no answer names and `kept` lacks: output units that stand for nothing."""
    used = np.union1d(answers.truth, answers.predicted).tolist()
    order = [
        at for at, name in enumerate(answers.classes) if at in used or any(same_class(name, other) for other in kept)
    ]
    return replace(
        answers,
        classes=tuple(answers.classes[at] for at in order),
        truth=np.searchsorted(order, answers.truth).astype(np.int64),
        predicted=np.searchsorted(order, answers.predicted).astype(np.int64),
    )


def share_right(answered: Array, truth: Array) -> float:
    """Return the share of equal entries; 0 for no rows."""
    return float((answered == truth).mean()) if len(truth) else 0.0


def _shown(numbers: dict[str, int]) -> str:
    names = list(numbers)
    return ", ".join(names) if len(names) <= 5 else f"{names[0]} to {names[-1]}"

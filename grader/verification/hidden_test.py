"""The final model on an instructor's hidden test: in the box for recomputing, with rows that no student's code sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from grader.errors import VerificationError
from grader.model import HiddenTest, Labels, Rows, SealedScoring, Verified
from grader.verification.answers import same_class
from grader.verification.arrays import Array, open_array
from grader.verification.hidden_data import HiddenData
from grader.verification.hidden_rows import prepare_rows

HIDDEN = "hidden-test"
"""Id of the scoring and of its rows."""


def score_hidden_test(
    hidden: HiddenData,
    final: SealedScoring | None,
    class_names: Sequence[str],
    folder: Path,
    verify: Callable[[tuple[SealedScoring, ...]], tuple[Verified, ...]],
) -> HiddenTest:
    """Return what the final model scores on the hidden test, or why that is not known.

    Args:
        hidden: the instructor's rows and labels.
        final: the scoring that counts, with its sealed model and the rows it was given; None where there is none.
        class_names: names the notebook gives its classes, in the order of their numbers.
        folder: where files for the box may be written.
        verify: recomputes scorings in a clean box.

    Raises:
        InfrastructureError: the box could not be started.
    """
    told = HiddenTest(source=hidden.source, sha256=hidden.sha256, rows=hidden.count)
    if final is None or final.model is None:
        note = (final.seal_note if final else "") or "no scoring with known rows and labels was recorded"
        return replace(told, note=f"There is no sealed model to score: {note.rstrip('.')}.")
    try:
        recorded = _recorded(final)
        prepared = prepare_rows(hidden, recorded)
        labels, steps = _labels(hidden, final, class_names, folder)
    except VerificationError as error:
        return replace(told, note=f"{error}.")
    rows = prepared.rows.astype(recorded.dtype) if _counts(recorded, prepared.rows) else prepared.rows
    item = replace(
        final,
        scoring=HIDDEN,
        rows=Rows(HIDDEN, _written(folder / "rows.npy", rows), len(rows)),
        labels=labels,
        predictions=None,
        seal_note="",
    )
    # What was answered wrongly would show the hidden rows to whoever reads the report.
    result = replace(verify((item,))[0], mistakes=(), wrong_rows=())
    done = result.origin == "verified" and (result.accuracy is not None or result.mae is not None)
    return replace(
        told, prepared=(*prepared.steps, *steps), verified=result if done else None, note="" if done else result.note
    )


def _recorded(final: SealedScoring) -> Array:
    values = open_array(final.rows.values, "the file of the recorded rows")
    if not values.size or values.ndim < 2:
        raise VerificationError("The rows that the model was given were not recorded")
    return np.asarray(values) if final.rows.scale is None else np.asarray(values / final.rows.scale, dtype=np.float32)


def _counts(recorded: Array, rows: Array) -> bool:
    """Return whether both are whole numbers (grey levels, numbers of words), which some models take as such only."""
    return recorded.dtype.kind in "iu" and bool((rows == np.rint(rows)).all())


# ---------------------------------------------------------------- labels
def _labels(
    hidden: HiddenData, final: SealedScoring, class_names: Sequence[str], folder: Path
) -> tuple[Labels, tuple[str, ...]]:
    path = folder / "labels.npy"
    if not final.labels.classes:
        if hidden.labels.dtype.kind not in "biuf":
            raise VerificationError("The hidden test's labels are names, and the model answers numbers")
        return Labels(_written(path, hidden.labels.astype(np.float64))), ()
    names = _names(hidden.labels)
    found, step = places_of(tuple(dict.fromkeys(names)), final.labels.classes, class_names)
    return (
        Labels(_written(path, np.array([found[name] for name in names], dtype=np.int64)), final.labels.classes),
        (step,) if step else (),
    )


def _names(labels: Array) -> list[str]:
    if labels.dtype.kind == "f" and (labels == np.rint(labels)).all():
        labels = labels.astype(np.int64)
    if labels.dtype.kind == "b":
        labels = labels.astype(np.int64)
    return [str(label) for label in labels.tolist()]


def places_of(hidden: Sequence[str], classes: Sequence[str], class_names: Sequence[str]) -> tuple[dict[str, int], str]:
    """Return which of the model's classes each hidden label is, and how that was found, in words.

    By their values; else by the names the notebook gives its classes; else, where there are as many, in alphabetical
    order, as Keras's and scikit-learn's readers number them.

    Raises:
        VerificationError: none of these.
    """
    alike = {name: at for name in hidden for at, known in enumerate(classes) if same_class(name, known)}
    if len(alike) == len(hidden):
        return alike, ""
    spoken = [_plain(name) for name in class_names]
    if len(spoken) == len(classes) and {_plain(name) for name in hidden} <= set(spoken):
        return {name: spoken.index(_plain(name)) for name in hidden}, "labels matched to the notebook's class names"
    if len(hidden) == len(classes):
        order = {name: at for at, name in enumerate(sorted(hidden))}
        return order, "labels taken in alphabetical order"
    raise VerificationError(
        f"The hidden test's labels ({_some(hidden)}) are not the classes of the model ({_some(classes)})"
    )


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def _written(path: Path, values: Array) -> Path:
    with path.open("wb") as stream:
        np.save(stream, np.ascontiguousarray(values), allow_pickle=False)
    return path

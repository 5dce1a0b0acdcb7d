"""Copies of test rows that no hash sees are found among the training rows; what the data repeats by itself is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from run_builder import RunBuilder

from grader.checks import CHECKS
from grader.model import Evidence, NearCopies

RANDOM = np.random.default_rng(0)
SMOOTH = RANDOM.normal(size=(300, 3, 3)).repeat(3, axis=1).repeat(3, axis=2) + RANDOM.normal(0, 0.3, (300, 9, 9))
KINDS = RANDOM.integers(0, 3, 300)
TRAIN, TEST = SMOOTH[:240], SMOOTH[240:]


def measured(folder: Path, train: np.ndarray, test: np.ndarray) -> Evidence:
    """The evidence of a model trained on some rows and scored on others."""
    made = RunBuilder(folder)
    labels = np.resize(KINDS, len(train))
    made.rows(train, values=True)
    made.rows(test, values=True)
    made.model()
    made.fit("m1", train, labels)
    made.evaluate("m1", test, KINDS[240 : 240 + len(test)])
    return made.evidence()


def share(folder: Path, train: np.ndarray, test: np.ndarray = TEST) -> float:
    found = measured(folder, train, test).near_copies
    assert isinstance(found, NearCopies)
    return found.near / found.sampled


def test_other_rows_of_the_same_data_are_no_copies(tmp_path: Path) -> None:
    """Rows drawn like the training rows lie as far from them as from each other."""
    assert share(tmp_path, TRAIN) == 0


@pytest.mark.parametrize(
    "disguise",
    [
        lambda rows: rows + RANDOM.normal(0, 0.001, rows.shape),
        lambda rows: rows[:, :, ::-1],
        lambda rows: rows[:, ::-1],
        lambda rows: np.rot90(rows, axes=(1, 2)),
        lambda rows: (rows + 1e-4).astype(np.float64)[::-1],
    ],
    ids=["noise", "mirrored", "upside down", "turned", "shifted and reversed"],
)
def test_disguised_test_rows_are_found(tmp_path: Path, disguise) -> None:
    """Noise too small to matter, mirrored and turned pictures: all of the scored rows have their copy."""
    assert share(tmp_path, np.concatenate([TRAIN, disguise(TEST)])) == 1


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_may_come_first(tmp_path: Path, channels: int) -> None:
    """PyTorch's pictures, mirrored: as much copies as others."""
    pictures = np.repeat(SMOOTH[:, None], channels, axis=1)
    train, test = pictures[:240], pictures[240:]
    assert share(tmp_path / "others", train, test) == 0
    assert share(tmp_path / "copies", np.concatenate([train, test[..., ::-1]]), test) == 1


@pytest.mark.parametrize(
    "disguise",
    [
        lambda rows: np.roll(rows, 1, axis=2),
        lambda rows: np.roll(rows, -1, axis=1) * 0.8 + 0.3,
        lambda rows: rows * 1.3 - 0.5,
    ],
    ids=["moved by a pixel", "moved and paler", "more contrast"],
)
def test_pictures_moved_or_made_brighter_are_found(tmp_path: Path, disguise) -> None:
    """A pixel to the side, another brightness, another contrast: the same picture; other pictures stay others."""
    pictures = np.kron(SMOOTH, np.ones((2, 2)))
    train, test = pictures[:240], pictures[240:]
    assert share(tmp_path, np.concatenate([train, disguise(test)]), test) == 1


def test_larger_pictures_of_the_same_data_are_no_copies(tmp_path: Path) -> None:
    """Without their border and their brightness, pictures drawn alike lie as far from each other as before."""
    pictures = np.kron(SMOOTH, np.ones((2, 2)))
    assert share(tmp_path, pictures[:240], pictures[240:]) == 0


def test_what_the_data_repeats_is_expected(tmp_path: Path) -> None:
    """Every row comes four times, a little changed: copies among the scored rows themselves say so."""
    rows = np.concatenate([SMOOTH[:75] + RANDOM.normal(0, 0.001, (75, 9, 9)) for _ in range(4)])
    rows = rows[RANDOM.permutation(300)]
    found = measured(tmp_path, rows[:240], rows[240:]).near_copies
    assert found is not None
    assert found.near / found.sampled > 0.5
    assert found.expected > 0.5


def test_columns_of_a_table_count_alike(tmp_path: Path) -> None:
    """A column in thousands doesn't hide that the others differ."""
    table = RANDOM.normal(size=(300, 6)) * [1, 1, 1, 1, 1, 5000]
    noisy = table[240:] + RANDOM.normal(0, 1e-4, (60, 6))
    assert share(tmp_path / "a", table[:240], table[240:]) == 0
    assert share(tmp_path / "b", np.concatenate([table[:240], noisy]), table[240:]) == 1


def test_noise_beside_what_was_measured_was_added(tmp_path: Path) -> None:
    """A sampled table, each row once more with noise: copies are no repeats of the data, whose values lie on a scale."""
    table = np.round(RANDOM.normal(size=(150, 6)), 1)
    noisy = table + RANDOM.normal(0, 0.005, table.shape)
    found = measured(tmp_path / "made", *mixed(table, noisy)).near_copies
    assert found.near / found.sampled > 0.5
    assert found.expected == 0
    again = np.round(RANDOM.normal(size=(150, 6)), 3)
    twice = measured(tmp_path / "measured twice", *mixed(again, again + RANDOM.choice([-0.001, 0.001], again.shape)))
    assert twice.near_copies.expected > 0.2
    fine = RANDOM.normal(size=(150, 6))
    gauged = measured(tmp_path / "fine", *mixed(fine, fine + RANDOM.normal(0, 0.001, fine.shape)))
    assert gauged.near_copies.expected > 0.2


@pytest.mark.parametrize(("files", "told"), [(150, True), (300, False), (20, False)])
def test_two_pictures_to_a_file_were_made(tmp_path: Path, files: int, told: bool) -> None:
    """Each picture lies beside one other: a copy with noise where 150 files were read; as it was taken where 300 were,
    and nothing is told where the files of most rows were not seen to be read.
    """
    made = RunBuilder(tmp_path)
    made.send("data.files", names=[f"photos/{number}.png" for number in range(files)])
    train, test = mixed(SMOOTH[:150], SMOOTH[:150] + RANDOM.normal(0, 0.001, (150, 9, 9)))
    made.model()
    made.fit("m1", train, np.resize(KINDS, 240))
    made.evaluate("m1", test, KINDS[240:])
    found = made.evidence().near_copies
    assert found.near / found.sampled > 0.5
    assert (found.expected == 0) == told


def mixed(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All rows, dealt out to training and test."""
    rows = np.concatenate([first, second])[RANDOM.permutation(300)]
    return rows[:240], rows[240:]


def test_a_score_on_copies_is_a_score_on_training_rows(tmp_path: Path) -> None:
    """The checks fail, by evidence that the host measured."""
    evidence = measured(tmp_path, np.concatenate([TRAIN, TEST[:, :, ::-1]]), TEST)
    for name in ("evaluation.not_on_training_data", "split.no_near_duplicates"):
        finding = CHECKS[name].run(evidence, {})
        assert (finding.outcome, finding.origin) == ("fail", "verified")


def test_of_a_handful_nothing_is_measured(tmp_path: Path) -> None:
    """Five scored rows tell no spacing."""
    assert measured(tmp_path, TRAIN, TEST[:5]).near_copies is None


def test_a_blank_cell_hides_no_copies(tmp_path: Path) -> None:
    """Columns of very different size, one cell of each blank: copies of the test rows are found all the same."""
    sizes = np.array([1000.0, 1.0, 0.01, 0.001, 0.1, 0.1])
    rows = RANDOM.normal(size=(300, 6)) * sizes
    train, test = rows[:240], rows[240:]
    test[np.arange(6), np.arange(6)] = np.nan
    assert share(tmp_path, train, test) == 0
    assert share(tmp_path, np.concatenate([train, test + RANDOM.normal(0, 0.001, test.shape) * sizes]), test) == 1

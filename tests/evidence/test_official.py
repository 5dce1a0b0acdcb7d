"""Known data sets are told by their rows: under any name, scale and shape, in part, and from the wrong part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from run_builder import RunBuilder
from sklearn.datasets import load_breast_cancer, load_digits, load_iris

from grader.evidence.collecting import collect_evidence
from grader.evidence.official import KnownData, as_bytes, kept, known_splits
from grader.evidence.sealing import reference_data
from grader.model import Evidence
from grader.probe.fingerprint import fingerprint
from grader.reference.canonical import canonical_split

RANDOM = np.random.default_rng(0)
PICTURES = RANDOM.integers(0, 256, (260, 8, 8)).astype(np.uint8)
KINDS = RANDOM.integers(0, 10, 260)
TRAIN, TEST = slice(0, 200), slice(200, 260)


def hashes(pictures):
    return np.sort(kept(fingerprint(pictures.reshape(len(pictures), -1)).canonical))


KNOWN = (KnownData("courses_own", "canonical", hashes(PICTURES[TRAIN]), hashes(PICTURES[TEST])),)


def collected(made: RunBuilder) -> Evidence:
    return collect_evidence(made.submission(), made.run(), KNOWN)


def trained(folder: Path, train, test, validation=None) -> RunBuilder:
    """A run that trained on some rows of PICTURES and scored others, each given as (rows, labels)."""
    made = RunBuilder(folder)
    made.model()
    if validation is not None:
        made.rows(validation[0], values=True)
    made.fit("m1", *train, validation=validation)
    made.evaluate("m1", *test)
    return made


@pytest.mark.parametrize(
    "written",
    [
        lambda x: x,
        lambda x: x / 255.0,
        lambda x: (x / 127.5 - 1).astype("float32"),
        lambda x: x[..., None],
        lambda x: x.reshape(len(x), -1) / np.float32(255),
    ],
)
def test_an_official_part_is_known_however_it_is_written(tmp_path, written):
    """Scaled and reshaped, the scored rows are the official test part, and their origin is told by them alone."""
    made = trained(tmp_path, (written(PICTURES[TRAIN]), KINDS[TRAIN]), (written(PICTURES[TEST]), KINDS[TEST]))
    found = collected(made)
    rows = found.scoring(found.final_scoring).rows
    official = found.official_rows(rows)
    assert (official.dataset, official.part, official.test) == ("courses_own", "test", 60)
    assert found.row_set(rows).origin_hint == "courses_own/test"


def test_a_part_of_a_part_and_the_wrong_part_are_told(tmp_path):
    """Rows tested on that are some of the official training rows are told as that, with their number."""
    made = trained(tmp_path, (PICTURES[:150], KINDS[:150]), (PICTURES[150:200], KINDS[150:200]))
    found = collected(made)
    official = found.official_rows(found.scoring(found.final_scoring).rows)
    assert (official.part, official.train, official.official_train) == ("train", 50, 200)


def test_a_mixture_of_both_parts_is_told(tmp_path):
    """Both parts put together and split anew."""
    made = trained(tmp_path, (PICTURES[:130], KINDS[:130]), (PICTURES[130:], KINDS[130:]))
    found = collected(made)
    official = found.official_rows(found.scoring(found.final_scoring).rows)
    assert (official.part, official.train, official.test) == ("both", 70, 60)


def test_other_rows_are_of_no_data_set(tmp_path):
    """Pictures that look alike in shape and range are not taken for known ones."""
    other = RANDOM.integers(0, 256, (260, 8, 8)).astype(np.uint8)
    assert collected(trained(tmp_path, (other[TRAIN], KINDS[TRAIN]), (other[TEST], KINDS[TEST]))).official == ()


def test_one_reference_serves_whoever_cuts_validation_rows_otherwise(tmp_path):
    """A fifth for validation, a tenth, none: with their validation rows all have the official training part."""
    keys = set()
    for number, share in enumerate((40, 20, 0)):
        order = np.random.default_rng(number).permutation(200)
        train, held = order[share:], order[:share]
        scale = np.float32(255) if number else np.uint8(1)
        written = (PICTURES / scale) if number else PICTURES
        watched = (written[held], KINDS[held]) if share else None
        made = trained(tmp_path / str(number), (written[train], KINDS[train]), (written[TEST], KINDS[TEST]), watched)
        data = reference_data(collected(made), made.run(), KNOWN)
        assert data.train.total == 200
        assert bool(data.trained_on) == bool(share)
        (tmp_path / f"form{number}").mkdir()
        keys.add(canonical_split(data, tmp_path / f"form{number}").key)
    assert len(keys) == 1


def test_a_missing_row_keeps_the_students_own_split(tmp_path):
    """Where not all official training rows were kept, references train on what the student trained on."""
    watched = (PICTURES[151:200], KINDS[151:200])
    made = trained(tmp_path, (PICTURES[:150], KINDS[:150]), (PICTURES[TEST], KINDS[TEST]), watched)
    data = reference_data(collected(made), made.run(), KNOWN)
    assert data.train.total == 150
    assert not data.trained_on


def test_shipped_splits_know_the_small_sets(tmp_path):
    """scikit-learn's digits divided by 16, breast cancer as it is, iris followed back through a scaler."""
    made = RunBuilder(tmp_path)
    digits, cancer, iris = load_digits(), load_breast_cancer(), load_iris()
    scaled = (iris.data - iris.data.mean(axis=0)) / iris.data.std(axis=0)
    made.labelled(iris.data, iris.target)
    made.transform(iris.data, scaled)
    made.model()
    for x, y in ((digits.images / 16.0, digits.target), (cancer.data, cancer.target), (scaled, iris.target)):
        made.fit("m1", x, y)
    found = collect_evidence(made.submission(), made.run())
    by_use = [found.official_rows(item.train_rows) for item in found.trainings]
    assert [item.dataset for item in by_use] == ["digits", "breast_cancer", "iris"]
    assert [item.train for item in by_use] == [1797, 569, 150]


def test_shipped_splits_know_real_mnist(tmp_path, real_data):
    """Two thousand of the official test rows, as float32 with a channel."""
    with np.load(real_data / "keras" / "mnist.npz") as mnist:
        x, y = mnist["x_test"][:2000], mnist["y_test"][:2000]
    made = RunBuilder(tmp_path)
    made.model()
    made.evaluate("m1", (x / 255.0).astype("float32")[..., None], y)
    (official,) = collect_evidence(made.submission(), made.run()).official
    assert (official.dataset, official.part, official.test, official.official_test) == ("mnist", "test", 2000, 10_000)


def test_a_course_adds_its_own(tmp_path):
    """What lies in the data folder's `official` is known too; a file that is no split is passed over."""
    (tmp_path / "official").mkdir()
    (tmp_path / "official" / "courses_own.npz").write_bytes(as_bytes(KNOWN[0]))
    (tmp_path / "official" / "broken.npz").write_bytes(b"PK\x03\x04 nothing")
    names = [item.name for item in known_splits(tmp_path)]
    assert {"mnist", "fashion_mnist", "iris", "courses_own"} <= set(names)
    assert "broken" not in names

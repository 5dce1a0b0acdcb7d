"""Files handed in, official parts and the references' spread, as the report tells them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from example_class import png, rich_evidence, rich_grade, rubric

from grader.model import FileGroup, OfficialRows, OwnData, SameFiles, TableFile, UnreadableFile
from grader.reports.own_data import own_data_view
from grader.reports.student import render_report

GREY = np.full((8, 8), 200, dtype=np.uint8)
EVIL = "<script>alert(1)</script>.jpg"
FILES = OwnData(
    pictures=30,
    tables=(TableFile("wine.csv", 90, 3, missing=(("pH", 4),), classes=(("type", (("white", 60), ("red", 30))),)),),
    others=2,
    groups=(
        FileGroup("picture", "train", "cat", 20, (("60 x 60 RGB", 20),)),
        FileGroup("picture", "test", "cat", 5, (("60 x 60 RGB", 4), ("9 x 9 grey", 1))),
        FileGroup("picture", "train", EVIL, 5, (("60 x 60 RGB", 5),)),
    ),
    unreadable=(UnreadableFile(EVIL, "it is empty"),),
    unreadable_files=9,
    same=(SameFiles(("train/1.jpg", "test/1.jpg"), exact=True, across_parts=True, across_labels=False),),
    copies=1,
)


def test_classes_are_shown_with_their_parts():
    """Both parts of a class stand together; how the files differ is a sentence."""
    view = own_data_view(FILES)
    assert [(item.label, item.words) for item in view.classes] == [("cat", "20 training, 5 test"), (EVIL, "5 training")]
    assert view.forms == ("Pictures differ: 60 × 60 RGB (29) and 9 × 9 grey (1).",)  # noqa: RUF001 - as sizes are written
    assert view.summary.startswith("30 pictures and 1 table came with the notebook, and 2 files of other kinds")


def test_what_is_wrong_is_named_and_the_rest_counted():
    """Names, reasons, and how many more; tables with their classes and blanks."""
    view = own_data_view(FILES)
    assert view.defects == (f"{EVIL}: it is empty.", "8 more files can't be read.")
    assert view.same == ("train/1.jpg and test/1.jpg are one and the same, in two parts.",)
    (table,) = view.tables
    assert (table.name, table.size) == ("wine.csv", "90 rows, 3 columns")
    assert table.facts == (("type", "white (60), red (30)"), ("Empty cells", "pH (4)"))


def test_names_of_files_are_text():
    """A file may be called anything; the page runs and loads nothing of it."""
    page = render_report(rich_grade(), replace(rich_evidence(), own_data=FILES), rubric())
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.jpg" in page


def test_a_sample_that_is_no_picture_is_left_out():
    """Stored evidence is not trusted to hold pictures."""
    groups = (replace(FILES.groups[0], sample="PHN2Zz4="), replace(FILES.groups[2], sample=png(GREY)))
    pictures = [item.picture for item in own_data_view(replace(FILES, groups=groups)).classes]
    assert pictures[0] == ""
    assert pictures[1].startswith("data:image/png;base64,")


def test_no_files_no_section():
    """Most notebooks come alone."""
    assert "The files handed in" not in render_report(rich_grade(), rich_evidence(), rubric())


def told(**changes) -> str:
    evidence = rich_evidence()
    rows = evidence.scoring(evidence.final_scoring).rows
    official = OfficialRows(**{"rows": rows, "dataset": "mnist", "train": 0, "test": 200, "total": 200,
                               "official_train": 60_000, "official_test": 10_000, **changes})  # fmt: skip
    return render_report(rich_grade(), replace(evidence, official=(official,)), rubric())


def test_official_parts_are_said():
    """A part of the test part; a part of the training part, which no published score is measured on."""
    assert "are 200 of the 10,000 rows of MNIST&#39;s official test part" in told()
    assert "official training part, so the score can&#39;t be set beside" in told(train=200, test=0)


def test_the_spread_is_explained_and_shared_training_said():
    """What ± means, and on which rows everybody's references were trained."""
    evidence = rich_evidence()
    words = "all 60,000 rows of fashion_mnist's official training part"
    shared = replace(evidence, references=tuple(replace(item, trained_on=words) for item in evidence.references))
    page = render_report(rich_grade(), shared, rubric())
    assert "± is the standard deviation over 3 trainings" in page
    assert "all 60,000 rows of Fashion-MNIST&#39;s official training part, once for the class" in page

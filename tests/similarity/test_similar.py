"""Passages in common: renaming hides nothing, and what everybody writes is nobody's."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from grader.model import CellFacts
from grader.similarity import SubmissionText, find_similar
from grader.similarity.tokens import NAME, code_tokens

OWN_CODE = """
def count_pixels_per_row(pictures, limit):
    totals = {}
    for picture, name in zip(pictures, labels):
        row = picture.max(axis=1) > limit
        totals.setdefault(name, []).append(int(row.sum()) * 3 - 1)
    spread = {name: max(values) - min(values) for name, values in totals.items()}
    return sorted(spread.items(), key=lambda pair: pair[1] / 7)[:4]

darkest = count_pixels_per_row(train_pictures, 0.35)
print("rows in use", darkest, len(darkest) * 11)
plt.barh([name for name, _ in darkest], [width for _, width in darkest], color="teal", height=0.55)
"""
OWN_WORDS = (
    "The eight is taken for a one whenever somebody writes it in a hurry, because the two loops close up at this size "
    "and what is left is a slanted stroke with a bulge in the middle of it."
)
IDIOM = """
model = keras.Sequential([
    layers.Input((28, 28, 1)),
    layers.Conv2D(32, 3, activation="relu"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 3, activation="relu"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(64, activation="relu"),
    layers.Dense(10, activation="softmax"),
])
plt.plot(history.history["loss"], label="train")
plt.plot(history.history["val_loss"], label="validation")
plt.xlabel("epoch")
plt.ylabel("loss")
plt.legend()
plt.show()
"""


def text(name: str, *cells: str) -> SubmissionText:
    """A submission of cells: those that start with `md:` are text."""
    return SubmissionText(
        name,
        tuple(
            CellFacts(index, "markdown" if cell.startswith("md:") else "code", cell.removeprefix("md:"))
            for index, cell in enumerate(cells)
        ),
    )


def own(number: int) -> tuple[str, str]:
    """Code and prose that no other student has: a different seed, different words."""
    chosen = random.Random(number)
    words = [f"{chosen.choice('bcdfgklmnprst')}{chosen.choice('aeiou')}{chosen.choice('klmnrst')}" for _ in range(60)]
    lines = [f"{words[at]}.{words[at + 1]}({chosen.random():.3f}, {words[at + 2]}={at})" for at in range(0, 40, 3)]
    return "\n".join(lines), "md:" + " ".join(words)


def class_of(*special: SubmissionText, others: int = 10) -> list[SubmissionText]:
    return [*special, *(text(f"other{number}", *own(number)) for number in range(others))]


def renamed(code: str) -> str:
    """The same code with every name of its own renamed, other comments and another layout."""
    names = ("count_pixels_per_row", "pictures", "limit", "totals", "picture", "name", "labels", "row", "values", "spread", "pair", "darkest", "train_pictures", "width")  # fmt: skip
    for number, name in enumerate(names):
        code = re.sub(rf"(?<![\w.]){name}\b", f"var{number}", code)
    return code.replace("\n    totals", "\n    # my own idea\n    totals").replace(", ", ",")


def test_a_copy_is_found_though_every_name_is_changed() -> None:
    """Names of one's own, comments, spaces and the order of cells hide nothing; nobody else is named."""
    special = text("ada", OWN_CODE, own(90)[0]), text("bo", own(91)[0], "x = 1", renamed(OWN_CODE))
    found = find_similar(class_of(*special))
    assert [(pair.left, pair.right) for pair in found.pairs] == [("ada", "bo")]
    pair = found.pairs[0]
    assert pair.code_tokens > 100
    assert pair.passages[0].others == 0
    assert (pair.passages[0].left.cell, pair.passages[0].right.cell) == (0, 2)
    assert "setdefault" in pair.passages[0].left.passage
    assert (found.submissions, found.compared, found.found) == (12, 66, 1)


def test_prose_is_found_in_text_and_comments() -> None:
    """A paragraph that stands in a text cell here and in a comment there."""
    wrapped = "x = 3\n" + "\n".join(f"# {line}" for line in re.findall(r".{1,60}(?:\s|$)", OWN_WORDS))
    found = find_similar(class_of(text("ada", f"md:{OWN_WORDS}"), text("bo", wrapped)))
    assert [(pair.left, pair.right) for pair in found.pairs] == [("ada", "bo")]
    assert found.pairs[0].passages[0].kind == "prose"
    assert found.pairs[0].prose_words >= 30


def test_what_a_third_of_the_class_has_brings_nobody_together() -> None:
    """It came from the course, whoever wrote it first."""
    spread = [text(f"s{number}", OWN_CODE, f"md:{OWN_WORDS}", own(50 + number)[0]) for number in range(5)]
    assert find_similar(class_of(*spread, others=10)).pairs == ()


def test_idioms_of_tutorials_and_imports_bring_nobody_together() -> None:
    """A network and a curve as documentation draws them, with names of one's own, are everybody's."""
    imports = "\n".join(f"from package{number} import thing_{number}, other_{number}" for number in range(20))
    found = find_similar([text("ada", imports, IDIOM), text("bo", imports, IDIOM.replace("model", "net"))])
    assert found.pairs == ()


def test_the_assignments_own_text_brings_nobody_together() -> None:
    """Of a cell that was filled in, only what was filled in is compared."""
    filled = [replace(text(name, OWN_CODE).cells[0], own="x = 3") for name in ("ada", "bo")]
    class_ = [SubmissionText(name, (cell,)) for name, cell in zip(("ada", "bo"), filled, strict=True)]
    assert find_similar(class_).pairs == ()


def test_the_sample_class_shares_nothing(sample_texts) -> None:
    """Sixteen honest notebooks on a few data sets: no pair is shown."""
    assert find_similar(sample_texts).pairs == ()


@pytest.fixture
def sample_texts():
    import nbformat

    from grader.resources import shipped

    return [
        SubmissionText(
            path.parent.name,
            tuple(
                CellFacts(index, cell.cell_type, cell.source)
                for index, cell in enumerate(nbformat.read(path, as_version=4).cells)
            ),
        )
        for path in sorted(shipped("submissions").glob("*/*.ipynb"))
    ]


@pytest.mark.parametrize("cells", [(), ("",), ("(" * 50, "'''", "\x00\ud800", "md:" + "[" * 100), ("x = (",)])
def test_any_text_can_be_compared(cells: tuple[str, ...]) -> None:
    """Nothing, broken code, odd characters."""
    assert find_similar([text("ada", *cells), text("bo", *cells)]).pairs == ()
    assert find_similar([]).pairs == ()


def test_only_names_that_code_gives_are_alike() -> None:
    """Attributes, arguments by name and what libraries are called stay."""
    (cell,) = code_tokens(["a, (b, c) = f(x)\nfor i in a: m.fit(epochs=i, x=c)\ndef g(u, *v, w=2): return u"])
    shown = "".join(token.text if token.text != NAME else "_" for token in cell)
    assert shown == "_,(_,_)=f(x)for_in_:m.fit(epochs=_,x=_)def_(_,*_,w=2):return_"


@pytest.mark.proof
def test_one_copy_is_found_among_a_thousand() -> None:
    """With every name changed, between 999 notebooks of other people: that pair, and no other."""
    special = text("ada", OWN_CODE, *own(2000)), text("bo", *own(2001), renamed(OWN_CODE))
    found = find_similar(class_of(*special, others=998))
    assert [(pair.left, pair.right) for pair in found.pairs] == [("ada", "bo")]
    assert (found.submissions, found.compared, found.complete) == (1000, 499_500, True)

"""The rubric `evidence_pack`, row by row as the grading policy has it: each is seen where it is there and missed where not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples import CELLS, GOOD, TEXT, cell, passage, saying, training, without
from rows_of_courses import Row, outcome, recoded, unseen, with_document, with_product

from grader.model import Drawing, Evidence, RunFiles, SavedOutput
from grader.rubrics import load_rubric

README = """# Garments
A small network that tells three garments apart, and how far it can be trusted.

## Run
```sh
python train.py --epochs 3
```

## Data
400 pictures of 28x28 pixels from a catalogue: 300 to train on, 100 to test, divided by a fixed seed.

## Result
The baseline scores 0.34, the network 0.89: an improvement of 0.55.

## Failure cases
- A coat with short sleeves is called a bag.
- A bag with a long strap is called a coat.
- A folded shirt is called a bag.

## Next step
Most wrong answers are coats with short sleeves. Next I will collect thirty more of them, because the network has seen two.
"""
SUMMARY = SavedOutput("stream", "Layer (type)   Output Shape   Param #\nTotal params: 1,320\n")
METRICS = "metric,baseline,current\naccuracy,0.34,0.89\nf1,0.17,0.88\n"
SAMPLES = "true,predicted,probability\ncoat,coat,0.9\nbag,bag,0.8\nshirt,shirt,0.99\n"
CHECKED = "assert x_train.shape == (300, 28, 28, 1)\nassert model(x_train[:2]).shape == (2, 3)"

PACK = with_product(
    with_product(
        with_document(
            replace(
                GOOD,
                cells=(
                    *CELLS[:3],
                    cell(3, CHECKED, ()),
                    cell(4, "model.summary()", ("model.summary",), rerun=(SUMMARY,)),
                    *CELLS[5:],
                ),
                prose=without(GOOD, "next_step", "next_step_reason").prose,
                metric_calls=(),
            ),
            "README.md",
            README,
        ),
        "metrics.csv",
        METRICS,
    ),
    "predictions.csv",
    SAMPLES,
)  # fmt: skip


def without_part(heading: str):
    """A README without the part under one heading."""

    def change(evidence: Evidence) -> Evidence:
        parts = README.split("\n\n## ")
        return with_document(
            evidence, "README.md", "\n\n## ".join(part for part in parts if not part.startswith(heading))
        )

    return change


def without_file(path: str):
    def change(evidence: Evidence) -> Evidence:
        kept = tuple(item for item in evidence.run_files.products if item.path != path)
        return replace(evidence, run_files=RunFiles(products=kept))

    return change


def without_lines(evidence: Evidence) -> Evidence:
    return replace(evidence, drawings=tuple(item for item in evidence.drawings if item.kind != "line"))


def without_result(evidence: Evidence) -> Evidence:
    return without_file("metrics.csv")(without_part("Result")(evidence))


def unrelated(evidence: Evidence) -> Evidence:
    """A plan that follows from nothing."""
    plan = README[: README.index("Most wrong")] + "Next I will try a larger network with more layers and see.\n"
    return with_document(evidence, "README.md", plan)


ROWS = (
    Row("README", "project.readme", without_file("README.md")),
    Row("run command", "project.run_command", without_part("Run")),
    Row("dataset note", "project.dataset_note", without_part("Data")),
    Row("model summary", "project.model_summary", lambda item: recoded(item, 4, "pass")),
    Row("loss curve or log", "project.loss_recorded", without_lines),
    Row("metric table", "project.metric_table", without_file("metrics.csv")),
    Row("prediction samples", "project.prediction_samples", without_file("predictions.csv")),
    Row("at least three failure cases", "project.failure_cases", without_part("Failure")),
    Row("next-step plan", "project.next_step_plan", without_part("Next")),
    Row("improvement over the baseline computed", "evaluation.improvement_computed", without_result),
    Row("shape checks", "code.shapes_checked", lambda item: recoded(item, 3, "pass")),
    Row("next step justified by the failures", "project.next_step_justified", unrelated),
)
"""Section 4 of the grading policy, the rubric `evidence_pack`."""

READ = (
    "project.readme", "project.run_command", "project.dataset_note", "project.next_step", "code.shapes",
    "project.prediction_samples",
)  # fmt: skip
"""Told by files and texts, which are there whether the project ran or not."""


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_each_row_is_seen_where_it_is_there_and_missed_where_it_is_not(row):
    """Present passes, absent fails, and nothing that only the run can tell is held against a student without one."""
    assert outcome(row.check, PACK) == "pass"
    assert outcome(row.check, row.absent(PACK)) == "fail"
    if not row.check.startswith(READ):
        assert outcome(row.check, unseen(row.absent(PACK))) in {"unknown", "not_applicable"}


def test_the_rubric_asks_for_every_row():
    """No row of the policy is left out of the rubric."""
    assert {row.check for row in ROWS} <= load_rubric("evidence_pack").checks


def test_three_pictures_of_mistakes_are_three_cases():
    """Failure cases may be pictures, a table or a list."""
    source = "wrong = predicted != y_test\nfor row in wrong[:3]: plt.imshow(x_test[row])"
    drawn = tuple(Drawing("f", f"a{n}", 8, "image", title=f"pred {n}, true {n + 1}", order=30) for n in range(3))
    pictured = replace(recoded(without_part("Failure")(PACK), 8, source, ("plt.imshow",)), drawings=drawn)
    assert outcome("project.failure_cases", pictured) == "pass"
    assert outcome("project.failure_cases", replace(pictured, drawings=drawn[:2])) == "fail"
    table = with_product(without_part("Failure")(PACK), "failures.csv", "file,true,predicted\na,1,2\nb,2,1\nc,0,1\n")
    assert outcome("project.failure_cases", table) == "pass"


def test_two_cases_are_too_few():
    """Three are asked for; the number found is told."""
    two = README.replace("- A folded shirt is called a bag.\n", "")
    assert outcome("project.failure_cases", with_document(PACK, "README.md", two)) == "fail"


def test_an_improvement_must_be_the_difference():
    """Two scores side by side are not yet a difference; a wrong one is none either."""
    bare = without_result(PACK)
    told = with_document(bare, "README.md", README.replace(": an improvement of 0.55", ""))
    assert outcome("evaluation.improvement_computed", told) == "fail"
    wrong = with_document(bare, "README.md", README.replace("0.55", "0.75"))
    assert outcome("evaluation.improvement_computed", wrong) == "fail"
    points = README.replace("0.34", "34 %").replace("0.89", "89 %").replace("0.55", "55 points")
    assert outcome("evaluation.improvement_computed", with_document(bare, "README.md", points)) == "pass"


def test_an_improvement_computed_in_code_counts_as_read():
    """The difference may be taken in a cell."""
    bare = without_result(PACK)
    assert outcome("evaluation.improvement_computed", recoded(bare, 8, "print(accuracy - baseline_accuracy)")) == "pass"


def test_a_loop_of_pytorch_prints_its_loss():
    """A log is a loss curve in numbers: printed losses of each epoch are found again."""
    lines = SavedOutput("stream", "epoch 1 loss 0.900\nepoch 2 loss 0.500\nepoch 3 loss 0.300\n")
    looped = replace(without_lines(PACK), trainings=(training(custom_loop=True),))
    cells = tuple(replace(item, rerun=(lines,)) if item.index == 5 else item for item in looped.cells)
    assert outcome("project.loss_recorded", replace(looped, cells=cells)) == "pass"


def test_a_module_that_is_printed_is_summarised():
    """PyTorch has no summary: print(model) lists its layers."""
    net = SavedOutput("stream", "Sequential(\n  (0): Linear(in_features=4, out_features=3, bias=True)\n)\n")
    printed = tuple(replace(item, rerun=(net,)) if item.index == 4 else item for item in PACK.cells)
    assert outcome("project.model_summary", replace(PACK, cells=printed)) == "pass"


def test_the_plan_may_stand_in_the_notebook():
    """Prose of the notebook is read as documents are."""
    bare = without_part("Next")(PACK)
    planned = saying(
        bare,
        passage("next_step", "Next I would add more pictures of coats."),
        passage("next_step_reason", "Because coats fail, next I would add coats."),
    )
    assert outcome("project.next_step_plan", planned) == "pass"
    assert outcome("project.next_step_justified", planned) == "pass"
    assert TEXT.text

"""What the tables of a course's rows are written with: a row of the document, its check, and how it goes missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from examples import cell

from grader.checks import CHECKS
from grader.file_kinds import columns_of, keys_of, kind_of_file
from grader.model import Evidence, Product

Change = Callable[[Evidence], Evidence]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of section 4 of the grading policy: `absent` takes from a good notebook what the row asks for."""

    words: str
    check: str
    absent: Change

    def __str__(self) -> str:
        return f"{self.words} [{self.check}]"


def unseen(evidence: Evidence) -> Evidence:
    """The same notebook, of which nothing was run: the machine failed."""
    cells = tuple(replace(item, run_status="not_run", rerun=(), saved=()) for item in evidence.cells)
    return replace(
        evidence, cells=cells, run=replace(evidence.run, status="infrastructure_failure", message="no room"), models=(),
        trainings=(), scorings=(), metric_calls=(), drawings=(), row_sets=(), overlaps=(), verified=(), splits=(),
        seeds=(), diagnoses=(), final_scoring=None, final_model=None, label_agreement=None, own_data=None,
        augmentation_before_split=None,
    )  # fmt: skip


def recoded(evidence: Evidence, index: int, source: str, calls: tuple[str, ...] = ()) -> Evidence:
    """The same notebook with other code in one cell; what it shows goes with the old code."""
    cells = tuple(cell(index, source, calls) if item.index == index else item for item in evidence.cells)
    return replace(evidence, cells=cells)


def outcome(check: str, evidence: Evidence) -> str:
    """Run one check, and return how it came out; what breaks is raised."""
    finding = CHECKS[check].run(evidence, {})
    assert finding.outcome != "error", finding.measured
    assert (finding.fix is not None) == (finding.outcome == "fail")
    assert finding.summary.endswith((".", "”"))
    return finding.outcome


def with_document(evidence: Evidence, path: str, text: str) -> Evidence:
    """The same project with this document, in place of one of the same name."""
    kept = tuple(item for item in evidence.run_files.products if item.path != path)
    added = Product(path, len(text), 0, "document", head=text, whole=True)
    return replace(evidence, run_files=replace(evidence.run_files, products=(*kept, added)))


def with_product(evidence: Evidence, path: str, text: str) -> Evidence:
    """The same project whose run left this file, in place of one of the same name."""
    kept = tuple(item for item in evidence.run_files.products if item.path != path)
    kind = kind_of_file(path)
    columns = columns_of(text, path) if kind == "table" else ()
    lines = len(text.strip().splitlines())
    added = Product(
        path, len(text), 9, kind, head=text, whole=True, columns=columns, rows=lines - 1 if kind == "table" else None,
        keys=keys_of(text) if kind == "json" else (),
    )  # fmt: skip
    return replace(evidence, run_files=replace(evidence.run_files, products=(*kept, added)))

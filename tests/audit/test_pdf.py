"""PDF exports are read in a box, graded on what they show, and sent to a person; hostile ones are told clearly."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from grader.audit.pdf import as_markdown, with_pdf_text
from grader.checks import run_checks
from grader.errors import SubmissionError
from grader.evidence.collecting import collect_evidence
from grader.intake import load_submission, load_submissions
from grader.judge import grade
from grader.measuring import ONLY_READ
from grader.model import Cell, Run, Submission, Unreadable
from grader.rubrics import load_rubric
from grader.sandbox import detect_tier

TEXT = """Conclusion
The network reads the digit in an 8x8 picture. Convolution layers look for small strokes, because digits are
made of strokes.
model = keras.Sequential([layers.Dense(10)])
The test accuracy is 91 %. It confuses 3 with 8, because their upper halves look alike.
I would add shifted pictures next, because digits near the border are read wrongly."""


def pdf_of(text: str, extra: bytes = b"") -> bytes:
    """A PDF with one page of plain lines, as small as one can be."""
    lines = "".join(f"({line.replace('(', r'(').replace(')', r')')}) Tj T*\n" for line in text.split("\n"))
    content = zlib.compress(f"BT /F1 10 Tf 12 TL 40 760 Td\n{lines}ET".encode("latin-1"))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, item)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        body + b"xref\n0 6\n0000000000 65535 f \n" + table
        + b"trailer\n<< /Size 6 /Root 1 0 R %b >>\nstartxref\n%d\n%%%%EOF" % (extra, len(body))
    )  # fmt: skip


@pytest.mark.slow
def test_a_pdf_is_read_in_a_box_and_hostile_ones_are_told(tmp_path: Path) -> None:
    """Its sentences come out as text cells; a locked, a broken and an empty one say what they are."""
    pytest.importorskip("pypdf", reason="a dependency of the grader: pip install pypdf")
    locked = b"/Encrypt << /Filter /Standard /V 1 /R 2 /O (%b) /U (%b) /P -4 >> /ID [(a) (a)]" % (b"o" * 32, b"u" * 32)
    path = tmp_path / "ada.pdf"
    path.write_bytes(pdf_of(TEXT))
    read = with_pdf_text(load_submission(path), tier=detect_tier().tier)
    assert read.cells[0].source.startswith("## Conclusion")
    assert "made of strokes." in read.cells[0].source
    assert "keras.Sequential" not in read.cells[0].source
    for content, why in (
        (pdf_of(TEXT, locked), "locked"),
        (pdf_of(TEXT)[:200], "can't be read|hardly any text"),
        (pdf_of("Fig. 1"), "hardly any text"),
    ):
        path.write_bytes(content)
        with pytest.raises(SubmissionError, match=why):
            with_pdf_text(load_submission(path), tier=detect_tier().tier)


def test_a_pdf_is_graded_on_what_it_shows() -> None:
    """Words are judged; whatever rests on a run or on code is unknown, never failed, and a person is asked."""
    page = Cell(0, "markdown", as_markdown(TEXT), file="ada.pdf, page 1", line=1)
    submission = Submission("ada", Path("ada.pdf"), None, "0", "", (page,))
    evidence = collect_evidence(submission, Run("not_run", "none", 0.0, message=ONLY_READ))
    evidence = replace(evidence, run=replace(evidence.run, only_read=True))
    findings = {item.check: item for item in run_checks(evidence)}
    assert findings["write_up.score_stated"].outcome == "pass"
    assert findings["understanding.layers"].outcome == "pass"
    rest = {
        item.outcome for name, item in findings.items() if name.startswith(("code.", "model.", "split.", "evaluation."))
    }
    assert rest == {"unknown"}
    judged = grade(evidence, load_rubric("unit1"), tuple(findings.values()))
    levels = {item.criterion: (item.low, item.high) for item in judged.judgements}
    assert levels["code_quality"] == ("emerging", "exemplary")
    assert levels["write_up"][0] is not None
    assert any("PDF" in reason for reason in judged.review_reasons)


def test_pdfs_in_a_class_are_found_by_their_students(tmp_path: Path, write_notebook) -> None:
    """In a student's folder, beside other students' notebooks; the assignment's own, and a notebook's, are none."""
    for name in ("ada.ipynb", "bob.ipynb"):
        write_notebook("1", name=name, folder=tmp_path / "loose")
    for name in ("ada.pdf", "cleo.pdf", "Assignment 1.pdf"):
        (tmp_path / "loose" / name).write_bytes(pdf_of(TEXT))
    assert [item.id for item in load_submissions(tmp_path / "loose")] == ["ada", "bob", "cleo"]
    (tmp_path / "each" / "ada").mkdir(parents=True)
    (tmp_path / "each" / "ada" / "x.pdf").write_bytes(pdf_of(TEXT))
    (tmp_path / "each" / "bob").mkdir()
    (tmp_path / "each" / "bob" / "x.pdf").write_text("hello")
    ada, bob = load_submissions(tmp_path / "each")
    assert isinstance(ada, Submission)
    assert ada.is_pdf
    assert isinstance(bob, Unreadable)
    assert "no PDF" in bob.reason


def test_a_project_with_helper_scripts_or_a_report_is_one_project(tmp_path: Path, write_notebook) -> None:
    """A folder with one notebook, modules in `src` and a PDF beside it is no class of three."""
    write_notebook("1", name="work.ipynb")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "nets.py").write_text("x = 1")
    (tmp_path / "docs").mkdir()
    for name in ("report.pdf", "docs/slides.pdf"):
        (tmp_path / name).write_bytes(pdf_of(TEXT))
    assert [item.id for item in load_submissions(tmp_path)] == ["work"]

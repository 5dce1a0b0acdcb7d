"""The static half of the evidence: the notebook's code and prose, read without running anything of it.

Measuring, not judging: what stands where, never whether it is good. Everything is pure and deterministic but for one
subprocess of ruff.
"""

from grader.evidence.reading.cells import read_cells
from grader.evidence.reading.class_names import read_class_names
from grader.evidence.reading.code import read_code
from grader.evidence.reading.documents import read_documents
from grader.evidence.reading.prose import read_prose

__all__ = ["read_cells", "read_class_names", "read_code", "read_documents", "read_prose"]

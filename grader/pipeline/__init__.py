"""From submissions to a graded class: run, measure, verify, compare, judge, write; one submission or many."""

from grader.pipeline.grading import ClassGrader
from grader.pipeline.settings import GradeSettings, fingerprint_of
from grader.scheduling.unmeasured import broken_evidence, unreadable_evidence

__all__ = ["ClassGrader", "GradeSettings", "broken_evidence", "fingerprint_of", "unreadable_evidence"]

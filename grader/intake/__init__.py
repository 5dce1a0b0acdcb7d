"""From files on disk to submissions: finding them, naming them, reading them."""

from grader.intake.find import find_submissions, load_submission, load_submissions

__all__ = ["find_submissions", "load_submission", "load_submissions"]

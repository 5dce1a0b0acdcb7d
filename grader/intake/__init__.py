"""From files on disk to submissions: finding them, naming them, reading them."""

from grader.intake.find import load_submission, load_submissions

__all__ = ["load_submission", "load_submissions"]

"""Downloads of whole classes from course systems: which file is whose, by the names those systems give."""

from grader.intake.downloads.recognise import recognise
from grader.intake.downloads.shape import HandedIn

__all__ = ["HandedIn", "recognise"]

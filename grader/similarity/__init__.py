"""Passages that two submissions share beyond the assignment's own text, what everybody writes and what many share.

Fingerprints are hashes of all runs of k tokens, as in winnowing (Schleimer, Wilkerson and Aiken, "Winnowing: local
algorithms for document fingerprinting", SIGMOD 2003); names that a notebook gives itself are all one token, so that
renaming hides nothing. What comes of it is for people to read: it is no verdict, and no grade knows of it.
"""

from grader.similarity.compare import find_similar
from grader.similarity.texts import SubmissionText

__all__ = ["SubmissionText", "find_similar"]

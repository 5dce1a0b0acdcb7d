"""Rubric files: read, with every mistake named by its path, and begun for an instructor to go on with."""

from grader.rubrics.loading import list_rubrics, load_rubric, rubric_sha256

__all__ = ["list_rubrics", "load_rubric", "rubric_sha256"]

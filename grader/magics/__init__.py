"""`%load_ext grader`: a student's self-check inside Jupyter, VS Code or Colab."""

from grader.magics.check import CheckMagics, register

__all__ = ["CheckMagics", "register"]

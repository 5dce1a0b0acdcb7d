"""The code inside the student's kernel: a world of its own that imports nothing of the grader."""

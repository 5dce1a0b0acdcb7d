"""grader: grades deep-learning notebooks from evidence that was watched and recomputed."""

__version__ = "0.1.0"

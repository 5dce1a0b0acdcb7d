"""Runs of cells in real boxes, for what the probe changes there."""

from __future__ import annotations

from tests.execution.conftest import best_tier, run_cells

__all__ = ["best_tier", "run_cells"]

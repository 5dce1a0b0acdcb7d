"""How much training a notebook is allowed, where a budget was asked for: what the probe changes, and only then.

The contract of this module and of `capping`:

- Without a budget there is no `Budget`, nothing of them is called, and the notebook behaves bit for bit as unwatched.
- `fit` goes on as after an honest shorter training. An epoch ends at a batch: what follows an epoch's last batch
  (metrics, validation, callbacks, History) follows it then too. Training ends at an epoch's end, as EarlyStopping ends
  it: `on_train_end` is called, best weights are restored, History is returned.
- What was given stays known. Rows in memory are seen when they are given; of a stream's first pass the batches that are
  not trained on are drawn all the same.
- What was cut is told in `fit.ended`; nothing is judged here.
- `evaluate` and `predict` are never cut. Training steps of one's own are held to the budget of a whole run only: they
  end by `BudgetSpent`, which is raised where a step is made.
- A fault of a cap is told, and the training goes on without it.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from .capping import Cap

LEAST_S = 3.0
"""Seconds that a training has in any case: enough for TensorFlow to trace its first step and do a few more."""

FOR_THE_REST = 0.15
"""Share of a run's seconds that no training may use: data has to be loaded, models be scored, figures be drawn."""

UNFORESEEN = 2
"""Once all foreseen trainings have begun, so many more are allowed for: each has half of what is left."""


class BudgetSpent(KeyboardInterrupt):
    """Ends a training loop of the notebook's own. As with Ctrl-C, only code that waits for an interrupt catches it."""

    def _render_traceback_(self) -> list[str]:
        """Have IPython show the sentence alone: where the loop was just then means nothing."""
        return [f"{type(self).__name__}: {self}"]


@dataclass(frozen=True)
class Allowance:
    """What was asked for. None stands for no limit.

    `steps` and `training_s` are for each training, spread over its epochs; `total_s` is for the run as a whole, of
    which `trainings` trainings are foreseen to have equal shares.
    """

    steps: int | None = None
    training_s: float | None = None
    total_s: float | None = None
    trainings: int = 1


class Budget:
    """What is left of an allowance."""

    def __init__(self, allowance: Allowance) -> None:
        """Start the run's clock."""
        self.allowance = allowance
        self._began = time.monotonic()
        self._trainings = 0

    def cap(self, epochs: Any, initial_epoch: Any) -> Cap:
        """Return the cap of the training that begins now, for the epochs it asks for."""
        share = self._share()
        self._trainings += 1
        asked = max(1, int(epochs or 1) - int(initial_epoch or 0))
        even = self.allowance.total_s is None
        return Cap(asked, share, steps=self.allowance.steps, even=even)

    def step_of_own(self) -> None:
        """End a training loop of the notebook's own where the run's seconds are spent.

        Raises:
            BudgetSpent: they are.
        """
        total = self.allowance.total_s
        if total is not None and self._elapsed() > total * (1 - FOR_THE_REST):
            raise BudgetSpent(f"the grader was given a budget of {total:g} s for this notebook: training ends here")

    def _share(self) -> float:
        """Return the seconds of the next training: an equal part of what is left for those still to come."""
        allowance = self.allowance
        if allowance.total_s is None:
            return allowance.training_s or LEAST_S
        left = allowance.total_s * (1 - FOR_THE_REST) - self._elapsed()
        to_come = allowance.trainings - self._trainings
        return max(LEAST_S, left / (to_come if to_come > 0 else UNFORESEEN))

    def _elapsed(self) -> float:
        return time.monotonic() - self._began


def read_allowance(text: str) -> Allowance | None:
    """Return the allowance as the environment has it: JSON with the fields' names, empty for none.

    Raises:
        ValueError, TypeError: it is something else (a fault of the grader).
    """
    return Allowance(**json.loads(text)) if text else None

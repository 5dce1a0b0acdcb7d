"""The cap of one training: which batch is an epoch's last, which epoch the training's. See `budget` for the contract.

Steps are cut before epochs, so that histories keep their full length wherever the share allows it: plots over
`range(epochs)` and `history["loss"][-1]` go on working.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .streams import Tee

BUSY = 4.0
"""How many times longer than its work a training may take by the clock: with so many neighbours a core is crowded."""

WHOLE_PASSES = {"training": 1, "validation": 2}
"""Passes of a stream that are drawn to their end, trained on or not: the first tells the rows, and whether rows move
between training and validation shows only in a second pass over those held out."""

FIRST_STEP_ONLY = 2
"""Length of an item of Keras 3.7's and 3.8's iterator: a step, and the iterator; later ones have the last step too."""


class ModernBatches:
    """Keras 3's iterator over the batches of each epoch."""

    def __init__(self, owner: Any) -> None:
        """Keep the iterator and its own way of counting."""
        self._owner = owner
        self._each = owner._enumerate_iterator

    def pass_through(self, passes: Any) -> None:
        """Have each epoch's batches come from `passes`."""
        self._owner._enumerate_iterator = passes

    def each(self) -> Any:
        """Return the batches of one epoch, one item for each call of the training function."""
        return self._each()

    @property
    def planned(self) -> int | None:
        """Steps of a whole epoch, None where that isn't known yet."""
        return self._owner.steps_per_epoch or self._owner._num_batches or None

    def steps_of(self, item: Any) -> int:
        """How many steps an item stands for: it tells its first and last step, up to Keras 3.8 only the first."""
        if len(item) == FIRST_STEP_ONLY:
            return int(self._owner.steps_per_execution)
        return int(item[1] - item[0] + 1)

    def draw(self, item: Any) -> None:
        """Draw the batches of an item without training on them."""
        for _ in range(self.steps_of(item)):
            next(item[-1])

    def ran_out(self) -> Any:
        """Return Keras's context that takes note of the end of a stream of unknown length."""
        return self._owner.catch_stop_iteration()

    def left_early(self) -> None:
        """Do what follows the last batch of an epoch."""
        self._owner.data_adapter.on_epoch_end()


class LegacyBatches:
    """The same of Keras 2: one handler for all epochs, whose iterator is handed over for each."""

    def __init__(self, owner: Any) -> None:
        """Keep the handler and its own ways of counting."""
        self._owner = owner
        self._each = owner.steps
        self._iterator: Any = None
        epochs = owner.enumerate_epochs

        def enumerate_epochs() -> Iterator[Any]:
            for epoch, self._iterator in epochs():
                yield epoch, self._iterator

        owner.enumerate_epochs = enumerate_epochs

    def pass_through(self, passes: Any) -> None:
        """Have each epoch's batches come from `passes`."""
        self._owner.steps = passes

    def each(self) -> Any:
        """Return the batches of one epoch, one item for each call of the training function."""
        return self._each()

    @property
    def planned(self) -> int | None:
        """Steps of a whole epoch, None where that isn't known yet."""
        return self._owner._inferred_steps or None

    def steps_of(self, _item: Any) -> int:
        """How many steps an item stands for."""
        return int(self._owner._step_increment) + 1

    def draw(self, item: Any) -> None:
        """Draw the batches of an item without training on them."""
        for _ in range(self.steps_of(item)):
            next(self._iterator)

    def ran_out(self) -> Any:
        """Return Keras's context that takes note of the end of a stream of unknown length."""
        return self._owner.catch_stop_iteration()

    def left_early(self) -> None:
        """Do nothing: the handler itself ends epochs."""


@dataclass
class _Pass:
    """One pass over batches, of which `taken` steps are done."""

    batches: Any
    fault: Callable[[str, Exception], None]
    taken: int = 0

    def advance(self, item: Any) -> int:
        """Count an item, and return its steps."""
        steps = int(self.batches.steps_of(item))
        self.taken += steps
        return steps

    def more_to_come(self) -> bool:
        """Whether it is not known to be over."""
        planned = self.batches.planned
        return planned is None or self.taken < planned


@dataclass
class Cap:
    """What one training may still do, and what was cut of it.

    `epochs` are those asked for, `seconds` its share. `steps` is the most it may do in all. `even` spreads both over
    its epochs; else it goes on as asked until its seconds are over.
    """

    epochs: int
    seconds: float
    steps: int | None = None
    even: bool = True
    epochs_done: int = 0
    steps_done: int = 0
    planned: int | None = None
    fewer_steps: bool = False
    fewer_validated: bool = False
    ended_early: bool = False

    def __post_init__(self) -> None:
        """Start the clock."""
        self._began = (time.monotonic(), time.process_time())
        self._deadline = self.seconds
        self._quota: int | None = None
        self._epoch_began = self._epoch_until = 0.0
        self._step_s: float | None = None
        self._timed: tuple[float, int] = (0.0, 0)
        self._validation_s = 0.0
        self._validation_began: float | None = None
        self._passes = {"training": 0, "validation": 0}
        self._dropped = False

    # ------------------------------------------------------------ what is asked of it
    def apply(self, batches: Any, what: str, tee: Tee | None, fault: Callable[[str, Exception], None]) -> None:
        """Cap the batches of `training` or `validation`; `tee` sees those of a stream, `fault` is told our own."""
        passes = self._training_pass if what == "training" else self._validation_pass
        batches.pass_through(lambda: passes(_Pass(batches, fault), tee))

    def epoch_ended(self, model: Any) -> None:
        """Take note of an epoch's end, and make it the last one where time is up."""
        if self._dropped:
            return
        now = self._now()
        self.epochs_done += 1
        if self._validation_began is not None:
            self._validation_s, self._validation_began = now - self._validation_began, None
        if self.epochs_done < self.epochs and now >= self._deadline and not model.stop_training:
            model.stop_training = self.ended_early = True

    def told(self) -> dict[str, Any] | None:
        """Return what was cut as a field of `fit.ended`, None where nothing was."""
        if not (self.fewer_steps or self.fewer_validated or self.ended_early):
            return None
        asked = None if self.planned is None else self.planned * self.epochs
        return {
            "steps": self.steps_done,
            "steps_asked": asked,
            "ended_early": self.ended_early,
            "fewer_validated": self.fewer_validated,
        }

    # ------------------------------------------------------------ passes
    def _training_pass(self, one: _Pass, tee: Tee | None) -> Iterator[Any]:
        batches, each = one.batches, one.batches.each()
        self._decided(self._begins, one)
        for item in each:
            began = self._now()
            yield item
            if self._decided(self._ends_after, one, item, began):
                self.fewer_steps = True
                self._leave(batches, each, tee, "training")
                break
        self._decided(self._passed, one)

    def _validation_pass(self, one: _Pass, tee: Tee | None) -> Iterator[Any]:
        self._validation_began = self._now()
        batches, each = one.batches, one.batches.each()
        for item in each:
            began = self._now()
            yield item
            if self._decided(self._validated_after, one, item, began):
                self.fewer_validated = True
                began = self._now()
                self._leave(batches, each, tee, "validation")
                self._validation_began += self._now() - began
                break

    def _decided(self, decide: Callable[..., bool], one: _Pass, *given: Any) -> bool:
        """Return whether a pass ends here. A fault of ours is told and ends the cap, never the training.

        What data sets and the training itself raise does not come by here: it stays the notebook's.
        """
        if self._dropped:
            return False
        try:
            return decide(one, *given)
        except Exception as error:
            self._dropped = True
            one.fault("cap", error)
            return False

    def _begins(self, one: _Pass) -> bool:
        self._begin_epoch(one.batches.planned)
        return False

    def _ends_after(self, one: _Pass, item: Any, began: float) -> bool:
        steps = one.advance(item)
        self._stepped(steps, self._now() - began)
        return one.more_to_come() and self._enough(one.taken, one.batches.planned)

    def _passed(self, one: _Pass) -> bool:
        self.planned = one.batches.planned or self.planned
        return False

    def _validated_after(self, one: _Pass, item: Any, began: float) -> bool:
        if one.taken == self._validation_s == 0:
            self._spare(self._now() - began)
            self._validation_began = self._now()
        one.advance(item)
        return one.more_to_come() and self._validated_enough(one.taken)

    def _leave(self, batches: Any, each: Any, tee: Tee | None, what: str) -> None:
        """End an epoch's batches; what a stream still holds is drawn, so that its rows are known."""
        self._passes[what] += 1
        if tee is not None and self._passes[what] <= WHOLE_PASSES[what]:
            self._draw(batches, each, tee)
        else:
            if tee is not None:
                tee.partial = True
            each.close()
            batches.left_early()

    def _draw(self, batches: Any, each: Any, tee: Tee) -> None:
        """Draw the rest of a pass, for as long as the training's share at most; its own time stays what it is."""
        began = self._now()
        with batches.ran_out():
            for item in each:
                batches.draw(item)
                if self._now() - began > self.seconds:
                    tee.complete = False
                    each.close()
                    batches.left_early()
                    break
        self._spare(self._now() - began)

    # ------------------------------------------------------------ decisions
    def _now(self) -> float:
        """Return the seconds since it began: of the processor's work, where shares are to be alike on a busy machine.

        Never more than the clock's, nor less than a part of them: waiting for a slow disk is no work.
        """
        wall = time.monotonic() - self._began[0]
        if not self.even:
            return wall
        return max(min(wall, time.process_time() - self._began[1]), wall / BUSY)

    def _spare(self, seconds: float) -> None:
        """Leave time out of a share of training: tracing, and looking at rows. The run's own seconds hold it all."""
        if self.even:
            self._deadline += seconds
            self._epoch_until += seconds

    def _begin_epoch(self, planned: int | None) -> None:
        left = max(1, self.epochs - self.epochs_done)
        self._set_time(self._now())
        self._quota = None
        if self.steps is not None:
            steps_left = max(0, self.steps - self.steps_done)
            if planned is None or planned * left > steps_left:
                self._quota = max(1, steps_left // left)

    def _set_time(self, now: float) -> None:
        self._epoch_began = now
        self._epoch_until = now + max(0.0, self._deadline - now) / max(1, self.epochs - self.epochs_done)

    def _stepped(self, steps: int, seconds: float) -> None:
        first = self.steps_done == 0
        self.steps_done += steps
        if first:  # it took the tracing of the graph too: that is nothing to plan by
            self._spare(seconds)
            self._set_time(self._now())
            return
        total, count = self._timed
        self._timed = (total + seconds, count + steps)
        self._step_s = self._timed[0] / self._timed[1]

    def _enough(self, taken: int, planned: int | None) -> bool:
        if self._quota is not None and taken >= self._quota:
            return True
        now = self._now()
        if not self.even:
            return now >= self._deadline
        return now >= self._epoch_until - self._validation_s and not self._all_fits(now, taken, planned)

    def _all_fits(self, now: float, taken: int, planned: int | None) -> bool:
        """Tell whether all that is left of the training would be over in time."""
        each = min((number for number in (self._quota, planned) if number is not None), default=None)
        if each is None or self._step_s is None:
            return False
        left = max(1, self.epochs - self.epochs_done)
        return now + (each * left - taken) * self._step_s + left * self._validation_s <= self._deadline

    def _validated_enough(self, taken: int) -> bool:
        if not self.even:
            return False
        if self._quota is not None:
            return taken >= self._quota
        now = self._now()
        began = now if self._validation_began is None else self._validation_began
        left = max(1, self.epochs - self.epochs_done)
        so_far = (began - self._epoch_began) + (now - began)
        return now >= self._epoch_until and now + (left - 1) * so_far > self._deadline

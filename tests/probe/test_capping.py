"""Where a capped training ends its epochs and itself: on a clock and a Keras of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from grader.probe import budget, capping
from grader.probe.budget import Allowance, Budget, BudgetSpent, read_allowance
from grader.probe.capping import Cap, ModernBatches


class Clock:
    """A clock that goes only when it is told to."""

    now = 0.0
    worked: float | None = None

    def monotonic(self) -> float:
        return self.now

    def process_time(self) -> float:
        return self.now if self.worked is None else self.worked


class Batches:
    """Batches as Keras's iterators give them: `planned` in an epoch; what is trained on and what is only drawn."""

    def __init__(self, planned: int) -> None:
        self.planned = planned
        self.drawn = 0
        self.left = 0

    def pass_through(self, passes: Any) -> None:
        self.passes = passes

    def each(self) -> Iterator[int]:
        yield from range(self.planned)

    def steps_of(self, _item: Any) -> int:
        return 1

    def draw(self, _item: Any) -> None:
        self.drawn += 1

    def ran_out(self) -> Any:
        return nullcontext()

    def left_early(self) -> None:
        self.left += 1


def unexpected(_where: str, error: Exception) -> None:
    """Stand for where a cap tells its own faults: here it has none."""
    raise AssertionError from error


class Owner:
    """Keras 3.8's iterator over 12 steps an epoch, two to a call: an item tells its first step only."""

    steps_per_epoch, _num_batches, steps_per_execution = None, 12, 2

    def __init__(self) -> None:
        self.data_adapter = self
        self.left = 0

    def _enumerate_iterator(self) -> Iterator[Any]:
        self.batches = iter(range(12))
        for step in range(0, 12, 2):
            yield step, self.batches

    def catch_stop_iteration(self) -> Any:
        return nullcontext()

    def on_epoch_end(self) -> None:
        self.left += 1


class Network:
    """What `fit` looks at to see whether it is to stop."""

    stop_training = False


class Stream:
    """Marks of a tee that a cap sets."""

    complete = True
    partial = False


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(capping, "time", made)
    monkeypatch.setattr(budget, "time", made)
    return made


def fit(cap: Cap, clock: Clock, planned: int, *, step_s: float = 0.01, first_s: float = 0.0, tee: Any = None) -> Any:
    """Train as `fit` does; return the steps of each epoch, and the batches."""
    batches, network, done = Batches(planned), Network(), []
    cap.apply(batches, "training", tee, unexpected)
    for _ in range(cap.epochs):
        steps = 0
        for _ in batches.passes():
            clock.now += step_s if done or steps else step_s + first_s
            steps += 1
        done.append(steps)
        cap.epoch_ended(network)
        if network.stop_training:
            break
    return done, batches


def test_steps_are_cut_before_epochs(clock: Clock) -> None:
    """Of 10 epochs of 100 steps, 200 steps allowed are 20 in each: the history keeps its length."""
    cap = Cap(10, 60.0, steps=200)
    assert fit(cap, clock, 100)[0] == [20] * 10
    assert cap.told() == {"steps": 200, "steps_asked": 1000, "ended_early": False, "fewer_validated": False}


def test_what_fits_is_not_cut(clock: Clock) -> None:
    """A training that asks for no more than its share is as long as it asks, and nothing is told."""
    cap = Cap(10, 60.0, steps=200)
    assert fit(cap, clock, 20)[0] == [20] * 10
    assert cap.told() is None


def test_slow_steps_are_spread_over_all_epochs(clock: Clock) -> None:
    """Where time runs short first, each epoch has an equal part of it; tracing the first step counts for none."""
    cap = Cap(5, 10.0, steps=1000)
    done, _ = fit(cap, clock, 100, step_s=0.5, first_s=30.0)
    assert len(done) == 5
    assert all(3 <= steps <= 5 for steps in done)


def test_a_busy_machine_gives_as_many_steps(clock: Clock) -> None:
    """What neighbours take of the processor is not counted, up to a point; waiting without end is."""

    def steps(work_s: float) -> int:
        clock.now = clock.worked = 0.0
        cap, batches, taken = Cap(1, 10.0), Batches(1000), 0
        cap.apply(batches, "training", None, unexpected)
        for _ in batches.passes():
            clock.now, clock.worked, taken = clock.now + 1.0, clock.worked + work_s, taken + 1
        return taken

    assert steps(1.0) == pytest.approx(10, abs=2)
    assert steps(0.5) == pytest.approx(20, abs=2)
    assert steps(0.0) == pytest.approx(10 * capping.BUSY, abs=2)


def test_a_slow_epoch_does_not_shorten_what_fits_as_a_whole(clock: Clock) -> None:
    """Before an epoch is cut, the whole rest is looked at: 8 seconds of training fit into 10."""
    cap = Cap(4, 10.0)
    assert fit(cap, clock, 4, step_s=0.5, first_s=2.0)[0] == [4] * 4
    assert cap.told() is None


def test_without_time_for_a_step_in_each_epoch_epochs_are_cut(clock: Clock) -> None:
    """One step takes longer than an epoch's part: training ends after the epoch in which time was up."""
    cap = Cap(100, 10.0, steps=1000)
    done, _ = fit(cap, clock, 50, step_s=1.0)
    assert 9 <= len(done) <= 12
    assert cap.told() == {"steps": sum(done), "steps_asked": 5000, "ended_early": True, "fewer_validated": False}


def test_seconds_of_a_run_are_used_up_epoch_by_epoch(clock: Clock) -> None:
    """A budget in seconds lets epochs be whole until it is spent, and ends the one then going on at a batch."""
    cap = Cap(100, 12.5, even=False)
    assert fit(cap, clock, 40, step_s=0.125)[0] == [40, 40, 20]
    assert cap.told()["ended_early"]


def test_of_a_stream_the_first_pass_is_drawn_to_its_end(clock: Clock) -> None:
    """The rows that are not trained on are drawn all the same, once; later epochs are left where they are cut."""
    tee = Stream()
    _, batches = fit(Cap(3, 60.0, steps=30), clock, 100, tee=tee)
    assert (batches.drawn, batches.left) == (90, 2)
    assert tee.complete
    assert tee.partial


def test_a_training_that_stops_by_itself_is_not_called_cut(clock: Clock) -> None:
    """Early stopping in the very epoch in which time is up is the notebook's own decision."""
    cap, network = Cap(10, 1.0), Network()
    clock.now, network.stop_training = 5.0, True
    cap.epoch_ended(network)
    assert cap.told() is None


@pytest.mark.parametrize("tee", [None, Stream()], ids=["rows", "stream"])
def test_items_of_keras_3_8_are_counted(clock: Clock, tee: Any) -> None:
    """Its iterators do not tell the last step of a call: calls stand for the steps of an execution."""
    owner, cap = Owner(), Cap(1, 60.0, steps=4)
    cap.apply(ModernBatches(owner), "training", tee, unexpected)
    taken = [[next(batches), next(batches)] for _, batches in owner._enumerate_iterator()]
    assert taken == [[0, 1], [2, 3]]
    assert cap.told()["steps"] == 4
    assert len(list(owner.batches)) == (8 if tee is None else 0)


@pytest.mark.parametrize("what", ["training", "validation"])
def test_without_its_cap_a_training_goes_on(clock: Clock, what: str) -> None:
    """Batches of a form that no Keras had yet: the fault is told once, nothing is cut, no time ends the training."""

    class Strange(Batches):
        def steps_of(self, _item: Any) -> int:
            raise TypeError("what is this?")

    cap, batches, network, told = Cap(3, 1.0, steps=2), Strange(5), Network(), []
    cap.apply(batches, what, None, lambda where, error: told.append((where, str(error))))
    for _ in range(3):
        assert list(batches.passes()) == [0, 1, 2, 3, 4]
        clock.now += 10.0
        cap.epoch_ended(network)
    assert told == [("cap", "what is this?")]
    assert not network.stop_training
    assert cap.told() is None


def test_what_the_data_raise_is_the_notebook_s(clock: Clock) -> None:
    """An error of a student's generator comes out of the capped batches as it is."""

    class Faulty(Batches):
        def each(self) -> Iterator[int]:
            yield 0
            raise ValueError("no such picture")

    batches = Faulty(5)
    Cap(1, 60.0, steps=4).apply(batches, "training", None, unexpected)
    with pytest.raises(ValueError, match="no such picture"):
        list(batches.passes())


def test_trainings_share_what_is_left(clock: Clock) -> None:
    """Three foreseen trainings have a third each; what one does not use is for the others, and none has nothing."""
    whole = Budget(Allowance(total_s=100.0, trainings=3))
    first = whole.cap(5, 0)
    clock.now = 5.0
    second = whole.cap(5, 2)
    assert (first.epochs, second.epochs) == (5, 3)
    assert first.seconds < second.seconds < 50
    clock.now = 99.0
    assert whole.cap(5, 0).seconds == budget.LEAST_S


def test_own_steps_end_when_a_run_s_seconds_are_spent(clock: Clock) -> None:
    """A loop of one's own goes on till then, ends as by Ctrl-C, and is not touched where shares are for each fit."""
    whole = Budget(Allowance(total_s=100.0))
    whole.step_of_own()
    clock.now = 90.0
    with pytest.raises(BudgetSpent, match="budget of 100 s"):
        whole.step_of_own()
    Budget(Allowance(steps=10, training_s=1.0)).step_of_own()


def test_without_a_budget_there_is_no_allowance() -> None:
    """An empty variable is none; the fields are those the host writes."""
    assert read_allowance("") is None
    assert read_allowance('{"steps": 5, "training_s": 2.0}') == Allowance(5, 2.0)

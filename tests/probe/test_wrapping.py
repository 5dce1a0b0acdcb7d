"""Wrapped functions: nobody can tell, whatever the observer or the function does."""

from __future__ import annotations

import inspect
import sys
import traceback
import types
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from grader.probe.wrapping import (
    HIDDEN_FILES,
    NotWatched,
    clean_exception,
    observed,
    patch_function,
    patch_method,
)


class Faults(list[tuple[str, BaseException]]):
    def __call__(self, where: str, error: BaseException) -> None:
        self.append((where, error))


@pytest.fixture
def faults() -> Faults:
    return Faults()


def double(x: int, *, plus: int = 0) -> int:
    """Return twice x."""
    if x < 0:
        raise ValueError(x)
    return 2 * x + plus


def test_it_looks_like_the_original(faults: Faults) -> None:
    """Name, signature, documentation and module stay; wrapping twice wraps once."""
    wrapper = observed(double, lambda *a, **k: iter([None]), faults)
    assert (wrapper.__name__, wrapper.__doc__, wrapper.__module__) == (
        double.__name__,
        double.__doc__,
        double.__module__,
    )
    assert inspect.signature(wrapper) == inspect.signature(double)
    assert observed(wrapper, lambda *a, **k: iter([None]), faults) is wrapper


def test_the_observer_sees_arguments_result_and_exception(faults: Faults) -> None:
    """It runs before and after the call, and gets the exception where there is one."""
    seen: list[Any] = []

    def observer(x: int, **options: int) -> Iterator[Any]:
        seen.append((x, options))
        try:
            result = yield
            seen.append(result)
        except ValueError as error:
            seen.append(error)
            raise

    wrapper = observed(double, observer, faults)
    assert wrapper(3, plus=1) == 7
    with pytest.raises(ValueError, match="-1") as caught:
        wrapper(-1)
    assert seen == [(3, {"plus": 1}), 7, (-1, {}), caught.value]
    assert caught.value.__context__ is None
    assert faults == []


def broken_before(*args: Any, **kwargs: Any) -> Iterator[Any]:
    raise ZeroDivisionError
    yield


def broken_after(*args: Any, **kwargs: Any) -> Iterator[Any]:
    try:
        yield
    finally:
        raise ZeroDivisionError


@pytest.mark.parametrize("observer", [broken_before, broken_after])
def test_faults_of_the_observer_are_swallowed_and_told(faults: Faults, observer: Any) -> None:
    """The call goes on as if nothing had been there, result or exception alike."""
    wrapper = observed(double, observer, faults)
    assert wrapper(2) == 4
    with pytest.raises(ValueError, match="-2") as caught:
        wrapper(-2)
    assert caught.value.__context__ is None
    assert [(where, type(error)) for where, error in faults] == [("double", ZeroDivisionError)] * 2


def test_an_observer_may_decline(faults: Faults) -> None:
    """Not being able to watch a call is no fault."""

    def observer(*args: Any) -> Iterator[Any]:
        raise NotWatched
        yield

    assert observed(double, observer, faults)(1) == 2
    assert faults == []


def test_stop_iteration_passes(faults: Faults) -> None:
    """A watched `__next__` may end: its StopIteration arrives, and is no fault."""

    def observer(*args: Any) -> Iterator[Any]:
        yield

    def ends() -> None:
        raise StopIteration

    with pytest.raises(StopIteration):
        observed(ends, observer, faults)()
    assert faults == []


def test_interrupts_in_the_observer_reach_the_student(faults: Faults) -> None:
    """Ctrl-C while the probe works stops the student's cell, as it would without it."""

    def observer(*args: Any) -> Iterator[Any]:
        yield
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        observed(double, observer, faults)(1)


def test_frames_can_be_taken_out_of_tracebacks(faults: Faults) -> None:
    """After cleaning, a traceback names the student's and the library's frames only, causes included."""

    def observer(*args: Any) -> Iterator[Any]:
        yield

    wrapper = observed(double, observer, faults)

    def student() -> None:
        try:
            wrapper(-1)
        except ValueError as first:
            raise RuntimeError from first

    with pytest.raises(RuntimeError) as caught:
        student()
    assert caught.value.__cause__ is not None
    before = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(caught.value.__cause__.__traceback__)]
    clean_exception(caught.value)
    after = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(caught.value.__cause__.__traceback__)]
    assert set(before) & set(HIDDEN_FILES)
    assert after == [__file__, __file__]


def test_warnings_name_the_callers_line(faults: Faults) -> None:
    """`stacklevel=2` below a wrapper points to the caller and not to the wrapper."""

    def warns() -> None:
        warnings.warn("careful", UserWarning, stacklevel=2)

    def observer(*args: Any) -> Iterator[Any]:
        yield

    wrapper = observed(warns, observer, faults)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        wrapper()
    assert caught[0].filename == __file__


def test_every_reference_is_replaced(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that imported the function by name before the hook calls the wrapper too."""
    calls: list[int] = []

    def observer(x: int) -> Iterator[Any]:
        calls.append(x)
        yield

    home, user = types.ModuleType("home"), types.ModuleType("user")
    home.__dict__["double"] = user.__dict__["double"] = double
    monkeypatch.setitem(sys.modules, "home", home)
    monkeypatch.setitem(sys.modules, "user", user)
    patch_function(home, "double", observer, faults)
    assert user.__dict__["double"](4) == 8
    assert calls == [4]


def test_only_own_functions_are_patched(faults: Faults) -> None:
    """Inherited methods and other descriptors stay as they are; the class stays the same class."""

    class Base:
        def inherited(self) -> int:
            return 1

    class Child(Base):
        @property
        def value(self) -> int:
            return 2

        def own(self) -> int:
            return 3

    def observer(*args: Any) -> Iterator[Any]:
        yield

    for name in ("inherited", "value", "own", "absent"):
        patch_method(Child, name, observer, faults)
    assert "inherited" not in vars(Child)
    assert isinstance(vars(Child)["value"], property)
    assert hasattr(vars(Child)["own"], "__observed__")
    assert (Child().inherited(), Child().value, Child().own()) == (1, 2, 3)

"""Wrapping foreign functions so that nobody can tell: same result, same exceptions, same warnings and tracebacks.

An observer is a generator function. It runs to its `yield` before the original and goes on with the original's result
after it; where the original raises, the exception is thrown into it at the `yield`. It can yield `(args, kwargs)` to
stand in for the arguments. Its own faults are swallowed and sent; only an interrupt passes through, as the student's.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import sys
import types
from collections.abc import Callable, Generator, Iterator
from typing import Any, cast

Watching = Generator[Any, Any, Any]
Observer = Callable[..., Watching]
Fault = Callable[[str, BaseException], None]


class NotWatched(Exception):  # noqa: N818 - not an error: it ends an observation
    """Raised by an observer that finds a call isn't one it can watch (the student's arguments don't fit)."""


HIDDEN_FILE = "<frozen importlib._bootstrap probe>"
"""File name of the wrappers' code. Python skips frames of `importlib._bootstrap` when it counts `stacklevel`, so a
warning raised below a wrapper names the student's line as it would without it."""

COUNTED_FILE = "<probe>"
"""File name of wrappers in matplotlib before Python 3.12: it counts the frames of its own modules itself, to leave
them all out, so there the wrapper must pass for one of them and must not be skipped as well."""

HIDDEN_FILES = (HIDDEN_FILE, COUNTED_FILE)

INSTALLED: list[tuple[Any, str, Any]] = []
"""Every hook that was put in: the class or module, the name in it, and the wrapper."""

REGISTERED: list[tuple[str, Any, Any]] = []
"""Every hook that a library has a register of its own for: its name, the register, and the hook."""


def observed(original: Callable[..., Any], observer: Observer, fault: Fault) -> Callable[..., Any]:
    """Return a function that calls `original` unchanged while `observer` watches.

    Wrapping a wrapper again (a reloaded module) gives back the wrapper.
    """
    if hasattr(original, "__observed__"):
        return original
    where = getattr(original, "__qualname__", None) or str(original)
    begin, returned, raised = _begin, _returned, _raised

    def call(*args: Any, **kwargs: Any) -> Any:  # uses no global: see disguise
        watching, replaced = begin(observer, args, kwargs, fault, where)
        if replaced is not None:
            args, kwargs = replaced
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            raised(watching, error, fault, where)
            raise
        returned(watching, result, fault, where)
        return result

    return disguise(cast("types.FunctionType", call), original)


def disguise(call: types.FunctionType, original: Callable[..., Any]) -> Callable[..., Any]:
    """Give a wrapper the name, signature, documentation, module and place of what it wraps.

    Its frames must pass for the library's: matplotlib looks for the student's line by the frames' module names.
    """
    module = getattr(original, "__module__", None) or "builtins"
    counted = module.startswith(("matplotlib", "mpl_toolkits")) and sys.version_info < (3, 12)
    code = call.__code__.replace(co_filename=COUNTED_FILE if counted else HIDDEN_FILE)
    scope = {"__name__": module, "__builtins__": builtins}
    wrapper: Any = functools.wraps(original)(types.FunctionType(code, scope, closure=call.__closure__))
    wrapper.__observed__ = original
    if not hasattr(wrapper, "autograph_info__"):
        wrapper.autograph_info__ = None  # AutoGraph neither converts it nor warns of it
    return wrapper  # type: ignore[no-any-return]


def _begin(observer: Any, args: Any, kwargs: Any, fault: Any, where: Any) -> tuple[Any, Any]:
    try:
        watching = observer(*args, **kwargs)
        return watching, next(watching)
    except (StopIteration, NotWatched):
        return None, None
    except Exception as error:
        fault(where, error)
        return None, None


def _returned(watching: Any, result: Any, fault: Fault, where: str) -> None:
    if watching is None:
        return
    try:
        watching.send(result)
    except StopIteration:
        pass
    except Exception as error:
        fault(where, error)
    finally:
        watching.close()


def _raised(watching: Any, error: BaseException, fault: Fault, where: str) -> None:
    if watching is None:
        return
    context, trace = error.__context__, error.__traceback__
    try:
        watching.throw(error)
    except StopIteration:
        pass
    except BaseException as other:
        # A StopIteration that passes through a generator comes out as a RuntimeError caused by it.
        if other is not error and other.__cause__ is not error and isinstance(other, Exception):
            fault(where, other)
    finally:
        watching.close()
        error.__context__, error.__traceback__ = context, trace


def patch_method(owner: type, name: str, observer: Observer, fault: Fault) -> None:
    """Observe a function defined on the class itself; other descriptors and inherited functions are left alone."""
    original = owner.__dict__.get(name)
    if isinstance(original, types.FunctionType):
        wrapper = observed(original, observer, fault)
        setattr(owner, name, wrapper)
        INSTALLED.append((owner, name, wrapper))


def patch_static(owner: type, name: str, observer: Observer, fault: Fault) -> None:
    """Observe a static method defined on the class itself."""
    original = owner.__dict__.get(name)
    if isinstance(original, staticmethod):
        wrapper = observed(original.__func__, observer, fault)
        setattr(owner, name, staticmethod(wrapper))
        INSTALLED.append((owner, name, wrapper))


def patch_function(module: types.ModuleType, name: str, observer: Observer, fault: Fault) -> None:
    """Observe a module's function, and replace every reference that loaded modules already have to it."""
    original = getattr(module, name, None)
    if original is None or not callable(original) or isinstance(original, type) or hasattr(original, "__observed__"):
        return
    wrapper = observed(original, observer, fault)
    setattr(module, name, wrapper)
    INSTALLED.append((module, name, wrapper))
    replace_references(name, original, wrapper)


def replace_references(name: str, original: Any, wrapper: Any) -> None:
    """Rebind `name` in each loaded module where it is bound to `original`."""
    for scope in [scope for scope in _scopes() if scope.get(name) is original]:
        scope[name] = wrapper


@contextlib.contextmanager
def modules_as_they_are() -> Iterator[None]:
    """Look for modules once at most within: hundreds of functions are to be replaced in thousands of them."""
    _kept.append(None)
    try:
        yield
    finally:
        _kept.pop()


_kept: list[list[dict[str, Any]] | None] = []


def _scopes() -> list[dict[str, Any]]:
    if _kept and _kept[-1] is not None:
        return _kept[-1]
    found = (getattr(module, "__dict__", None) for module in list(sys.modules.values()))
    scopes = [scope for scope in found if isinstance(scope, dict)]
    if _kept:
        _kept[-1] = scopes
    return scopes


def without_probe_frames(trace: types.TracebackType | None) -> types.TracebackType | None:
    """Take the wrappers' frames out of a traceback, in place, and return its new head."""
    while trace is not None and trace.tb_frame.f_code.co_filename in HIDDEN_FILES:
        trace = trace.tb_next
    step = trace
    while step is not None:
        following = step.tb_next
        while following is not None and following.tb_frame.f_code.co_filename in HIDDEN_FILES:
            following = following.tb_next
        if following is not step.tb_next:
            step.tb_next = following
        step = following
    return trace


def hide_from_traceback_module() -> None:
    """Leave the wrappers' frames out of what the student prints with Python's own traceback module."""
    import traceback

    for name in ("walk_tb", "_walk_tb_with_full_positions"):
        original = getattr(traceback, name, None)
        if isinstance(original, types.FunctionType):
            setattr(traceback, name, disguise(_hiding(original), original))


def _hiding(walk: Callable[..., Any]) -> types.FunctionType:
    hidden = HIDDEN_FILES

    def frames(trace: Any) -> Any:
        for item in walk(trace):
            if item[0].f_code.co_filename not in hidden:
                yield item

    return cast("types.FunctionType", frames)


def clean_exception(error: BaseException | None) -> None:
    """Take the wrappers' frames out of an exception and of those it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        error.__traceback__ = without_probe_frames(error.__traceback__)
        error = error.__cause__ or error.__context__

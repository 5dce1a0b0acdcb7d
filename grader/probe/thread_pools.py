"""Thread pools where the box has no semaphores.

`multiprocessing.pool.ThreadPool` makes a lock that could be shared between processes, which needs a file in /dev/shm,
though its threads share none. Keras indexes folders of pictures and feeds generators with such pools.
"""

from __future__ import annotations

import threading
from types import ModuleType
from typing import Any

from .imports import Hook


def hooks() -> dict[str, list[Hook]]:
    """Return the hook of thread pools."""
    return {"multiprocessing.pool": [_use_locks_of_threads]}


def _semaphores_work(module: Any) -> bool:
    try:
        module.get_context().Lock()
    except (ImportError, OSError):
        return False
    return True


def _use_locks_of_threads(module: ModuleType) -> None:
    """Give thread pools a context whose locks are those of threads; where semaphores work, leave them alone."""
    if _semaphores_work(module):
        return

    class Context(type(module.get_context())):  # type: ignore[misc]
        def Lock(self) -> Any:  # noqa: N802 - multiprocessing's name
            return threading.Lock()

    pool: Any = module.Pool
    context = Context()

    def __init__(self: Any, processes: Any = None, initializer: Any = None, initargs: Any = ()) -> None:  # noqa: N807
        pool.__init__(self, processes, initializer, initargs, context=context)

    module.ThreadPool.__init__ = __init__

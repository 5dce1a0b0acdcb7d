"""Thread pools work in every tier, though one has no semaphores."""

from __future__ import annotations

from grader.model import Tier
from tests.execution.conftest import RunCells, require, text_of


def test_thread_pools_work_without_semaphores(run_cells: RunCells) -> None:
    """What Keras uses to index folders of pictures and to feed generators runs, and ends, where /dev/shm is closed."""
    tier: Tier = require("landlock")
    run = run_cells(
        tier,
        "from multiprocessing.pool import ThreadPool\n"
        "with ThreadPool(2) as pool: print(pool.map(abs, [-1, 2, -3]))\n"
        "pool = ThreadPool(); late = pool.apply_async(max, ((4, 5),)); pool.close(); pool.join(); print(late.get())",
        "import multiprocessing.dummy\nwith multiprocessing.dummy.Pool(2) as pool: print(sum(pool.imap(abs, range(4))))",
    )
    assert run.status == "ok", run.message
    assert (text_of(run, 0), text_of(run, 1)) == ("[1, 2, 3]\n5\n", "6\n")

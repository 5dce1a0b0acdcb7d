"""The review desk on a large class: seconds to answer each page, to store a decision, and to move a rubric's number.

    python tests/benchmarks/review.py GRADED --submissions 1000

GRADED is the --out folder of a graded class; its submissions are copied in turn under new names until there are enough.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient
from regrade import copy_class

from grader.gradebook import Gradebook
from grader.regrading import regrade
from grader.review.app import create_app
from grader.review.desk import Desk
from grader.review.security import Gate
from grader.rubrics import load_rubric

HOST = "http://127.0.0.1:8000"


def timed(words: str, act: Callable[[], object], repeats: int = 5) -> None:
    """Print how long something takes: the first time, and the median and the longest of the rest."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        act()
        seconds.append(1000 * (time.perf_counter() - started))
    rest = seconds[1:] or seconds
    print(f"{words:52} first {seconds[0]:6.0f} ms, then {statistics.median(rest):6.0f} ms, at most {max(rest):6.0f} ms")


def measure(client: FlaskClient) -> None:
    """Time the pages a TA waits for."""

    def get(address: str) -> str:
        answer = client.get(address, base_url=HOST)
        assert answer.status_code == 200, (address, answer.status_code)
        return answer.text

    csrf = re.search(r'name="csrf" value="(\w+)"', get("/name"))[1]  # type: ignore[index]
    client.post("/name", base_url=HOST, data={"csrf": csrf, "name": "Benchmark"})
    for address in ("/queue", "/queue?show=all", "/queue?show=all&page=20", "/queue?show=all&search=student00777"):
        timed(address, lambda address=address: get(address))  # type: ignore[misc]
    one = re.search(r"/s/\w{10}", get("/queue?show=all"))[0]  # type: ignore[index]
    for address in (one, f"{one}/report.html", "/agreement", "/audit"):
        timed(address, lambda address=address: get(address))  # type: ignore[misc]
    form = {"csrf": csrf, "value": "Label your axes."}
    timed("storing a comment", lambda: client.post(f"{one}/comment", base_url=HOST, data=form))
    started = time.perf_counter()
    while "dials" not in get("/recalibrate"):
        time.sleep(0.2)
    print(f"reading the class for recalibration: {time.perf_counter() - started:.1f} s")
    for moved in ("weight.model=2", "write_up.present.words=200", "model.learns.margin=0.3"):
        timed(f"moving {moved}", lambda moved=moved: get(f"/recalibrate/effect?to.{moved}"))  # type: ignore[misc]


def main() -> None:
    """Copy the class, judge it, serve it, print the times."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("graded", type=Path)
    options.add_argument("--submissions", type=int, default=1000)
    asked = options.parse_args()
    rubric = load_rubric("unit1")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        copy_class(asked.graded, out, asked.submissions)
        regrade(out, rubric)
        with Gradebook.open_existing(out) as book:
            client = create_app(
                Desk(out, rubric, book), Gate("token", frozenset(), local_only=True), 8000
            ).test_client()
            client.get("/?token=token", base_url=HOST)
            measure(client)


if __name__ == "__main__":
    main()

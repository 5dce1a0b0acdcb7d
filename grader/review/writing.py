"""Files that follow the gradebook: reports, staff pages, the class page and its table, written in the background.

What waits to be written stands in the gradebook, so that a kill loses nothing: the next call, or `grader regrade`,
writes it. While a grader is at work in the folder the files wait for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from grader.claiming import claimed
from grader.errors import GraderError, ResultsError
from grader.gradebook import Gradebook
from grader.model import Decisions, Result, Rubric
from grader.regrading import EVIDENCE, judged, same_content, staff_page_of, write_class, write_judgement
from grader.storage import read_evidence

QUIET_S = 1.5
"""Files are written once nobody has decided anything for so long: the class page takes a second of a thousand."""

RETRY_S = 5.0
"""How long to wait where another grader is at work in the folder."""


class FileWriter:
    """Writes what the gradebook says is unwritten.

    `snapshot` returns what is decided on a submission together with the rubric in effect, `rubric` that alone,
    read again where another process has judged the class meanwhile.
    """

    def __init__(
        self,
        out: Path,
        book: Gradebook,
        snapshot: Callable[[str], tuple[Decisions, Rubric]],
        rubric: Callable[[], Rubric],
    ) -> None:
        self._out, self._book, self._snapshot, self._rubric = out, book, snapshot, rubric
        self._wanted, self._ended = threading.Event(), threading.Event()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        self.trouble = ""
        """Why files could not be written last, in a sentence; empty where they could."""

    def start(self) -> None:
        """Begin to write in the background, first what an earlier call left."""
        self._thread = threading.Thread(target=self._write_on, name="files", daemon=True)
        self._thread.start()
        self.wake()

    def wake(self) -> None:
        """Say that something waits to be written."""
        self._wanted.set()

    def close(self) -> None:
        """Write what waits, and end."""
        self._ended.set()
        self.wake()
        if self._thread is not None:
            self._thread.join()
        self.flush()

    def flush(self) -> bool:
        """Write all that waits; whether that worked."""
        with self._writing:
            try:
                self._write()
            except GraderError as error:
                self.trouble = str(error)
                return False
            self.trouble = ""
            return True

    def _write_on(self) -> None:
        while not self._ended.is_set():
            self._wanted.wait()
            while self._wanted.is_set() and not self._ended.is_set():
                self._wanted.clear()
                self._ended.wait(QUIET_S)
            if not self._ended.is_set() and not self.flush():
                self._ended.wait(RETRY_S)
                self.wake()

    def _write(self) -> None:
        waiting = self._book.unwritten()
        if not waiting:
            return
        with claimed(self._out):
            self._rubric()  # nobody else judges the class now, but somebody may have while this waited
            versions: dict[str, int] = {}
            faults: list[ResultsError] = []
            same = same_content(self._book.contents())
            for name in waiting:
                try:
                    versions[name] = self._write_one(name, same.get(name, ()))
                except ResultsError as error:
                    faults.append(error)  # of one submission: the others must not wait for it
            write_class(self._out, self._rubric(), self._book.results())
            for name, version in versions.items():
                self._book.written(name, version)
        if faults:
            raise faults[0]

    def _write_one(self, submission: str, same_as: Sequence[str]) -> int:
        """Write the files of one submission; return the line of the audit trail up to which they are true."""
        decisions, rubric = self._snapshot(submission)
        evidence = read_evidence(self._out / submission / EVIDENCE)
        grade = judged(evidence, rubric, decisions)
        page = staff_page_of(self._out, rubric, evidence, grade, same_as, decisions)
        write_judgement(self._out, rubric, evidence, grade, page)
        self._book.record_judgement(Result.of_grade(grade))
        return decisions.version

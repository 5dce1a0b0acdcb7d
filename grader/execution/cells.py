"""Running the cells of a notebook in order, whatever they do."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nbclient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from grader.execution.channel import ChannelParser, ChannelReader
from grader.execution.notebook import merge_streams, read_outputs
from grader.execution.scripts import ENDS_WELL
from grader.execution.settings import RunProgress
from grader.execution.waits import INTERRUPT_GRACE_S
from grader.model import CellRun, SavedOutput
from grader.sandbox import Breach, Limits, Sandbox

MAX_MESSAGE = 2_000
"""Characters kept of an exception's message."""

_COUNTED = ("stream", "display_data", "execute_result", "error", "update_display_data")
_TERMINAL_CODES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|\x1b[]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links, device strings
    r"|\x1b."
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]",  # other controls; what turns the reading order round
    re.DOTALL,
)

DIED = Breach("kernel_died", "the kernel died")
"""How and why, the exit status tells (see `outcome`)."""

EXITED = Breach("kernel_died", "it called exit() or quit(), which ends the kernel")


class OutputFloodError(Exception):
    """The notebook's outputs passed a cap; the box has been ended."""


class BoxedNotebookClient(nbclient.NotebookClient):  # type: ignore[misc]
    """nbclient with a cap on all that comes out, counted as it arrives."""

    sandbox: Sandbox
    output_bytes = 0
    messages = 0
    reply: dict[str, Any] | None = None

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Count a message, then let nbclient have it."""
        limits = self.sandbox.box.limits
        self.messages += 1
        self.output_bytes += message_bytes(msg)
        flood = flood_of(self.output_bytes, self.messages, limits)
        if flood is not None:
            self.sandbox.destroy(flood)
            raise OutputFloodError(flood.message)
        return super().process_message(msg, cell, cell_index)

    async def keep_reply(self, execute_reply: dict[str, Any], **_: Any) -> None:
        """Hook of nbclient: remember how the cell ended."""
        self.reply = execute_reply

    def reply_content(self) -> dict[str, Any]:
        """What the kernel said about the end of the last cell: a claim."""
        content = (self.reply or {}).get("content")
        return content if isinstance(content, dict) else {}


def asks_to_exit(content: dict[str, Any]) -> bool:
    """Whether the cell called exit() or quit(): its kernel is about to end, and the cells to come have none."""
    payload = content.get("payload")
    if not isinstance(payload, list):
        return False
    asked = [item for item in payload if isinstance(item, dict) and item.get("source") == "ask_exit"]
    return any(not item.get("keepkernel") for item in asked)


def message_bytes(msg: dict[str, Any]) -> int:
    """The size of what a message adds to a notebook."""
    content = msg["content"]
    if msg["msg_type"] not in _COUNTED and not msg["msg_type"].startswith("comm"):
        return 0
    texts = [*(content.get("data") or {}).values(), content.get("text", ""), *content.get("traceback", ())]
    return sum(len(text) if isinstance(text, str) else len(str(text)) for text in texts) + sum(
        len(buffer) for buffer in msg.get("buffers", ())
    )


def flood_of(output_bytes: int, messages: int, limits: Limits) -> Breach | None:
    """The breach, if so much output is too much."""
    if output_bytes > limits.output:
        return Breach("output_flood", f"its outputs passed {limits.output:,} bytes")
    if messages > limits.messages:
        return Breach("output_flood", f"it sent more than {limits.messages:,} messages")
    return None


@dataclass(frozen=True, slots=True)
class CellsResult:
    """How far the cells came. `stopped_in` is the cell that was cut short, `ended` why: None if all were tried."""

    cells: tuple[CellRun, ...]
    seconds: float
    stopped_in: int | None = None
    ended: Breach | None = None


class CellsRunner:
    """Runs all code cells in order, failing or not, until the end, a limit, or the kernel's death.

    `exits` says that they are a script's, which ends well by `sys.exit(0)`.
    """

    def __init__(
        self,
        client: BoxedNotebookClient,
        parser: ChannelParser,
        reader: ChannelReader | None,
        on_progress: Callable[[RunProgress], None],
        *,
        wall_s: float,
        exits: bool = False,
    ) -> None:
        self._wall_s = wall_s
        self._exits = exits
        self._client = client
        self._parser = parser
        self._reader = reader
        self._on_progress = on_progress
        self._began = 0.0

    async def run(self) -> CellsResult:
        """Run them."""
        self._began = time.monotonic()
        cells: list[CellRun] = []
        for index, cell in enumerate(self._client.nb.cells):
            if cell.cell_type != "code":
                continue
            self._on_progress(RunProgress(index, len(self._client.nb.cells), self._seconds()))
            self._parser.cell = index
            outcome, ended = await self._run_cell(index, cell)
            cells.append(outcome)
            await asyncio.to_thread(self._drain)
            if ended is not None:
                rest = [CellRun(later, "not_run") for later in self._code_cells_after(index)]
                return CellsResult((*cells, *rest), self._seconds(), index, ended)
        return CellsResult(tuple(cells), self._seconds())

    async def _run_cell(self, index: int, cell: Any) -> tuple[CellRun, Breach | None]:
        self._client.reply = None
        began = time.monotonic()
        ended = await self._execute(index, cell)
        seconds = time.monotonic() - began
        cell.outputs = merge_streams(cell.outputs)
        outputs = read_outputs(cell.outputs)
        if ended is not None:
            return CellRun(index, "interrupted", seconds, outputs=outputs, message=ended.message), ended
        content = self._client.reply_content()
        if asks_to_exit(content):
            return CellRun(index, "interrupted", seconds, outputs=outputs, message=EXITED.message), EXITED
        if content.get("status") == "error":
            name, message = _text(content.get("ename")), _text(content.get("evalue"))
            if self._exits and name == "SystemExit" and message in ENDS_WELL:
                return CellRun(index, "ok", seconds, outputs=_without_error(outputs)), None
            return CellRun(index, "error", seconds, name, message, outputs), None
        return CellRun(index, "ok", seconds, outputs=outputs), None

    async def _execute(self, index: int, cell: Any) -> Breach | None:
        """Run one cell; why the run ends with it, if it does."""
        task = asyncio.ensure_future(self._client.async_execute_cell(cell, index))
        done, _ = await asyncio.wait({task}, timeout=max(0.0, self._wall_s - self._seconds()))
        if not done:
            return await self._time_out(task)
        return await self._ending(task)

    async def _time_out(self, task: asyncio.Future[Any]) -> Breach:
        with contextlib.suppress(Exception):  # the kernel may be dying, and time is up in any case
            await self._client.km.interrupt_kernel()
        await asyncio.wait({task}, timeout=INTERRUPT_GRACE_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)  # however it ended, time was up
        return Breach("timeout", f"it was stopped after {self._wall_s:g} s, the time allowed for the whole notebook")

    async def _ending(self, task: asyncio.Future[Any]) -> Breach | None:
        try:
            await task
        except DeadKernelError:
            return self._client.sandbox.breach or DIED
        except OutputFloodError as error:
            return Breach("output_flood", str(error))
        except CellTimeoutError:
            return Breach(
                "output_flood",
                "its last outputs never arrived: one was larger than "
                f"{self._client.sandbox.box.limits.message:,} bytes, or they were too many",
            )
        except Exception as error:  # noqa: BLE001 - forged messages raise anything out of nbclient
            # A healthy kernel sends none such. What ran before is still judged, and a person is asked; taken for a
            # failure of the machine, it would be run again and again and take back what was already seen.
            return Breach(
                "kernel_died",
                f"the kernel's messages could not be understood ({type(error).__name__}: {str(error)[:MAX_MESSAGE]})",
            )
        return self._client.sandbox.breach

    def _drain(self) -> None:
        if self._reader is not None:
            self._reader.drain()

    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _code_cells_after(self, index: int) -> list[int]:
        return [later for later, cell in enumerate(self._client.nb.cells) if later > index and cell.cell_type == "code"]


def _without_error(outputs: tuple[SavedOutput, ...]) -> tuple[SavedOutput, ...]:
    return tuple(output for output in outputs if output.kind != "error")


def _text(value: object) -> str:
    return _TERMINAL_CODES.sub("", value if isinstance(value, str) else "")[:MAX_MESSAGE]

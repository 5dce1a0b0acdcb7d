"""When a kernel is taken for ready: as soon as it is heard, however slow the machine is."""

from __future__ import annotations

import asyncio
import queue
from typing import Any

import pytest

from grader.execution.kernel import PromptClient


def answer(question: str, **content: str) -> dict[str, Any]:
    """A message that belongs to a question."""
    return {"parent_header": {"msg_id": question}, "content": content}


class Channel:
    """Gives what it holds, one message a call; None is a wait in vain."""

    def __init__(self, *messages: dict[str, Any] | None) -> None:
        self.messages = list(messages)

    async def get_msg(self, timeout: float) -> dict[str, Any]:  # noqa: ASYNC109 - jupyter_client's signature
        del timeout
        message = self.messages.pop(0) if self.messages else None
        if message is None:
            raise queue.Empty
        return message


class Asking(PromptClient):
    """A client of a kernel that lives only as long as it is written."""

    def __init__(self, shell: Channel, iopub: Channel, *, alive: bool = True) -> None:
        self.__dict__.update(shell=shell, iopub=iopub, alive=alive, asked=0)

    shell_channel = property(lambda self: self.shell)
    iopub_channel = property(lambda self: self.iopub)

    def kernel_info(self) -> str:
        self.__dict__["asked"] += 1
        return f"q{self.asked}"

    def _handle_kernel_info_reply(self, msg: dict[str, Any]) -> None:
        del msg

    async def is_alive(self) -> bool:
        return bool(self.alive)


def test_it_is_ready_when_it_is_idle_after_a_question() -> None:
    """What the start itself brought is passed over, and nothing is waited for after that."""
    iopub = Channel(
        answer("", text="starting"), answer("q1", execution_state="busy"), answer("q1", execution_state="idle")
    )
    client = Asking(Channel(answer("q1")), iopub)
    asyncio.run(client.wait_for_ready(5))
    assert client.asked == 1
    assert not iopub.messages


def test_an_answer_that_comes_late_is_one() -> None:
    """Where machines are slow each question would be given up before its idle is heard: an earlier one's will do."""
    client = Asking(Channel(answer("q1"), answer("q2")), Channel(None, answer("q1", execution_state="idle")))
    asyncio.run(client.wait_for_ready(5))
    assert client.asked == 2


def test_what_was_lost_is_asked_again() -> None:
    """Questions and outputs may be sent before the other side listens."""
    client = Asking(Channel(None, answer("q2"), answer("q3")), Channel(None, answer("q3", execution_state="idle")))
    asyncio.run(client.wait_for_ready(5))
    assert client.asked == 3


@pytest.mark.parametrize(("alive", "said"), [(False, "it died"), (True, "did not answer within 0 s")])
def test_one_that_never_answers_is_said_so(alive: bool, said: str) -> None:
    """Whether it died or is only silent."""
    with pytest.raises(RuntimeError, match=said):
        asyncio.run(Asking(Channel(), Channel(), alive=alive).wait_for_ready(0))

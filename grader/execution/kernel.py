"""A Jupyter kernel whose process lives in a box."""

from __future__ import annotations

import asyncio
import json
import math
import queue
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import zmq
from jupyter_client import AsyncKernelClient, AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.provisioning import LocalProvisioner

from grader.sandbox import Sandbox
from grader.sandbox.warm import Entrance

CONNECTION = "connection.json"
"""The connection file as offered inside; the host's has the same key and another path to the same sockets."""

QUEUED_MESSAGES = 200
"""Messages that may wait on the host's side of each channel: with the message cap, a bound on the runner's memory."""

ANSWER_S, HEARD_S = 1.0, 0.05
"""A question is asked again where it is not answered so soon, or the answer's outputs are not heard so soon after it:
what is sent before the other side listens can be lost."""

RECONNECT_MS = 10
"""The kernel's sockets are looked for so often until they are there; ØMQ itself looks ten times a second."""

KernelCommand = Callable[[str], Sequence[str]]
"""From the connection file's path inside to the command that starts the kernel."""


class BoxProvisioner(LocalProvisioner):  # type: ignore[misc]
    """Starts the kernel in `sandbox`, and ends it by ending the box."""

    sandbox: Sandbox
    command: KernelCommand
    environment: dict[str, str]
    descriptors: tuple[int, ...] = ()
    entrance: Entrance | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Write the connection files: the host's, and the box's own view of it."""
        prepared: dict[str, Any] = await super().pre_launch(**kwargs)
        manager = self.parent
        inside = self._offer_connection(Path(manager.connection_file))
        return {**prepared, "cmd": list(self.command(inside))}

    def _offer_connection(self, host_file: Path) -> str:
        connection = json.loads(host_file.read_text(encoding="utf-8"))
        if connection.get("transport") == "ipc":
            connection["ip"] = f"{self.sandbox.sockets_inside}/k"
        return self.sandbox.write_offer(CONNECTION, json.dumps(connection))

    async def launch_kernel(self, cmd: list[str], **_: Any) -> Any:
        """Start the kernel in the box."""
        self.process = self.sandbox.start(
            cmd, environment=self.environment, descriptors=self.descriptors, entrance=self.entrance
        )
        self.pid = self.process.pid
        return self.connection_info

    async def wait(self) -> int | None:
        """Wait for the box's end."""
        return await asyncio.to_thread(self.sandbox.wait)

    async def send_signal(self, signum: int) -> None:
        """Not used: signals would reach bubblewrap, not the kernel (interrupts go by message)."""

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - jupyter_client's signature
        """End the box."""
        self.sandbox.destroy()

    async def terminate(self, restart: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - jupyter_client's signature
        """End the box."""
        self.sandbox.destroy()

    async def cleanup(self, restart: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - jupyter_client's signature
        """End the box."""
        self.sandbox.destroy()


class PromptClient(AsyncKernelClient):  # type: ignore[misc]
    """A client that is ready as soon as its kernel is.

    jupyter_client's own waits until nothing was heard for 0.2 s, to have heard all that the start brought. A kernel's
    messages come in order: all of that has been heard where it is heard to be idle after a question.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - jupyter_client's signature
        """Wait until the kernel answers and its outputs are heard.

        Raises:
            RuntimeError: it died, or `timeout` seconds have passed.
        """
        deadline = time.monotonic() + (math.inf if timeout is None else timeout)
        asked: set[str] = set()
        while not await self._answers(asked):
            if not await self.is_alive():
                raise RuntimeError("it died before it answered")
            if time.monotonic() > deadline:
                raise RuntimeError(f"it did not answer within {timeout:g} s")

    async def _answers(self, asked: set[str]) -> bool:
        """Ask once more; whether the kernel answers, and is heard to be idle after this or an earlier question."""
        asked.add(self.kernel_info())
        reply = await self._heard(self.shell_channel, asked, ANSWER_S)
        if reply is None:
            return False
        self._handle_kernel_info_reply(reply)
        while told := await self._heard(self.iopub_channel, asked, HEARD_S):
            if told["content"].get("execution_state") == "idle":
                return True
        return False

    @staticmethod
    async def _heard(channel: Any, asked: set[str], within_s: float) -> dict[str, Any] | None:
        """Return the next message that answers one of our questions, None where there is none in time."""
        until = time.monotonic() + within_s
        while True:
            try:
                message: dict[str, Any] = await channel.get_msg(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return None
            if message["parent_header"].get("msg_id") in asked:
                return message


def kernel_manager(
    sandbox: Sandbox,
    command: KernelCommand,
    environment: dict[str, str],
    descriptors: Sequence[int],
    entrance: Entrance | None = None,
) -> AsyncKernelManager:
    """A manager of one kernel in `sandbox`; Unix sockets carry the messages, so the box needs no network.

    By an `entrance` the kernel comes with its libraries in memory.
    """
    unix = {} if sys.platform == "win32" else {"transport": "ipc", "ip": str(sandbox.sockets / "k")}
    manager = AsyncKernelManager(
        connection_file=str(sandbox.folder / "host.json"), kernel_name="boxed", autorestart=False, **unix
    )
    manager.shutdown_wait_time = 1.0
    manager.client_factory = PromptClient
    manager.context.setsockopt(zmq.MAXMSGSIZE, sandbox.box.limits.message)
    manager.context.setsockopt(zmq.RCVHWM, QUEUED_MESSAGES)
    manager.context.setsockopt(zmq.LINGER, 0)
    manager.context.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
    spec = KernelSpec(argv=["kernel"], display_name="Python 3", language="python", interrupt_mode="message")
    manager._kernel_spec = spec  # noqa: SLF001 - there is no other way to have one that isn't installed
    provisioner = BoxProvisioner(kernel_id=str(uuid.uuid4()), kernel_spec=spec, parent=manager)
    provisioner.sandbox = sandbox
    provisioner.command = command
    provisioner.environment = environment
    provisioner.descriptors = tuple(descriptors)
    provisioner.entrance = entrance
    manager.provisioner = provisioner
    return manager

"""Requests to an OpenAI-compatible endpoint and their answers, within limits of time and size nobody can stretch."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from grader.errors import JudgeEndpointError
from grader.opinions.endpoint import Endpoint

if TYPE_CHECKING:
    import httpx

Messages = Sequence[Mapping[str, str]]

TELLING_S = 0.2
"""How often it is looked whether everything is to end."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost: seconds from the first byte sent to the last one read, and bytes of an answer."""

    seconds: float = 120.0
    size: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Usage:
    """What a server says an answer cost; None where it doesn't say. `cost` is in the server's own currency."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered; `fault` says why there is no answer, in words for people, and is empty otherwise."""

    content: str = ""
    usage: Usage = Usage()
    fault: str = ""


def require_client() -> None:
    """Raise JudgeEndpointError where the library that sends requests is not installed."""
    if importlib.util.find_spec("httpx") is None:
        raise JudgeEndpointError("--judge needs httpx: pip install 'grader[judge]', or pip install httpx")


def send_all(
    endpoint: Endpoint, requests: Sequence[Messages], limits: Limits, stop: threading.Event
) -> tuple[Reply, ...]:
    """Send several requests at once and return their answers in order; `stop` ends the waiting.

    Raises:
        ImportError: the library that sends them is not installed; `require_client` says so in words.
    """
    return asyncio.run(_send_all(endpoint, requests, limits, stop))


async def _send_all(
    endpoint: Endpoint, requests: Sequence[Messages], limits: Limits, stop: threading.Event
) -> tuple[Reply, ...]:
    import httpx  # noqa: PLC0415 - an extra that most never need

    # A server on this machine is asked directly, whatever proxy is set; redirects are never followed; one deadline
    # stands over the whole of an exchange, so that the client needs none of its own.
    direct = endpoint.is_local
    async with httpx.AsyncClient(trust_env=not direct, follow_redirects=False, timeout=None) as client:  # noqa: S113
        tasks = [asyncio.create_task(_send(client, endpoint, messages, limits)) for messages in requests]
        pending = set(tasks)
        while pending and not stop.is_set():
            _, pending = await asyncio.wait(pending, timeout=TELLING_S)
        for task in pending:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return tuple(Reply(fault="it was stopped") if task.cancelled() else task.result() for task in tasks)


async def _send(client: httpx.AsyncClient, endpoint: Endpoint, messages: Messages, limits: Limits) -> Reply:
    """Send one request; every failure of the server, the network or the answer becomes a fault in words."""
    import httpx  # noqa: PLC0415

    try:
        async with asyncio.timeout(limits.seconds):
            return await _exchange(client, endpoint, messages, limits)
    except TimeoutError:
        return Reply(fault=f"no answer within {limits.seconds:g} s")
    except (httpx.TransportError, httpx.InvalidURL, httpx.StreamError, OSError, UnicodeError) as problem:
        return Reply(fault=f"the server could not be reached ({type(problem).__name__})")


async def _exchange(client: httpx.AsyncClient, endpoint: Endpoint, messages: Messages, limits: Limits) -> Reply:
    # Uncompressed, so that a small answer can't unfold into a large one.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    body = {"model": endpoint.model, "messages": [dict(item) for item in messages]}
    async with client.stream("POST", endpoint.url, json=body, headers=headers) as response:
        if response.is_redirect:
            return Reply(fault=f"the server sends elsewhere ({response.status_code}), which is not followed")
        if response.status_code != HTTPStatus.OK:
            return Reply(fault=_refusal(response.status_code))
        content = bytearray()
        async for part in response.aiter_raw():
            content += part
            if len(content) > limits.size:
                return Reply(fault="the answer was too long")
    return read_reply(bytes(content))


REFUSALS = {
    HTTPStatus.UNAUTHORIZED: "the key is missing or wrong",
    HTTPStatus.FORBIDDEN: "the key may not ask for this",
    HTTPStatus.NOT_FOUND: "no such address or model",
    HTTPStatus.TOO_MANY_REQUESTS: "too many requests",
}


def _refusal(status: int) -> str:
    known = {int(item): words for item, words in REFUSALS.items()}
    return f"the server refuses ({status}{f', {known[status]}' if status in known else ''})"


def read_reply(body: bytes) -> Reply:
    """Return the content and the usage that a chat completion holds; never raises."""
    try:
        document = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return Reply(fault="the server's answer was no JSON")
    try:
        content = document["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        content = None
    if not isinstance(content, str):
        return Reply(fault="the server's answer was no chat completion")
    return Reply(content, _usage(document.get("usage")))


def _usage(value: Any) -> Usage:
    if not isinstance(value, dict):
        return Usage()
    return Usage(_count(value.get("prompt_tokens")), _count(value.get("completion_tokens")), _cost(value.get("cost")))


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None


def _cost(value: Any) -> float | None:
    return (
        float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**6 else None
    )

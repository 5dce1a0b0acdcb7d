"""A stand-in for a language model's server: answers well, badly, slowly or hostilely, as a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from grader.opinions.questions import ASKED

Answer = Callable[["Asked", int], "Response"]
"""What to answer to a request, given its place among all of them."""


@dataclass
class Asked:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def material(self) -> dict[str, Any]:
        """The JSON object that stands in the user's message."""
        return json.loads(self.body["messages"][1]["content"])


@dataclass
class Response:
    """What goes back: pieces of a body with a pause before each, whatever they are."""

    pieces: tuple[bytes, ...]
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    pause: float = 0.0


@dataclass
class StandIn:
    """The running server: its address, and what it was asked."""

    url: str
    asked: list[Asked]


def completion(content: str, **usage: object) -> Response:
    """A chat completion as the OpenAI-compatible servers word it."""
    document: dict[str, Any] = {"choices": [{"index": 0, "message": {"role": "assistant", "content": content}}]}
    return Response((json.dumps(document | ({"usage": usage} if usage else {})).encode(),))


def opinions(verdict: str = "fail", quotes: tuple[str, ...] = (), **others: tuple[str, tuple[str, ...]]) -> str:
    """An answer of the right form: `verdict` on every check but those given otherwise (`write_up__insight=...`)."""
    given = {name.replace("__", "."): value for name, value in others.items()}
    said = {check: given.get(check, (verdict, quotes)) for check in ASKED}
    return json.dumps(
        {"opinions": {check: {"verdict": one, "quotes": list(two)} for check, (one, two) in said.items()}}
    )


@contextmanager
def serving(*answers: Answer | Response | str) -> Iterator[StandIn]:
    """Serve on a free port; the n-th request gets the n-th answer, the last one for all that follow."""
    asked: list[Asked] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                number = len(asked)
                asked.append(Asked(self.path, dict(self.headers), json.loads(body)))
            answer = answers[min(number, len(answers) - 1)]
            response = completion(answer) if isinstance(answer, str) else answer
            if callable(response):
                response = response(asked[number], number)
            with suppress(OSError):  # the other side hangs up on what is too long or too slow
                self.send_response(response.status)
                for name, value in response.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for piece in response.pieces:
                    time.sleep(response.pause)
                    self.wfile.write(piece)
                    self.wfile.flush()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield StandIn(f"http://127.0.0.1:{server.server_port}/v1", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

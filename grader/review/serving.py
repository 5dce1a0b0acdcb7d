"""Serving the desk: on this machine only unless asked otherwise, and always behind a token."""

from __future__ import annotations

import importlib
import logging
import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, make_server

from grader.errors import ResultsError, ReviewError
from grader.gradebook import Gradebook
from grader.model import Rubric
from grader.regrading import class_rubric
from grader.review.app import create_app
from grader.review.desk import Desk
from grader.review.security import Gate
from grader.rubrics import load_rubric

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""Addresses that only this machine reaches."""

EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to
"""Addresses that stand for all of a machine's own."""


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that is ready to run. `address` holds the token; `open_to` warns where others can reach it."""

    server: BaseWSGIServer
    desk: Desk
    address: str
    open_to: str = ""

    def run(self) -> None:
        """Serve until interrupted; then write the files that wait."""
        self.desk.writer.start()
        threading.Thread(target=_warm, name="warm", daemon=True).start()
        try:
            self.server.serve_forever()
        finally:
            self.server.server_close()
            self.desk.writer.close()


def _warm() -> None:
    """Import what the first page on agreement would wait for."""
    importlib.import_module("sklearn.metrics")


def rubric_for(out: Path, book: Gradebook, asked: str | None) -> Rubric:
    """Return the rubric that a class was graded by.

    Raises:
        ResultsError: it is none that is known here, or another one was asked for.
        RubricError: the one asked for has mistakes.
    """
    rows = book.results()
    used = {row.rubric_sha256 for row in rows if row.rubric_sha256}
    rubric = load_rubric(asked) if asked is not None else class_rubric(out, rows)
    if rubric is None:
        names = ", ".join(sorted({row.rubric_id for row in rows if row.rubric_id})) or "none"
        raise ResultsError(
            f"the rubric that {out} was graded by ({names}) is none that comes with grader: give its file with --rubric"
        )
    if used - {rubric.sha256}:
        option = asked or rubric.id
        raise ResultsError(
            f"not all of {out} was graded by this {rubric.id} (another file, or an older one): "
            f"judge the class by it first, `grader regrade {out} --rubric {option}`, which runs nothing"
        )
    return rubric


def prepare(out: Path, rubric: Rubric, book: Gradebook, host: str, port: int) -> Serving:
    """Return a server for a graded class; port 0 takes any that is free.

    Raises:
        ReviewError: the address can't be served on.
    """
    token = secrets.token_urlsafe(24)
    desk = Desk(out, rubric, book)
    local = host in LOOPBACK
    server = _bind(host, port)
    names = {"localhost"} if local else {"localhost", host.lower(), socket.gethostname().lower()}
    server.app = create_app(desk, Gate(token, frozenset(names), local), server.server_port)
    # An address in brackets is IPv6's own; a machine that listens everywhere is named to those who come from outside.
    named = socket.gethostname() if host in EVERYWHERE else f"[{host}]" if ":" in host else host
    address = f"http://{named}:{server.server_port}/?token={token}"
    return Serving(server, desk, address, "" if local else named)


def _bind(host: str, port: int) -> BaseWSGIServer:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line per request, with the token in the first
    try:
        return make_server(host, port, _nothing, threaded=True)
    except (OSError, SystemExit) as error:
        reason = getattr(error, "strerror", None) or "the address is taken, or none of this machine's"
        raise ReviewError(f"can't serve on {host}, port {port} ({reason}): give another --port or --host") from error


def _nothing(_environ: object, _start: Callable[..., object]) -> list[bytes]:
    return []


def open_browser_soon(address: str) -> None:
    """Open the page in the user's browser once the server answers; without one the address is to be copied."""
    threading.Timer(0.3, webbrowser.open, (address,)).start()

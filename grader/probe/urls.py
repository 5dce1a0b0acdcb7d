"""URLs served from files: urllib, requests and httpx answer what is mapped; what is not is offline, and told."""

from __future__ import annotations

import email.message
import mimetypes
import os
import urllib.parse
import urllib.response
from collections.abc import Callable
from types import ModuleType
from typing import Any, cast

from .imports import Hook
from .notes import Notes
from .programs.mapping import UrlMap, file_name, is_remote
from .watch import Probe
from .wrapping import Fault, disguise, replace_references

Answer = Callable[..., Any]
"""From a call's arguments to what it is to return in a tuple of one, or None where the original is to be called."""


class UrlHooks:
    """Serves mapped URLs."""

    def __init__(self, probe: Probe, notes: Notes) -> None:
        """Serve nothing before `begin`."""
        self._probe = probe
        self._notes = notes
        self._map = UrlMap({}, [])
        self._httpx_response: Any = None

    def begin(self) -> None:
        """Read the mapping that the grader offers."""
        self._map = UrlMap.offered()

    def hooks(self) -> dict[str, Hook]:
        """Return the hooks by module."""
        return {
            "urllib.request": self._urllib,
            "requests.adapters": self._requests,
            "httpx._transports.default": self._httpx,
        }

    def _urllib(self, module: ModuleType) -> None:
        opener: Any = module.OpenerDirector
        opener.open = answered(opener.open, self._answer_urllib, self._unanswered, self._probe.fault)
        retrieve = module.urlretrieve
        module.urlretrieve = answered(retrieve, self._answer_retrieve, _ignore, self._probe.fault)  # type: ignore[attr-defined]
        replace_references("urlretrieve", retrieve, module.urlretrieve)

    def _requests(self, module: ModuleType) -> None:
        adapter: Any = module.HTTPAdapter
        adapter.send = answered(adapter.send, self._answer_requests, self._unanswered, self._probe.fault)

    def _httpx(self, module: ModuleType) -> None:
        transport: Any = module.HTTPTransport
        self._httpx_response = module.Response
        transport.handle_request = answered(
            transport.handle_request, self._answer_httpx, self._unanswered, self._probe.fault
        )

    # ------------------------------------------------------------ answers
    def _find(self, url: Any, method: str) -> str | None:
        if not is_remote(url) or method not in {"GET", "HEAD"}:
            return None
        found = self._map.find(url)
        if found is not None:
            self._notes.substituted("url", f"{url} was taken from the files mapped with --urls")
        return found

    def _answer_urllib(self, _opener: Any, asked: Any, data: Any = None, *_: Any, **__: Any) -> Any:
        url, method = _asked(asked, data)
        path = self._find(url, method)
        if path is None:
            return None
        head = email.message.Message()
        for name, value in headers(url, path).items():
            head[name] = value
        response: Any = urllib.response.addinfourl(_body(path, method), head, url, 200)
        response.msg = response.reason = "OK"
        return (response,)

    def _answer_retrieve(self, url: Any, filename: Any = None, *_: Any, **__: Any) -> Any:
        """A file of that name that is here already stands for a download of it, where the URL is not mapped."""
        if not is_remote(url) or filename is None or self._map.find(url) is not None:
            return None
        if not os.path.isfile(filename) or not os.path.getsize(filename):
            return None
        self._notes.substituted("url", f"{os.path.basename(filename)} was already here: {url} was not downloaded")
        head = email.message.Message()
        head["Content-Length"] = str(os.path.getsize(filename))
        return ((filename, head),)

    def _answer_requests(self, adapter: Any, request: Any, *_: Any, **__: Any) -> Any:
        path = self._find(request.url, request.method)
        if path is None:
            return None
        from urllib3.response import HTTPResponse

        raw = HTTPResponse(
            body=_body(path, request.method),
            headers=headers(request.url, path),
            status=200,
            reason="OK",
            preload_content=False,
        )
        return (adapter.build_response(request, raw),)

    def _answer_httpx(self, _transport: Any, request: Any, *_: Any, **__: Any) -> Any:
        path = self._find(str(request.url), request.method)
        if path is None:
            return None
        with _body(path, request.method) as file:
            return (self._httpx_response(200, headers=headers(str(request.url), path), content=file.read()),)

    def _unanswered(self, error: BaseException, *args: Any, **__: Any) -> None:
        """Tell of an address that could not be reached; an answer of a server is not such a one."""
        if len(args) < 2 or type(error).__name__ == "HTTPError":
            return
        asked = args[1]
        url = asked if isinstance(asked, str) else getattr(asked, "full_url", None) or getattr(asked, "url", None)
        if is_remote(str(url)):
            self._notes.lacked("url", str(url), type(args[0]).__module__.partition(".")[0])


def answered(original: Any, answer: Answer, failed: Callable[..., None], fault: Fault) -> Any:
    """Return a function that gives `answer`'s answer where it has one, else what `original` gives.

    `failed` is told the exception and the arguments where the original raises. Faults of both are sent, and cost the
    answer only.
    """
    if hasattr(original, "__observed__"):
        return original

    def attempt(function: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            fault(f"url {function.__name__}", error)
            return None

    def call(*args: Any, **kwargs: Any) -> Any:  # uses no global: see disguise
        found = attempt(answer, *args, **kwargs)
        if found is not None:
            return found[0]
        try:
            return original(*args, **kwargs)
        except BaseException as error:
            attempt(failed, error, *args, **kwargs)
            raise

    return disguise(cast("Any", call), original)


def headers(url: str, path: str) -> dict[str, str]:
    """Return the headers of a file as a web server would send it."""
    kind, encoding = mimetypes.guess_type(urllib.parse.urlsplit(url).path)
    if encoding is not None:
        kind = "application/gzip" if encoding == "gzip" else None
    return {
        "Content-Type": kind or "application/octet-stream",
        "Content-Length": str(os.path.getsize(path)),
        "Content-Disposition": f'attachment; filename="{file_name(url)}"',
    }


def _body(path: str, method: str) -> Any:
    return open(path if method == "GET" else os.devnull, "rb")


def _asked(asked: Any, data: Any) -> tuple[Any, str]:
    """Return the address and the method of what urllib is asked for."""
    if isinstance(asked, str):
        return asked, "GET" if data is None else "POST"
    return asked.full_url, asked.get_method() if data is None else "POST"


def _ignore(*_: Any, **__: Any) -> None:
    """Tell nothing: the call inside tells."""

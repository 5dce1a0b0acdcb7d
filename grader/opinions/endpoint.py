"""Where the language model is asked: an address, a model's name, and a key from the environment."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from grader.errors import JudgeEndpointError

KEY_VARIABLE = "GRADER_JUDGE_KEY"
PATH = "/chat/completions"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible chat-completions endpoint. `key` is empty for servers that ask for none."""

    url: str
    model: str
    key: str = field(default="", repr=False)

    @property
    def is_local(self) -> bool:
        """Whether it is this very machine."""
        return _is_loopback(urlsplit(self.url).hostname or "")


def read_endpoint(url: str, model: str, environment: Mapping[str, str]) -> Endpoint:
    """Return the endpoint of a base address (`https://api.example.org/v1`) or of the full one.

    Raises:
        JudgeEndpointError: no model is named, or the address is none that text and key could be sent to.
    """
    parts = urlsplit(url.strip())
    try:
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_fine:
        raise JudgeEndpointError(f"--judge {url!r}: give the http(s) address of a server, like https://host/v1")
    if parts.username or parts.password:
        raise JudgeEndpointError(f"--judge: no password in the address; give the key in {KEY_VARIABLE}")
    if parts.query or parts.fragment:
        raise JudgeEndpointError(f"--judge {url!r}: give the address without what follows its path")
    if not model.strip():
        raise JudgeEndpointError("--judge needs --judge-model: the name of the model to ask there")
    key = environment.get(KEY_VARIABLE, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise JudgeEndpointError(f"{KEY_VARIABLE} holds characters that no key has")
    path = parts.path.rstrip("/")
    full = path if path.endswith(PATH) else path + PATH
    endpoint = Endpoint(f"{parts.scheme}://{parts.netloc}{full}", model.strip(), key)
    if parts.scheme == "http" and key and not endpoint.is_local:
        raise JudgeEndpointError(
            f"--judge {url}: over http the key would travel unprotected; use https, or unset {KEY_VARIABLE}"
        )
    return endpoint


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""Who may use the desk, and what a page of it may do.

Whoever has the token in the address gets a cookie for this server; every change carries a proof that it comes from a
page of ours. Addresses that a foreign site could have made up lead nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""What our own pages may do: load from this server, send forms to it, and nothing else."""

FRAMED_POLICY = "sandbox; frame-ancestors 'self'"
"""For a student's report, shown inside a page of ours: no scripts, no forms, an origin of its own. Its own policy holds
besides."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Sent with every answer: grades are kept by no cache, and named to no other site."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets in who has the token. `hosts` are the names that this server goes by, beside plain addresses."""

    token: str
    hosts: Collection[str]
    local_only: bool
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def has_token(self, given: str | None) -> bool:
        """Return whether this is the token; takes the same time whatever it is."""
        return given is not None and hmac.compare_digest(given.encode(), self.token.encode())

    def new_session(self) -> str:
        """Return what a browser keeps in its cookie."""
        name = secrets.token_urlsafe(18)
        return f"{name}.{self._proof('session', name)}"

    def is_session(self, cookie: str | None) -> bool:
        """Return whether a cookie is one of ours."""
        name, _, proof = (cookie or "").partition(".")
        return bool(name) and hmac.compare_digest(proof.encode(), self._proof("session", name).encode())

    def csrf(self, cookie: str) -> str:
        """Return what every form of a browser's pages carries."""
        return self._proof("form", cookie)

    def is_from_our_page(self, cookie: str, given: str | None) -> bool:
        """Return whether a change comes from a page that this server made for this browser."""
        return given is not None and hmac.compare_digest(given.encode(), self.csrf(cookie).encode())

    def knows_host(self, header: str | None) -> bool:
        """Return whether a request was meant for this server.

        A foreign name that was made to lead here (DNS rebinding) is none of ours; a plain address can't be made to.
        """
        name = host_name(header or "")
        if name in self.hosts:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self.local_only

    def _proof(self, use: str, text: str) -> str:
        return hmac.new(self.secret, f"{use}:{text}".encode(), hashlib.sha256).hexdigest()


def host_name(header: str) -> str:
    """Return a Host header without its port and brackets, in lower case."""
    text = header.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if ":" in text else text

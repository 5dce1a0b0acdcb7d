"""Pages in the real Chromium: opened, used all over, and everything that a page tries to do written down."""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Route, sync_playwright
from reports.payloads import HOST

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

# As root there is no sandbox to be had; a browser that looks for updates would be seen making requests of its own.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip

USE_EVERYTHING = """() => {
  const all = [...document.querySelectorAll('*')];
  for (const element of all) {
    for (const name of ['pointerover', 'mouseover', 'mouseenter', 'pointerdown', 'mousedown']) {
      element.dispatchEvent(new MouseEvent(name, {bubbles: true}));
    }
    if (element.focus) { element.focus(); }
  }
  document.querySelectorAll('details').forEach(details => { details.open = !details.open; });
  const outside = href => /^(https?|mailto):|\\/(report|staff)\\.html$|^(grades\\.csv|similar\\.html)$/.test(href);
  for (const element of document.querySelectorAll('a, area, summary, button, [role], input, text')) {
    const href = element.closest('a') && element.closest('a').getAttribute('href');
    if (!(href && outside(href))) {
      element.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}));
    }
  }
  document.querySelectorAll('details').forEach(details => { details.open = true; });
  window.scrollTo(0, document.documentElement.scrollHeight);
}"""
"""Hover, focus and press everything. Links to other sites and to reports are looked at, not followed."""


@dataclass
class Deeds:
    """What pages did: scripts that ran, requests (`sent`: those that no policy stopped), and what the browser said."""

    ran: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        return [*self.ran, *self.requests, *self.messages]

    @property
    def numbers(self) -> set[int]:
        """The payloads that fired: by a script of theirs, or by a request."""
        told = [*self.ran, *(item for item in (*self.requests, *self.messages) if HOST in item)]
        return {int(number) for text in told for number in re.findall(r"\b\d{4}\b", text)}


@dataclass
class Browser:
    """One Chromium; `deeds` holds what happened since the last `visit`."""

    context: BrowserContext
    deeds: Deeds = field(default_factory=Deeds)
    expected: str = ""

    def watch(self) -> None:
        self.context.expose_binding("pwned", lambda _source, what: self.deeds.ran.append(f"script {what}"))
        self.context.on("request", self._on_request)
        self.context.on("console", self._on_console)
        self.context.on("weberror", lambda error: self.deeds.messages.append(f"page error: {error.error}"))
        self.context.on("dialog", lambda dialog: (self.deeds.ran.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.context.on("page", lambda page: page.on("popup", lambda _: self.deeds.ran.append("a new window")))
        self.context.route("**/*", self._answer)

    def _on_request(self, request: Request) -> None:
        if request.url != self.expected:
            self.deeds.requests.append(f"{request.resource_type} {request.url}")

    def _on_console(self, message: ConsoleMessage) -> None:
        self.deeds.messages.append(f"console {message.type}: {message.text}")

    def _answer(self, route: Route) -> None:
        """Let the visited page through; everything else is answered by the attacker, who sends a script."""
        url = route.request.url
        if url != self.expected:
            self.deeds.sent.append(f"{route.request.resource_type} {url}")
        if HOST not in url:
            route.continue_()
        elif route.request.is_navigation_request():
            route.fulfill(status=204)
        else:
            number = "".join(re.findall(r"\d{4}", url)[:1]) or "0"
            route.fulfill(body=f"pwned({number})", content_type="text/javascript")

    @contextmanager
    def visit(self, url: str, **media: Any) -> Iterator[Page]:
        """Open a page in a fresh tab and write down what it does."""
        self.deeds = Deeds()
        self.expected = url
        page = self.context.new_page()
        try:
            page.emulate_media(**media)
            page.goto(url, wait_until="load")
            yield page
        finally:
            page.close()

    def use(self, url: str) -> dict[str, Any]:
        """Open a page, use everything on it, in light, dark and print; return what is on it and what sticks out."""
        with self.visit(url) as page:
            inventory = page.evaluate(INVENTORY)
            page.evaluate(USE_EVERYTHING)
            page.emulate_media(color_scheme="dark")
            page.emulate_media(media="print")
            page.emulate_media(media="screen", color_scheme="light")
            inventory["wide"] = page.evaluate(STICKS_OUT)
            page.set_viewport_size({"width": 390, "height": 844})
            inventory["narrow"] = page.evaluate(STICKS_OUT)
            page.set_viewport_size({"width": 1280, "height": 900})
            if not page.url.startswith(url):
                self.deeds.requests.append(f"the page is now {page.url}")
        return inventory


INVENTORY = """() => {
  const all = [...document.querySelectorAll('*')];
  const count = name => all.filter(element => element.localName === name).length;
  return {
    elements: [...new Set(all.map(element => element.localName))].sort(),
    attributes: [...new Set(all.flatMap(element => element.getAttributeNames()))].sort(),
    scripts: count('script'), styles: count('style'), metas: count('meta'),
    links: [...document.querySelectorAll('a')].map(a => a.getAttribute('href')),
    pictures: [...document.querySelectorAll('img')].map(img => img.getAttribute('src').slice(0, 22)),
    ids: [...document.querySelectorAll('[id]')].map(element => element.id),
    policy: document.querySelector('meta[http-equiv]').content,
  };
}"""

STICKS_OUT = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  return wide > 1 ? `the page is ${wide} px wider than the window` : '';
}"""


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Chromium with an empty profile."""
    with sync_playwright() as driver, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        context = driver.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=FLAGS, headless=True, viewport={"width": 1280, "height": 900}
        )
        context.set_default_timeout(60_000)
        browser = Browser(context)
        browser.watch()
        try:
            yield browser
        finally:
            context.close()


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine; yield its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Silent, directory=os.fspath(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")

"""What axe-core finds wrong with a page, by every rule of WCAG 2.2 A and AA and of good practice.

Any page that a test has open will do; the review app's tests ask the same question of theirs:

    assert violations(page) == []
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

sync_playwright = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

RULES = {
    "resultTypes": ["violations"],
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
}
OPEN_ALL = "document.querySelectorAll('details').forEach(details => { details.open = true; })"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


def violations(page: Page) -> list[str]:
    """Return a line per rule that is broken, with the first place it is broken at; what is folded away is opened."""
    page.evaluate(OPEN_ALL)
    found = sync_playwright.Axe().run(page, options=RULES).response["violations"]
    return [
        f"{item['id']} ({len(item['nodes'])} times): {item['help']}: {item['nodes'][0]['html'][:200]}" for item in found
    ]


def violations_everywhere(page: Page) -> list[str]:
    """Return what is wrong in the dark on a phone and in light on a desktop; the page is left in the latter.

    Colours are the same at every size, and sizes in every colour: each is seen once.
    """
    found = []
    for scheme, size in (("dark", PHONE), ("light", DESKTOP)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        found += [f"{scheme}, {size['width']} px: {line}" for line in violations(page)]
    return found

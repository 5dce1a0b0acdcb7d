"""Ways to write so that no reader sees it: in the ground's colour, too small, off the page, without width."""

from __future__ import annotations

import re

INVISIBLE = re.compile("[\u200b\u200c\u2060-\u2064\u202a-\u202e\ufeff]|[\U000e0000-\U000e007f]")
"""Characters that show nothing and join no letters or emoji: nobody types them by the dozen."""
MANY_INVISIBLE = 12
"""Fewer come with text that was copied from a web page."""
TINY = 4.0
"""Pixels or points below which letters can't be read."""
LONGEST_STYLE = 1_000
"""Characters of a style that are looked at: no writer's is longer, and patterns are not made for pasted data."""
NEAR = 24
"""Steps of 255 within which two colours look alike."""
_NAMED = {"white": (255, 255, 255), "snow": (255, 250, 250), "ivory": (255, 255, 240), "ghostwhite": (248, 248, 255)}
_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?![.\d]*[1-9])|opacity\s*:\s*0?\.0\d"
    r"|(?<![-\w])(?:left|top|right|text-indent|margin-left)\s*:\s*-\d{3,}"
    r"|(?<![-\w])(?:max-)?(?:height|width)\s*:\s*0(?:px)?\s*(?:;|$)"
    r"|clip\s*:\s*rect\(\s*0|transform\s*:\s*scale\(\s*0",
    re.IGNORECASE,
)
_SIZE = re.compile(r"font-size\s*:\s*(?P<size>\d*\.?\d+)\s*(?P<unit>px|pt|em|rem|%)?", re.IGNORECASE)
_PIXELS = {"px": 1.0, "pt": 1.33, "em": 16.0, "rem": 16.0, "%": 0.16, "": 1.0}
_COLOUR = r"(?P<value>#[0-9a-f]{3,8}\b|rgba?\([^)]*\)|[a-z]+)"
_INK = re.compile(rf"(?<![-\w])color\s*:\s*{_COLOUR}", re.IGNORECASE)
_GROUND = re.compile(rf"background(?:-color)?\s*:\s*(?:[^;]*?\s)?{_COLOUR}", re.IGNORECASE)
WHITE = (255, 255, 255)

Colour = tuple[int, int, int]


def hides(attributes: dict[str, str | None]) -> bool:
    """Return whether an HTML element hides what it holds. White on a coloured ground is a banner, and doesn't."""
    style = (attributes.get("style") or "")[:LONGEST_STYLE]
    if "hidden" in attributes or _UNSEEN.search(style):
        return True
    size = _SIZE.search(style)
    if size is not None and float(size["size"]) * _PIXELS[(size["unit"] or "").lower()] < TINY:
        return True
    ink = _INK.search(style)
    written = ink["value"] if ink is not None else attributes.get("color")
    ground = _GROUND.search(style)
    if ground is None and re.search(r"background", style, re.IGNORECASE):
        return False
    return _same_as_ground(written, ground["value"] if ground is not None else attributes.get("bgcolor"))


def invisible_text(source: str) -> str:
    """Return what characters without width say in a text, empty where there are too few to say anything.

    Unicode's tag characters are letters that no font draws; others can only be counted.
    """
    found = INVISIBLE.findall(source)
    if len(found) < MANY_INVISIBLE:
        return ""
    letters = "".join(chr(ord(mark) - 0xE0000) for mark in found if 0xE0020 <= ord(mark) <= 0xE007E)
    return letters.strip() or f"({len(found)} characters without width)"


def _same_as_ground(written: str | None, ground: str | None) -> bool:
    if written is None:
        return False
    if written.lower() == "transparent":
        return True
    ink, below = _colour(written), _colour(ground) if ground else WHITE
    return ink is not None and below is not None and all(abs(a - b) <= NEAR for a, b in zip(ink, below, strict=True))


def _colour(text: str) -> Colour | None:
    """Return a colour's red, green and blue; None for names that are not near white, and for what is no colour."""
    plain = text.strip().lower()
    if plain in _NAMED:
        return _NAMED[plain]
    digits = plain.removeprefix("#")
    if plain.startswith("#") and len(digits) in {3, 4}:
        return int(digits[0] * 2, 16), int(digits[1] * 2, 16), int(digits[2] * 2, 16)
    if plain.startswith("#") and len(digits) in {6, 8}:
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
    parts = [float(part) for part in re.findall(r"\d+(?:\.\d+)?", plain)] if plain.startswith("rgb") else []
    return (round(parts[0]), round(parts[1]), round(parts[2])) if len(parts) >= 3 else None

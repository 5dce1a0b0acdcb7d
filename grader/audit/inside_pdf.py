"""Read the text of a PDF inside a sandbox. Standalone: pypdf only.

Started with one argument, JSON: {"arguments": {"pages": n, "characters": n}, "inputs": {"pdf": path}}. Answers on
standard output with one line of JSON for each page, {"text": ...}, or one {"refused": reason}.
"""

from __future__ import annotations

import importlib
import json
import logging
import sys
import warnings
from typing import Any


def pages_of(path: str, most_pages: int, most_characters: int) -> Any:
    """Yield the answers, page by page."""
    pypdf = importlib.import_module("pypdf")
    try:
        reader = pypdf.PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            yield {"refused": "is locked with a password"}
            return
        room = most_characters
        for number, page in enumerate(reader.pages):
            if number >= most_pages or room <= 0:
                return
            text = page.extract_text()[:room]
            room -= len(text)
            yield {"text": text}
    except (MemoryError, RecursionError):
        yield {"refused": "is made like no export is: reading it took more than there is room for"}
    except Exception as error:  # noqa: BLE001 - a hostile file makes a reader raise anything
        locked = "crypt" in type(error).__name__.lower() or "crypt" in str(error).lower()
        why = "is locked" if locked else f"can't be read ({type(error).__name__})"
        yield {"refused": f"{why}; export the notebook again"}


def main() -> None:
    """Answer for the file named."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    given = json.loads(sys.argv[1])
    arguments = given["arguments"]
    for answer in pages_of(given["inputs"]["pdf"], arguments["pages"], arguments["characters"]):
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

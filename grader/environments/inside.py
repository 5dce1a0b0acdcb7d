"""Tell what an interpreter has installed. Run inside a sandbox by the interpreter asked about.

Standard library only, and only syntax that Python 3.9 reads. Prints one line of JSON: the version, the kernel's version
(null where it can't be imported, with the reason), and the versions of the distributions asked for that are there.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import sys
from typing import Any


def main() -> None:
    """Answer the request given as the one argument: `{"arguments": {"distributions": [names]}, ...}`."""
    wanted = json.loads(sys.argv[1])["arguments"]["distributions"]
    answer: dict[str, Any] = {"python": platform.python_version(), "ipykernel": None, "problem": ""}
    try:
        import ipykernel.kernelapp  # noqa: PLC0415 - the question is whether it can be imported

        answer["ipykernel"] = str(ipykernel.__version__)
    except Exception as error:  # noqa: BLE001 - whatever stops it stops a kernel as well
        answer["problem"] = f"{type(error).__name__}: {error}"
    answer["versions"] = {name: version for name in wanted for version in [version_of(name)] if version}
    print(json.dumps(answer))


def version_of(distribution: str) -> str:
    """Return the version installed, empty for none."""
    try:
        return str(importlib.metadata.version(distribution))
    except importlib.metadata.PackageNotFoundError:
        return ""


if __name__ == "__main__":
    main()

"""The grader itself as a wheel, made from what is installed here: a bundle brings the very grader that made it."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from grader.errors import ExportError
from grader.resources import PACKAGE, shipped

ASSETS = ("reference", "rubric", "templates")
"""What lies beside the package in a checkout and is needed to grade; the sample class isn't."""

_PACKED_AT = (1980, 1, 1, 0, 0, 0)


def own_wheel() -> tuple[str, bytes]:
    """Return the wheel's file name and its bytes: pure Python, installed by any pip, its libraries taken from PyPI.

    Raises:
        ExportError: the grader's own metadata are not there, as in a folder that was never installed.
    """
    try:
        distribution = importlib.metadata.distribution("grader")
    except importlib.metadata.PackageNotFoundError as error:
        raise ExportError("the grader is not installed here: pip install it, and make the bundle again") from error
    version = distribution.version
    information = f"grader-{version}.dist-info"
    files = dict(_package()) | {
        f"{information}/METADATA": (distribution.read_text("METADATA") or "").encode(),
        f"{information}/entry_points.txt": (distribution.read_text("entry_points.txt") or "").encode(),
        f"{information}/WHEEL": b"Wheel-Version: 1.0\nGenerator: grader\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{information}/RECORD"] = _record(files, f"{information}/RECORD")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _PACKED_AT), content, zipfile.ZIP_DEFLATED)
    return f"grader-{version}-py3-none-any.whl", buffer.getvalue()


def _package() -> Iterator[tuple[str, bytes]]:
    for path in _files(PACKAGE):
        inside = path.relative_to(PACKAGE)
        if inside.parts[0] != "_assets":
            yield f"grader/{inside.as_posix()}", path.read_bytes()
    for asset in ASSETS:
        folder = shipped(asset)
        for path in _files(folder):
            yield f"grader/_assets/{asset}/{path.relative_to(folder).as_posix()}", path.read_bytes()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
            yield path


def _record(files: dict[str, bytes], own: str) -> bytes:
    """Return the list of a wheel's files with their digests, as the packaging specification has it."""
    lines = []
    for name, content in sorted(files.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(content)}")
    return "\n".join([*lines, f"{own},,", ""]).encode()

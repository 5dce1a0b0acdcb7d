"""What makes the grader run elsewhere: Gradescope's autograder, and a workflow on GitHub that checks each push."""

from __future__ import annotations

import io
import shlex
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.errors import ExportError
from grader.exports.gradescope import Visibility
from grader.exports.wheel import own_wheel
from grader.resources import shipped

MAX_DATA_BYTES = 400 * 1024**2
"""Data in a bundle; Gradescope takes archives of some hundred megabytes."""

TORCH_WITHOUT_CUDA = "https://download.pytorch.org/whl/cpu"
"""PyTorch's own index of small builds; the one on PyPI brings gigabytes of CUDA."""

_EXECUTABLE = 0o755
_PLAIN = 0o644


def gradescope_bundle(
    rubric: bytes,
    options: Sequence[str],
    visibility: Visibility,
    data: Path | None = None,
    extras: str = "notebooks",
    *,
    unsafe: bool = False,
) -> bytes:
    """Return the zip to upload as the autograder: `setup.sh`, `run_autograder`, the grader, the rubric, the data.

    Args:
        rubric: the rubric's file.
        options: further options of `grader grade`.
        visibility: when students see the tests.
        data: data sets to offer to notebooks, laid out like `~/.keras/datasets`.
        extras: the grader's extras to install.
        unsafe: whether notebooks run without isolation where the container allows none.

    Raises:
        ExportError: the data are too large, or the grader isn't installed.
    """
    wheel, content = own_wheel()
    options = [*options, *(["--data", "$root/source/data"] if data is not None else [])]
    words = _installing(wheel, extras) | {"OPTIONS": _quoted(options), "VISIBILITY": visibility}
    words |= {"UNSAFE": "yes" if unsafe else "no"}
    files: dict[str, tuple[bytes, int]] = {
        "setup.sh": (_filled("gradescope/setup.sh", words), _EXECUTABLE),
        "run_autograder": (_filled("gradescope/run_autograder", words), _EXECUTABLE),
        "rubric.yaml": (rubric, _PLAIN),
        wheel: (content, _PLAIN),
    }
    if data is not None:
        files |= {f"data/{name}": (inside, _PLAIN) for name, inside in _data(data).items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (inside, mode) in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix: or the scripts would not be executable
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, inside, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def github_files(
    rubric: bytes, notebook: str, options: Sequence[str], extras: str = "notebooks"
) -> Mapping[str, bytes]:
    """Return the files, by path in a repository, of a workflow that checks `notebook` on every push.

    Raises:
        ExportError: the grader isn't installed.
    """
    wheel, content = own_wheel()
    words = _installing(wheel, extras) | {"NOTEBOOK": shlex.quote(notebook), "OPTIONS": _quoted(options)}
    return {
        ".github/workflows/self-check.yml": _filled("github/self-check.yml", words),
        ".github/grader/rubric.yaml": rubric,
        f".github/grader/{wheel}": content,
    }


def _installing(wheel: str, extras: str) -> dict[str, str]:
    """Return the words of a template that say what pip installs; PyTorch comes without CUDA."""
    index = f" --extra-index-url {TORCH_WITHOUT_CUDA}" if "torch" in extras.split(",") else ""
    return {"WHEEL": wheel, "EXTRAS": f"[{extras}]", "INDEX": index}


def _filled(name: str, words: Mapping[str, str]) -> bytes:
    text = (shipped("templates") / name).read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text.replace(" \n", "\n").encode()


def _quoted(options: Sequence[str]) -> str:
    """Return options as a shell reads them; what begins with `$root` is filled in there."""
    return " ".join(f'"{item}"' if item.startswith("$root/") else shlex.quote(item) for item in options)


def _data(folder: Path) -> dict[str, bytes]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    size = sum(path.stat().st_size for path in paths)
    if size > MAX_DATA_BYTES:
        raise ExportError(
            f"--data {folder} has {size // 1024**2:,} MB, more than a bundle of {MAX_DATA_BYTES // 1024**2} MB takes: "
            "give only what the assignment needs"
        )
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}

"""`pip install`, `conda install`, `apt-get install`: what is here already is enough, and the rest can't be had."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil

from .arguments import Arguments
from .mapping import write_note

MISSING = 1
"""Exit status where something that was asked for is not here."""

_PIP_VALUED = frozenset({
    "-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f", "--find-links",
    "-t", "--target", "--prefix", "--root", "-e", "--editable", "--platform", "--python-version", "--no-binary",
    "--only-binary", "--timeout", "--retries", "--trusted-host", "--progress-bar", "--upgrade-strategy", "--proxy",
    "--cert", "--cache-dir", "--log", "--src", "--python",
})  # fmt: skip
_CONDA_VALUED = frozenset({"-c", "--channel", "-n", "--name", "-p", "--prefix", "--file"})
_APT_VALUED = frozenset({"-o", "-c", "-t"})

_IMPORTED_AS = {
    "attrs": "attr", "beautifulsoup4": "bs4", "imbalanced-learn": "imblearn", "opencv": "cv2",
    "opencv-contrib-python": "cv2", "opencv-python": "cv2", "opencv-python-headless": "cv2", "pil": "PIL",
    "pillow": "PIL", "py-opencv": "cv2", "python-dateutil": "dateutil", "pytorch": "torch", "pyyaml": "yaml",
    "scikit-image": "skimage", "scikit-learn": "sklearn", "tensorflow-cpu": "tensorflow",
    "tensorflow-gpu": "tensorflow", "tf-nightly": "tensorflow", "ipython": "IPython",
}  # fmt: skip
"""Distributions that are imported under another name than their own."""

_COMMANDS = {
    "graphviz": "dot",
    "p7zip-full": "7z",
    "build-essential": "gcc",
    "python3-opencv": "",
    "git-lfs": "git-lfs",
}
"""Programs by the system package that brings them, where the names differ."""

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?:(===?|[<>~!]=?)\s*([\w.*+!-]+))?")


def pip(given: list[str]) -> int | None:
    """Answer pip: installing and uninstalling here, everything else by the real one."""
    arguments = Arguments(given, _PIP_VALUED)
    action, *asked = arguments.words or [""]
    if action == "uninstall":
        for item in asked:
            print(f"{item} stays as it is; nothing was uninstalled")
        return 0
    if action not in {"install", "download", "wheel"}:
        return None
    listed = (
        line for name in ("-r", "--requirement") for path in arguments.options.get(name, ()) for line in _lines(path)
    )
    local = [path for name in ("-e", "--editable") for path in arguments.options.get(name, ())]
    return _answer_all([*asked, *listed, *local])


def conda(given: list[str]) -> int | None:
    """Answer conda and mamba: installing here, everything else by the real one."""
    arguments = Arguments(given, _CONDA_VALUED)
    action, *asked = arguments.words or [""]
    if action not in {"install", "update", "upgrade"}:
        return None
    return _answer_all([re.sub(r"(?<![=<>!~])=(?!=)", "==", item) for item in asked if not item.startswith("python=")])


def apt(given: list[str]) -> int | None:
    """Answer apt and apt-get: a package whose program is here needs nothing."""
    arguments = Arguments(given, _APT_VALUED)
    action, *asked = arguments.words or [""]
    if action != "install":
        print("there is no network here; nothing was updated")
        return 0
    answers = [_answer(name, bool(shutil.which(_COMMANDS.get(name, name) or os.devnull)), "") for name in asked]
    return 0 if all(answers) else MISSING


def _answer_all(asked: list[str]) -> int:
    answers = []
    for item in asked:
        name, version = _parse(item)
        found = _installed(name)
        wanted = f", {version} was asked for" if version and found and version != found else ""
        answers.append(_answer(name, found is not None, f" ({found}{wanted})" if found else ""))
    return 0 if all(answers) else MISSING


def _answer(name: str, is_here: bool, version: str) -> bool:  # noqa: FBT001 - an answer, not a switch
    if is_here:
        print(f"{name} is already here{version}; nothing was installed")
        write_note("note", "package", f"{name} was already here{version}: nothing was installed")
    else:
        print(
            f"not installed: {name} isn't available offline; ask the course for an environment that has it (--python)"
        )
        write_note("lacked", "package", name, "install")
    return is_here


def _parse(item: str) -> tuple[str, str]:
    """Return the name of what is asked for, and the exact version where one is."""
    egg = re.search(r"[#&]egg=([\w.-]+)", item)
    if egg:
        return egg.group(1), ""
    if "://" in item or item.startswith((".", "/")) or item.endswith((".whl", ".zip", ".tar.gz")):
        last = re.sub(r"@[\w.-]+$", "", item.partition("#")[0].rstrip("/")).rpartition("/")[2]
        return (last.partition("-")[0] if last.endswith(".whl") else last.removesuffix(".git")) or item, ""
    found = _REQUIREMENT.match(item)
    if found is None:
        return item, ""
    return found.group(1), found.group(3) or "" if (found.group(2) or "").startswith("==") else ""


def _installed(name: str) -> str | None:
    """Return the version of an installed package, empty where only its module is found, None where it is not here."""
    plain = re.sub(r"[-_.]+", "-", name).lower()
    if plain == "grader":
        return ""  # for a self-check, which does nothing here
    module = _IMPORTED_AS.get(plain, plain.replace("-", "_"))
    for distribution in (plain, f"{plain}-cpu", f"{plain}-headless", _IMPORTED_AS.get(plain, plain)):
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    try:
        return "" if importlib.util.find_spec(module) is not None else None
    except (ImportError, ValueError):
        return None


def _lines(path: str) -> list[str]:
    """Return the requirements of a file; a file that can't be read asks for nothing but itself."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line.partition(" #")[0].strip() for line in file]
    except OSError:
        return [path]
    return [line for line in lines if line and not line.startswith(("#", "-"))]

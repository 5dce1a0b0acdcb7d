"""Answers of the grader's own scripts in boxes, kept by all that they were given: recomputed scores, looks at files."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cattrs

from grader.model import Tier
from grader.reuse.keys import NOT_RUNNING, environment_digest, key_of, source_digest
from grader.reuse.store import Store
from grader.sandbox import Limits, ScriptResult, run_script

MOST_HASHED = 1024**3
"""Bytes of inputs that are read to know them again; a box that is given more is started."""

RESULT, STDOUT = "result.json", "stdout"


@dataclass(frozen=True, slots=True)
class KeptBoxes:
    """Runs scripts in boxes as `run_script` does, but takes the answer of an earlier box that was given the same."""

    store: Store
    run: Callable[..., ScriptResult] = run_script

    def __call__(
        self, script: Path, arguments: Mapping[str, Any], inputs: Mapping[str, Path], **how: Any
    ) -> ScriptResult:
        """As `run_script`, `how` included; only answers that came to their end are kept.

        Raises:
            SandboxError: as `run_script`.
        """
        key = _key(script, arguments, inputs, **how)
        answered = None if key is None else _read(self.store.get(key))
        if answered is not None:
            return answered
        result = self.run(script, arguments, inputs, **how)
        if key is not None and result.status == "ok":
            told = dataclasses.asdict(dataclasses.replace(result, stdout=b"")) | {"stdout": ""}
            self.store.put(key, {RESULT: json.dumps(told).encode(), STDOUT: result.stdout})
        return result


def _key(
    script: Path,
    arguments: Mapping[str, Any],
    inputs: Mapping[str, Path],
    *,
    tier: Tier,
    limits: Limits,
    python: str = sys.executable,
    modules: Sequence[Path] = (),
    threads: int = 2,
    environment: Mapping[str, str] | None = None,
    **_: Any,
) -> str | None:
    """Return the key of all that decides a box's answer, None where its inputs can't be known again.

    What is not named here (`stop`, `entrance`) changes no answer.
    """
    known = _digests({**inputs, "": script, **{f"module {path.name}": path for path in modules}})
    if known is None:
        return None
    given = {
        "given": known,
        "arguments": dict(arguments),
        "tier": tier,
        "threads": threads,
        "limits": dataclasses.asdict(limits),
        "variables": dict(environment or {}),
        "environment": environment_digest(python),
        "grader": source_digest(NOT_RUNNING),
    }
    return key_of("box", given)


def _read(parts: Mapping[str, bytes] | None) -> ScriptResult | None:
    if parts is None:
        return None
    try:
        told = json.loads(parts[RESULT])
        bare = cattrs.structure({**told, "stdout": b""}, ScriptResult)
        return dataclasses.replace(bare, stdout=parts[STDOUT])
    except (ValueError, KeyError, TypeError, cattrs.BaseValidationError):
        return None


def _digests(inputs: Mapping[str, Path]) -> dict[str, str] | None:
    """Return the digest of each input's content; None where they are too large, or can't be read."""
    left = MOST_HASHED
    found = {}
    try:
        for name, path in inputs.items():
            digest, size = _digest(path, left)
            left -= size
            found[name] = digest
    except OSError:
        return None
    return found if left >= 0 else None


def _digest(path: Path, most: int) -> tuple[str, int]:
    """Digest a file, or a folder's names and contents; links are told apart by where they lead. Sizes count bytes."""
    digest = hashlib.blake2b(digest_size=32)
    total = 0
    for name, entry in _entries(path):
        facts = entry.lstat()
        digest.update(f"{name}\0{stat.S_IFMT(facts.st_mode)}\0{facts.st_size}\0".encode("utf-8", "replace"))
        if stat.S_ISLNK(facts.st_mode):
            digest.update(os.fsencode(os.readlink(entry)))
        elif stat.S_ISREG(facts.st_mode):
            total += facts.st_size
            if total > most:
                break
            with entry.open("rb") as file:
                digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest(), total


def _entries(path: Path) -> list[tuple[str, Path]]:
    if not path.is_dir():
        return [("", path)]
    return [
        (str(Path(directory, name).relative_to(path)), Path(directory, name))
        for directory, folders, files in os.walk(path)
        if folders.sort() is None  # os.walk goes on in this order
        for name in sorted([*folders, *files])
        if name != "__pycache__" and "__pycache__" not in Path(directory).parts
    ]

"""Where the files handed in with a notebook stand in the working folder: which folders are real, what is copied."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from grader.sandbox.box import link_entries, plain_entries

MAX_OPENED = 50
"""Entries of a folder that is made anew inside, so that a notebook can write beside them. Folders of pictures hold
more, are written to by nobody, and are shown whole."""

MAX_COPIED_BYTES = 256 * 1024 * 1024
"""Saved weights of a large pretrained network; copies take room of the working folder."""


@dataclass(slots=True)
class Layout:
    """Paths relative to the working folder: `folders` are made, `entries` shown read-only, `copies` the notebook's own.

    `links` are made with what is written in them.
    """

    folders: list[str] = field(default_factory=list)
    entries: list[tuple[str, Path]] = field(default_factory=list)
    copies: list[tuple[str, Path]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)


def lay_out(folder: Path, own: Collection[str], reserved: Collection[str], most: int) -> Layout:
    """Lay out what lies in `folder`.

    Args:
        folder: the folder handed in.
        own: names of files that the notebook writes itself: an earlier run left them, and this one may write them anew.
        reserved: names right under `folder` that are left out.
        most: where more than this many entries would be shown one by one, folders are shown whole.
    """
    layout = Layout()
    _add(layout, folder, "", frozenset(own), frozenset(reserved), opens=True)
    if len(layout.entries) + len(layout.copies) > most:
        layout = Layout()
        _add(layout, folder, "", frozenset(own), frozenset(reserved), opens=False)
    return layout


def _add(
    layout: Layout, folder: Path, inside: str, own: frozenset[str], reserved: frozenset[str], *, opens: bool
) -> None:
    for name, path in plain_entries(folder):
        if name in reserved:
            continue
        if path.is_dir():
            if opens and _is_small(path):
                layout.folders.append(inside + name)
                _add(layout, path, f"{inside}{name}/", own, frozenset(), opens=True)
            else:
                layout.entries.append((inside + name, path))
        elif name in own and path.stat().st_size <= MAX_COPIED_BYTES:
            layout.copies.append((inside + name, path))
        else:
            layout.entries.append((inside + name, path))
    layout.links += [(inside + name, target) for name, target in link_entries(folder) if name not in reserved]


def _is_small(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return all(count < MAX_OPENED for count, _ in enumerate(entries))

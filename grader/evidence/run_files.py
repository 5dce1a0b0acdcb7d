"""The files of a run: what calls saved and loaded, and what was left in the working folder."""

from __future__ import annotations

from dataclasses import replace

from grader.evidence.parsing import Log
from grader.evidence.records import Fault
from grader.model import LoadedFile, Product, RunFiles, SavedFile

MAX_FILES = 500
"""Files of one kind kept: a checkpoint an epoch, a picture a class. What follows says nothing new."""

MAX_HEADS = 60
"""Products whose beginnings are kept: evidence is read for a whole class at once."""


FILES_NOT_TOLD = "dropped files written"
"""What the probe says where a run wrote more files than it tells of: nothing else is less known for it."""


def is_of_files(fault: Fault) -> bool:
    """Whether what was dropped is only the telling of more files."""
    return fault.text.startswith(FILES_NOT_TOLD)


def collect_run_files(log: Log) -> RunFiles:
    """Return what the run saved, loaded and left. A file that was written again stands as it was left last."""
    left: dict[str, Product] = {}
    for product in log.of("file.left", Product):
        left[product.path] = product
    products = sorted(left.values(), key=lambda item: item.path)[:MAX_FILES]
    return RunFiles(
        saved=log.of("file.saved", SavedFile)[:MAX_FILES],
        loaded=log.of("file.loaded", LoadedFile)[:MAX_FILES],
        products=tuple(_kept(item, place) for place, item in enumerate(products)),
        all_told=not any(is_of_files(item) for item in log.of("probe.dropped", Fault)),
    )


def _kept(product: Product, place: int) -> Product:
    return product if place < MAX_HEADS else replace(product, head="", whole=False)

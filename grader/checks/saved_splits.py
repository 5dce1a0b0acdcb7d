"""Checks of the split: three parts by a fixed seed, and its indices saved so that it can be made again."""

from __future__ import annotations

import re

from grader.checks.code_calls import CodeCall, code_calls
from grader.checks.observed import SCORING_CALLS, TRAINING_CALLS, why_unseen
from grader.checks.registry import CHECKS, Limits, check_on_request
from grader.checks.verdicts import Verdict, failed, passed, unknown
from grader.model import Evidence, SavedFile

SAVING = (
    "save",
    "savez",
    "savez_compressed",
    "savetxt",
    "dump",
    "to_csv",
    "to_json",
    "to_pickle",
    "write_text",
    "write",
)
INDEX_WORDS = re.compile(
    r"idx|indic(?:es|ies)|\bindex|split(?!lines|ext|\()|folds?\b|(?:train|test|val)_(?:ids|files|rows|paths)",
    re.IGNORECASE,
)
SPLIT_FIX = "np.savez('split.npz', train=train_idx, val=val_idx, test=test_idx)."
SEEDED_LOADERS = (
    "random_split",
    "image_dataset_from_directory",
    "train_test_split",
    "shuffle",
    "permutation",
    "Subset",
)


@check_on_request(
    "split.indices_saved",
    title="Split indices saved",
    help="Which rows are in which part is saved to a file: indices, or the lists of files.",
)
def indices_saved(evidence: Evidence, _limits: Limits) -> Verdict:
    """The split itself can be loaded again."""
    sizes = {row.rows for row in evidence.row_sets if row.role != "other" and row.rows > 1}
    watched = [item for item in evidence.run_files.saved if _holds_split(item, sizes)]
    if watched:
        return passed(
            f"Which rows are in which part is saved ({watched[0].path}).",
            cells=[item.cell for item in watched],
            measured={"files": [item.path for item in watched]},
        )
    left = [
        item
        for item in evidence.run_files.products
        if item.kind in {"json", "table", "text"} and INDEX_WORDS.search(item.path)
    ]
    if left:
        return passed(f"Which rows are in which part is saved ({left[0].path}).", cells=[item.cell for item in left])
    handed_in = [
        item.path
        for item in evidence.project
        if item.kind in {"json", "table", "array"} and INDEX_WORDS.search(item.path.rpartition("/")[2])
    ]
    if handed_in:
        return passed(f"Which rows are in which part was handed in ({handed_in[0]}).", origin="static")
    written = [call for call in code_calls(evidence, SAVING) if _names_indices(call)]
    if written:
        return passed("Split indices are saved.", origin="static", cells=[call.cell for call in written])
    if reason := why_unseen(evidence, (*SAVING, "train_test_split")):
        return unknown(f"Whether split indices are saved could not be seen: {reason}.")
    return failed(
        "Which rows are in which part is not saved.", fix=SPLIT_FIX, cells=[item.cell for item in evidence.splits]
    )


@check_on_request(
    "split.three_parts_seeded",
    title="Three parts by a fixed seed",
    help="Training, validation and test rows are kept apart, and a seed makes the same parts each time.",
)
def three_parts_seeded(evidence: Evidence, _limits: Limits) -> Verdict:
    """There are three parts, and they come out the same each time."""
    three = CHECKS["split.three_way"].run(evidence, {})
    if three.outcome == "unknown":
        return unknown(three.summary, cells=three.cells)
    if three.outcome != "pass":
        return failed(three.summary, fix=three.fix or "Keep three parts.", cells=three.cells)
    loose = [item for item in evidence.splits if item.shuffle is not False and item.random_state in {"", "None"}]
    seeded = [item for item in evidence.splits if item.random_state not in {"", "None"}]
    calls = [
        call
        for call in code_calls(evidence, SEEDED_LOADERS)
        if call.keyword("seed") or call.keyword("generator") or call.keyword("random_state")
    ]
    seeds = [item.cell for item in evidence.seeds] or [cell for _, cell in evidence.code.seeds]
    if seeded and not loose:
        return passed("The data is divided in three by a fixed seed.", cells=[item.cell for item in seeded])
    if calls and not loose:
        return passed(
            "The data is divided in three by a fixed seed.", origin="static", cells=[call.cell for call in calls]
        )
    if seeds and all(min(seeds) <= item.cell for item in loose):
        return passed("The data is divided in three under a fixed seed.", cells=seeds)
    official = [row for row in evidence.row_sets if row.origin_hint]
    if not loose and official:
        return passed("The parts are the data set's own.", cells=[item.cell for item in evidence.trainings])
    if reason := why_unseen(evidence, (*TRAINING_CALLS, *SCORING_CALLS)):
        return unknown(f"Whether the split is seeded could not be seen: {reason}.")
    return failed(
        "The data is divided in three, but no seed makes the same parts each time.",
        fix="train_test_split(..., random_state=0), or image_dataset_from_directory(..., seed=0).",
        cells=[item.cell for item in loose],
    )


def _holds_split(item: SavedFile, sizes: set[int]) -> bool:
    """Whether an array of whole numbers is as long as a part, or the names in a file speak of indices or parts."""
    flat = len(item.shape) == 1 and item.dtype.startswith(("int", "uint")) and item.shape[0] in sizes
    if item.what not in {"array", "table", "object"}:
        return False
    parts = sum(name.lower().startswith(("train", "val", "test")) for name in item.names) >= 2
    named = INDEX_WORDS.search(f"{item.path} {' '.join(item.names)}") is not None
    return (flat and (named or item.what == "array")) or (named and (parts or not item.shape or len(item.shape) == 1))


def _names_indices(call: CodeCall) -> bool:
    return INDEX_WORDS.search(call.given) is not None

"""Checks of a folder of photos: by class, in colour, without copies on both sides, broken files skipped."""

from __future__ import annotations

import re

from grader.checks.code_calls import code_calls
from grader.checks.observed import TRAINING_CALLS, why_unseen
from grader.checks.registry import Limits, Threshold, check_on_request
from grader.checks.verdicts import Verdict, failed, not_applicable, passed, unknown
from grader.model import Evidence

FOLDER_LOADERS = ("image_dataset_from_directory", "flow_from_directory", "ImageFolder", "from_folder")
OPENS_PICTURE = re.compile(
    r"Image\.open|\bload_img\b|imread|decode_(?:image|jpeg|png)|\.verify\(|read_image|from_directory|ImageFolder"
)
SKIPS = re.compile(
    r"\bexcept\b[^\n]*:(?:[^\n]*\n){0,6}?[^\n]*(?:print|append|log|warn|write|add|continue)", re.IGNORECASE
)
LOGS = re.compile(r"print\(|append\(|logg|warn|write|\.add\(|to_csv|to_json")
IGNORES = re.compile(r"ignore_errors|UnidentifiedImageError|\bverify\(")
NOT_PHOTOS = "The inputs are no photos."


@check_on_request(
    "data.folder_per_class",
    title="A folder for each class",
    help="The photos lie in one folder a class, as they were handed in or as a loader of such folders reads them.",
    thresholds=(Threshold("classes", 2, "of a single class there is nothing to tell apart"),),
)
def folder_per_class(evidence: Evidence, limits: Limits) -> Verdict:
    """Which class a photo has is told by its folder."""
    if evidence.input_kind in {"table", "text", "sequence"}:
        return not_applicable(NOT_PHOTOS, origin="kernel")
    data = evidence.own_data
    folders = (
        {item.label for item in data.groups if item.kind == "picture" and not item.by_name and item.label}
        if data is not None
        else set()
    )
    if len(folders) >= limits["classes"]:
        return passed(
            f"The photos lie in {len(folders)} folders, one a class.",
            origin="verified",
            measured={"folders": sorted(folders)},
        )
    calls = [call.cell for call in code_calls(evidence, FOLDER_LOADERS)]
    ran = {cell.index for cell in evidence.cells if cell.run_status == "ok"}
    if any(cell in ran for cell in calls):
        return passed("The photos are read from folders, one a class.", cells=calls)
    if calls:
        return unknown("Folders of photos are asked for; what they hold was not seen.", cells=calls)
    if reason := why_unseen(evidence, ("listdir", "glob", "rglob", "iterdir", "load_img", "imread", "open")):
        return unknown(f"How the photos lie could not be seen: {reason}.")
    return failed(
        "The data is no folder of photos for each class.",
        fix="Put the photos of each class into a folder of its name, and load them with image_dataset_from_directory.",
    )


@check_on_request(
    "data.rgb_converted",
    title="Photos in RGB",
    help="All photos reach the network with three channels.",
)
def rgb_converted(evidence: Evidence, _limits: Limits) -> Verdict:
    """Grey pictures and transparent ones become three channels like the others."""
    if evidence.input_kind in {"table", "text", "sequence"}:
        return not_applicable(NOT_PHOTOS, origin="kernel")
    used = {name for item in evidence.trainings for name in (item.train_rows, *item.drawn_from)}
    shapes = {row.shape for row in evidence.row_sets if row.id in used and len(row.shape) > 1}
    cells = [item.cell for item in evidence.trainings]
    if not shapes:
        reason = why_unseen(evidence, TRAINING_CALLS)
        return unknown(f"The shape of the photos was not seen{': ' + reason if reason else ''}.", cells=cells)
    measured = {"shapes": sorted(list(shape) for shape in shapes)}
    # Photos of a baseline may be small, grey or flat; the network's own are what counts.
    if any(len(shape) == 3 and 3 in {shape[0], shape[-1]} for shape in shapes):
        return passed("The photos reach the network in three channels.", cells=cells, measured=measured)
    return failed(
        f"The photos reach the network as {' and '.join(str(shape) for shape in sorted(shapes))}, not in three "
        f"channels.",
        fix="Image.open(path).convert('RGB'), or color_mode='rgb' in the loader.",
        cells=cells,
        measured=measured,
    )


@check_on_request(
    "split.no_duplicate_photos",
    title="No photo in two parts",
    help="No photo lies in two parts, neither as an exact copy nor as a look-alike; told by the files and by the rows.",
)
def no_duplicate_photos(evidence: Evidence, _limits: Limits) -> Verdict:
    """Files in folders called train, validation and test are different pictures."""
    data = evidence.own_data
    if data is None or not any(item.part for item in data.groups):
        return not_applicable("The files are not divided into parts; the rows of the split are compared instead.")
    crossing = [item for item in data.same if item.across_parts]
    if not crossing:
        return passed(
            "No photo lies in two parts.",
            origin="verified",
            measured={"copies": data.copies, "look_alikes": data.look_alikes},
        )
    first = crossing[0]
    return failed(
        f"{' and '.join(first.paths[:2])} are {'the same photo' if first.exact else 'look-alikes'} in two parts.",
        fix="Compare hashes of the files (exact and perceptual) before dividing them; keep copies in one part.",
        origin="verified",
        measured={"crossing": len(crossing)},
    )


@check_on_request(
    "data.corrupted_skipped",
    title="Broken files skipped and logged",
    help="Files that can't be opened are left out, and which ones is printed or written down.",
)
def corrupted_skipped(evidence: Evidence, _limits: Limits) -> Verdict:
    """A broken photo neither stops the work nor disappears silently."""
    opening = [cell for cell in evidence.cells if cell.kind == "code" and OPENS_PICTURE.search(cell.source)]
    skipping = [
        cell.index
        for cell in opening
        if (SKIPS.search(cell.source) or IGNORES.search(cell.source)) and LOGS.search(cell.source)
    ]
    if skipping:
        return passed("Files that can't be opened are skipped and logged.", origin="static", cells=skipping)
    silent = [cell.index for cell in opening if "except" in cell.source]
    fix = "try: Image.open(path).verify() ... except Exception as fault: print(path, fault); skipped.append(path)."
    if silent:
        return failed("Files that can't be opened are skipped without a word.", fix=fix, origin="static", cells=silent)
    return failed("Nothing is done about files that can't be opened.", fix=fix, origin="static")

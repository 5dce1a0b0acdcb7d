"""Checks of a model that is handed on: saved whole with its class names, loaded cold, asked about photos."""

from __future__ import annotations

import re

from grader.checks.code_calls import code_calls, functions_doing
from grader.checks.observed import SCORING_CALLS, why_unseen
from grader.checks.registry import Limits, Threshold, check_on_request
from grader.checks.results import shown_output
from grader.checks.saved_models import loaded_again, loading_calls, reloaded, saving_calls
from grader.checks.tables import tables
from grader.checks.verdicts import Verdict, failed, passed, unknown
from grader.model import Evidence, Scoring

OPENS_PHOTO = re.compile(r"Image\.open|load_img|imread|decode_(?:image|jpeg|png)|read_image")
PREDICTS = re.compile(r"\.predict\(|\bmodel\(|\bnet\(|\bagain\(|predict_on_batch\(")
TOP3 = re.compile(
    r"top[\s_-]*(?:3|three|k)|\[\s*(?::\s*,\s*)?-3\s*:|k\s*=\s*3|\[:\s*3\]|topk\([^)\n]*3|argsort", re.IGNORECASE
)
RANKED = re.compile(
    r"(?:top|class|label|pred|guess|prob|conf|score|rank)\w*?[\s_-]*([123])\b|\b([123])(?:st|nd|rd)", re.IGNORECASE
)
TOP_COLUMN = re.compile(r"top[\s_-]*(?:3|k|three)", re.IGNORECASE)
WRITES_TABLE = ("to_csv", "writerow", "writerows", "DictWriter", "savetxt")
NAMES_FILE = re.compile(r"class|label|names|clases|etiquetas|vocab", re.IGNORECASE)
COMPARES = re.compile(r"allclose|array_equal|assert_allclose|isclose|\.equal\(|==")


@check_on_request(
    "model.saved_whole",
    title="Model saved as a .keras file",
    help="The whole model (architecture and weights) is saved in Keras's own format.",
)
def saved_whole(evidence: Evidence, _limits: Limits) -> Verdict:
    """The model can be loaded without the notebook."""
    watched = [item for item in evidence.run_files.saved if item.what == "model" and item.path.endswith(".keras")]
    if watched:
        return passed(f"The whole model is saved as {watched[-1].path}.", cells=[item.cell for item in watched])
    left = [item for item in evidence.run_files.products if item.path.endswith(".keras")]
    if left:
        return passed(f"The whole model is saved as {left[-1].path}.", cells=[item.cell for item in left])
    fix = "model.save('classifier.keras')."
    saves = saving_calls(evidence)
    if any(".keras" in call.given for call in saves) and (reason := why_unseen(evidence, ("save", "save_model"))):
        return unknown(f"Whether the model was saved could not be seen: {reason}.")
    if saves:
        return failed(
            "The model is saved in another form than a .keras file.", fix=fix, cells=[call.cell for call in saves]
        )
    if reason := why_unseen(evidence, ("save", "save_model", "export")):
        return unknown(f"Whether the model was saved could not be seen: {reason}.")
    return failed("The model is not saved.", fix=fix)


@check_on_request(
    "project.class_names_saved",
    title="Class names saved",
    help="The names of the classes are saved beside the model, in the order of its outputs.",
)
def class_names_saved(evidence: Evidence, _limits: Limits) -> Verdict:
    """Who loads the model knows what its outputs mean."""
    names = [name.lower() for name in evidence.class_names] or _folders(evidence)
    for item in evidence.run_files.products:
        if item.kind in {"json", "text"} and len(names) > 1 and all(name in item.head.lower() for name in names):
            return passed(f"The names of the classes are saved ({item.path}).", cells=[item.cell])
    named = [
        item for item in evidence.run_files.products if item.kind in {"json", "text"} and NAMES_FILE.search(item.path)
    ]
    if named:
        return passed(f"The names of the classes are saved ({named[0].path}).", cells=[item.cell for item in named])
    written = [
        call
        for call in code_calls(evidence, ("dump", "dumps", "write_text", "write", "savetxt", "save"))
        if NAMES_FILE.search(call.given) and "." in call.given + call.name
    ]
    if written:
        return passed("The names of the classes are saved.", origin="static", cells=[call.cell for call in written])
    if reason := why_unseen(evidence, ("dump", "write_text", "write", "savetxt")):
        return unknown(f"Whether the names of the classes are saved could not be seen: {reason}.")
    return failed(
        "The names of the classes are not saved beside the model.",
        fix="json.dump(class_names, open('class_names.json', 'w')).",
    )


@check_on_request(
    "model.cold_reload",
    title="A cold start gives the same predictions",
    help="The saved model is loaded as a new object and answers as the trained one did.",
)
def cold_reload(evidence: Evidence, _limits: Limits) -> Verdict:
    """What is handed on is what was trained."""
    again = [item for item in reloaded(evidence) if _answered_before(evidence, item)]
    if again:
        return passed(
            "The loaded model has the same weights, and answered the same rows as the trained one: the same "
            "predictions.",
            cells=[item.cell for item in again],
            measured={"rows": _rows(evidence, again[0])},
        )
    loads = loading_calls(evidence)
    back = loaded_again(evidence)
    cells = [*(call.cell for call in loads), *(item.cell for item in back)]
    compared = [
        cell.index
        for cell in evidence.cells
        if cell.index >= min(cells, default=0) and COMPARES.search(cell.source) and PREDICTS.search(cell.source)
    ]
    if back and (compared or reloaded(evidence)):
        return passed(
            f"The model loaded from {back[0].path} has the weights that were saved, and is asked again.",
            cells=[*cells, *compared],
        )
    if loads and compared and all(shown_output(evidence, cell) for cell in compared[:1]):
        return passed("The predictions of the loaded model are compared.", origin="static", cells=compared)
    if reason := why_unseen(evidence, ("load_model", "load_state_dict", "load_weights", *SCORING_CALLS)):
        return unknown(f"Whether the loaded model answers alike could not be seen: {reason}.")
    if loads:
        return failed(
            "The model is loaded again, but its predictions are not compared with those of the trained one.",
            fix="np.allclose(model.predict(x), keras.models.load_model('classifier.keras').predict(x)).",
            cells=cells,
        )
    return failed(
        "The model is not loaded again.",
        fix="again = keras.models.load_model('classifier.keras'), and predict the same rows with it.",
    )


@check_on_request(
    "prediction.photo",
    title="Predict a photo",
    help="A photo is opened from its file, prepared as in training, and answered by the model.",
)
def photo(evidence: Evidence, _limits: Limits) -> Verdict:
    """One file goes in, an answer comes out."""
    opening = {cell.index for cell in evidence.cells if cell.kind == "code" and OPENS_PHOTO.search(cell.source)}
    # Photos are mostly opened by a function of one's own, which training uses too.
    if openers := functions_doing(evidence, OPENS_PHOTO):
        opening |= {call.cell for call in code_calls(evidence, openers)}
    asking = {cell.index for cell in evidence.cells if cell.kind == "code" and PREDICTS.search(cell.source)}
    single = {item.cell for item in evidence.scorings if _rows(evidence, item) == 1 and item.how in {"predict", "call"}}
    both = opening & asking
    if both and single:
        return passed("A photo is opened from its file and predicted.", cells=[*both, *single])
    if both:
        return passed("A photo is opened from its file and predicted.", origin="static", cells=both)
    if reason := why_unseen(evidence, ("load_img", "open", "imread", *SCORING_CALLS)):
        return unknown(f"Whether a photo is predicted could not be seen: {reason}.")
    return failed(
        "No photo is predicted from its file.",
        fix="Write predict_photo(path): open, convert to RGB, resize, predict, and return the name of the class.",
    )


@check_on_request(
    "prediction.csv_top3",
    title="Batch scoring to CSV with the top three",
    help="Many photos are scored into a CSV file, one row a file, with the three likeliest classes.",
    thresholds=(Threshold("rows", 2, "a table of one file is no batch"),),
)
def csv_top3(evidence: Evidence, limits: Limits) -> Verdict:
    """A folder goes in, a table comes out."""
    files = [item for item in tables(evidence) if item.source.lower().endswith((".csv", ".tsv"))]
    ranked = [item for item in files if _has_top3(item.columns)]
    large = [item for item in ranked if item.count >= limits["rows"]]
    if large:
        return passed(
            f"{large[0].source} holds the three likeliest classes of {large[0].count:,} files.",
            cells=[large[0].cell],
            measured={"rows": large[0].count, "columns": list(large[0].columns)},
        )
    if ranked:
        return failed(
            f"{ranked[0].source} holds {ranked[0].count} row{'s'[: ranked[0].count != 1]}.",
            fix="Score all photos of a folder into the table.",
            cells=[ranked[0].cell],
        )
    writing = {call.cell for call in code_calls(evidence, WRITES_TABLE)}
    top = [cell.index for cell in evidence.cells if cell.index in writing and TOP3.search(cell.source)]
    if not files and top:
        return passed("The three likeliest classes are written to a table.", origin="static", cells=top)
    if reason := why_unseen(evidence, WRITES_TABLE):
        return unknown(f"Whether a table of predictions is written could not be seen: {reason}.")
    fix = "Write one row a photo: file, top1, p1, top2, p2, top3, p3 (np.argsort(-probability)[:3]), with to_csv."
    if files:
        return failed(
            "No table has the three likeliest classes of each file.", fix=fix, cells=[item.cell for item in files]
        )
    return failed("No photos are scored into a CSV file.", fix=fix)


def _has_top3(columns: tuple[str, ...]) -> bool:
    places = {digit for name in columns for match in RANKED.finditer(name) for digit in match.groups() if digit}
    return places == {"1", "2", "3"} or any(TOP_COLUMN.search(name) for name in columns)


def _answered_before(evidence: Evidence, loaded: Scoring) -> bool:
    """Whether another object with the same weights was asked about the same rows before."""
    return any(
        item.rows == loaded.rows and item.weights == loaded.weights and item.model != loaded.model
        for item in evidence.scorings
        if item.rows and item.order < loaded.order
    )


def _rows(evidence: Evidence, scoring: Scoring) -> int:
    rows = evidence.row_set(scoring.rows)
    return rows.rows if rows is not None else 0


def _folders(evidence: Evidence) -> list[str]:
    data = evidence.own_data
    return sorted({item.label.lower() for item in data.groups if item.label}) if data is not None else []

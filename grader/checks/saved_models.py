"""Checks of models that are saved and loaded again."""

from __future__ import annotations

import re

from grader.checks.code_calls import CodeCall, code_calls
from grader.checks.networks import trained_networks
from grader.checks.observed import why_unseen
from grader.checks.registry import Limits, check_on_request
from grader.checks.verdicts import Verdict, failed, passed, unknown
from grader.model import Evidence, LoadedFile, Scoring

SAVING = ("save", "save_model", "save_weights", "export", "ModelCheckpoint")
LOADING = ("load_model", "load_weights", "load_state_dict", "from_pretrained", "TFSMLayer")
OF_MODELS = ("model", "weights")
NO_MODEL = re.compile(r"\.(?:png|jpe?g|gif|pdf|svg|npy|npz|csv|txt|json)\b", re.IGNORECASE)
NOT_OF_MODELS = ("np.", "numpy.", "plt.", "fig.", "img.", "image.", "Image.", "wb.", "nbformat.")
FIX = "model.save('model.keras'); then again = keras.models.load_model('model.keras'), and predict with it."


@check_on_request(
    "model.saved_and_loaded",
    title="Model saved and loaded",
    help="A trained model is saved, loaded again, and the loaded one has the same weights.",
)
def saved_and_loaded(evidence: Evidence, _limits: Limits) -> Verdict:
    """A trained model goes to a file and comes back."""
    saves, loads = saving_calls(evidence), loading_calls(evidence)
    if back := loaded_again(evidence):
        return passed(
            f"The model that was loaded from {back[0].path} has the weights that were saved.",
            cells=[*(call.cell for call in saves), *(item.cell for item in back)],
            measured={"file": back[0].path},
        )
    again = reloaded(evidence)
    if again and loads:
        return passed(
            "The model that was loaded again has the weights of the trained one.",
            cells=[*(call.cell for call in saves), *(item.cell for item in again)],
            measured={"scorings": len(again)},
        )
    if reason := why_unseen(evidence, (*SAVING, *LOADING)):
        return unknown(f"Whether a model is saved and loaded could not be seen: {reason}.")
    if saves and loads:
        return passed(
            "A model is saved and loaded again.",
            origin="static",
            cells=[*(call.cell for call in saves), *(call.cell for call in loads)],
        )
    if saves:
        return failed("The model is saved, but never loaded again.", fix=FIX, cells=[call.cell for call in saves])
    return failed("The trained model is not saved.", fix=FIX, cells=[call.cell for call in loads])


def loaded_again(evidence: Evidence) -> list[LoadedFile]:
    """Return the loadings of models, whose weights are then those of a model that was saved before."""
    saved = [item for item in evidence.run_files.saved if item.what in OF_MODELS and item.weights]
    return [
        item
        for item in evidence.run_files.loaded
        if item.what in OF_MODELS and any(item.weights == kept.weights and kept.order < item.order for kept in saved)
    ]


def reloaded(evidence: Evidence) -> list[Scoring]:
    """Return the scorings of models that no training made, by weights that a trained model was scored with before."""
    trained = {item.model.id for item in trained_networks(evidence)}
    known: dict[str, int] = {}
    for item in evidence.scorings:
        if item.model in trained and item.weights:
            known.setdefault(item.weights, item.order)
    return [
        item
        for item in evidence.scorings
        if item.model not in trained and known.get(item.weights, item.order) < item.order
    ]


def saving_calls(evidence: Evidence) -> list[CodeCall]:
    """Return the calls that save a model, as they are written."""
    return [call for call in code_calls(evidence, SAVING) if _of_model(call)]


def loading_calls(evidence: Evidence) -> list[CodeCall]:
    """Return the calls that load a model, as they are written."""
    broken = {cell.index for cell in evidence.cells if cell.run_status == "error"}
    loads = [*code_calls(evidence, LOADING), *code_calls(evidence, ("load",))]
    return [
        call
        for call in loads
        if call.cell not in broken and (call.last != "load" or call.name.startswith(("torch.", "jit.", "joblib.")))
    ]


def _of_model(call: CodeCall) -> bool:
    return not NO_MODEL.search(call.given) and not call.name.startswith(NOT_OF_MODELS)

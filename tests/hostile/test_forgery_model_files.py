"""A model file is code: whatever is handed in or sealed is opened in a box only, and never runs on the host."""

from __future__ import annotations

import io
import json
import os
import pickle
import shelve
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import pytest

from grader.model import Evidence
from grader.storage import read_evidence

from .forgeries import DATA, MATRIX, MODEL, SCORE, SETUP
from .forgeries_probe import FIND_CHANNEL
from .test_forgery import GRADER, Graded

pytestmark = pytest.mark.slow

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

AUDIT = """
import os, sys

def hook(event, args):
    if event == "pickle.find_class":
        said = f"unpickles {args[0]}.{args[1]}"
    elif event == "import" and args[0].partition(".")[0] in {"keras", "tensorflow", "torch", "h5py", "joblib", "dill"}:
        said = f"imports {args[0]}"
    else:
        return
    with_note(said)

def with_note(said):
    note = f"{os.getpid()} {' '.join(sys.orig_argv)[:200]!r} {said}\\n"
    log = os.open(os.environ["AUDIT_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(log, note.encode())
    os.close(log)

if "AUDIT_LOG" in os.environ:
    with_note("begins")
    sys.addaudithook(hook)
"""
"""sitecustomize.py of every Python process of the host that the command starts; boxes have an environment of their own."""

OPENING = """
import pickle, os
for name, load in {
    "model.pkl": lambda: pickle.load(open("model.pkl", "rb")),
    "rows.npy": lambda: np.load("rows.npy", allow_pickle=True),
    "evil.keras": lambda: keras.models.load_model("evil.keras", safe_mode=False),
}.items():
    try:
        print("opened", name, load())
    except Exception as error:
        print("failed", name, type(error).__name__)
print("here is", os.path.exists("@CANARY@"), os.system("touch @CANARY@"))
"""
"""The student opens their own files: in the kernel's box the payloads do run."""

WITH_LAMBDA = MODEL.replace(
    "keras.layers.Input((8, 8, 1)),", "keras.layers.Input((8, 8, 1)), keras.layers.Lambda(lambda pixels: pixels * 1.0),"
)
FIT = "history = model.fit(x_train, y_train, validation_split=0.2, epochs=2, batch_size=16, verbose=0)"

OTHER_SEAL = """
import shutil, sys
sys.modules["keras.src.saving.saving_lib"].save_model = lambda model, path: shutil.copy("huge.keras", path)
"""
"""What is sealed is a file of the student's choice: a layer that takes more memory than there is."""

EVIL_ROWS = (
    FIND_CHANNEL
    + """
import io, pickle
objects = io.BytesIO()
np.save(objects, np.array([pickle, os], dtype=object)[:0], allow_pickle=True)
head = b"{'descr': '<f4', 'fortran_order': False, 'shape': (100000000000, 784)}"
head += b" " * (117 - len(head)) + b"\\n"
huge = b"\\x93NUMPY\\x01\\x00" + len(head).to_bytes(2, "little") + head
for number, data in enumerate((objects.getvalue(), huge)):
    name = channel.send_artifact("npy", len(data), [data])
    channel.send("rows.seen", rows=f"r9{number}", count=120, shape=[8, 8], dtype="float64", source="array", exact=name,
                 canonical=name, values=name, complete=True)
    channel.send("model.scored", score=f"s9{number}", model="m1", how="evaluate", rows=f"r9{number}", labels="l1",
                 weights="0" * 32, returned={"accuracy": 1.0})
"""
)


class Payload:
    """Leaves a mark where it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.canary}",)


def evil_model(folder: Path, canary: Path) -> None:
    """Save a network whose Lambda layer leaves the mark, in both of Keras's formats, and one that is far too large."""
    import keras

    mark = eval(f"lambda x: [x, __import__('os').system('touch {canary}')][0]")
    layers = [keras.Input((8,)), keras.layers.Lambda(mark, output_shape=(8,)), keras.layers.Dense(2)]
    model = keras.Sequential(layers)
    model.save(folder / "evil.keras")
    model.save(folder / "evil.h5")
    plain = io.BytesIO()
    keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10)]).save(
        folder / "huge.keras"
    )
    with zipfile.ZipFile(folder / "huge.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    config["config"]["layers"][-1]["config"]["units"] = 10**10
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(plain, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    (folder / "huge.keras").write_bytes(plain.getvalue())


def hand_in_files(folder: Path, canary: Path) -> None:
    """Leave files of every kind that runs code when it is loaded."""
    payload = pickle.dumps(Payload(canary))
    (folder / "model.pkl").write_bytes(payload)
    (folder / "model.joblib").write_bytes(payload)
    np.save(folder / "rows.npy", np.array([Payload(canary)], dtype=object), allow_pickle=True)
    np.savez(folder / "rows.npz", rows=np.array([Payload(canary)], dtype=object))
    with zipfile.ZipFile(folder / "model.pt", "w") as archive:
        archive.writestr("archive/data.pkl", payload)
        archive.writestr("archive/version", "3")
    (folder / "settings.yaml").write_text(f"!!python/object/apply:os.system ['touch {canary}']")
    with shelve.open(str(folder / "history")) as shelf:
        shelf["x"] = Payload(canary)
    (folder / "saved").mkdir()
    (folder / "saved" / "saved_model.pb").write_bytes(b"\x08\x01\x12" + payload)
    (folder / "saved" / "keras_metadata.pb").write_bytes(payload)


def write(folder: Path, *cells: str) -> None:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell.strip()) for cell in cells]
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / "project.ipynb")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of two, graded under the audit; `canary` beside it is where every payload leaves its mark."""
    folder = tmp_path_factory.mktemp("models")
    canary, audit = folder / "canary", folder / "audit"
    audit.mkdir()
    (audit / "sitecustomize.py").write_text(AUDIT)
    files = folder / "class" / "files"
    files.mkdir(parents=True)
    hand_in_files(files, canary)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras's own, of NumPy
        evil_model(files, canary)
    write(files, SETUP, DATA, OPENING.replace("@CANARY@", str(canary)), WITH_LAMBDA, FIT, SCORE, MATRIX)
    seal = folder / "class" / "seal"
    write(seal, SETUP, DATA, MODEL, FIT, OTHER_SEAL, SCORE, MATRIX, EVIL_ROWS)
    (seal / "huge.keras").write_bytes((files / "huge.keras").read_bytes())
    canary.unlink(missing_ok=True)  # building the models has run the Lambda here
    command = [GRADER, "grade", str(folder / "class"), "--out", str(folder / "out"), "--reference-budget", "0"]
    command += ["--no-shared-text"]  # they are all of one hand
    search = os.pathsep.join(filter(None, [str(audit), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": search, "AUDIT_LOG": str(folder / "log")}
    subprocess.run([*command, "--jobs", "2"], check=True, timeout=600, env=environment, capture_output=True)
    return folder


def evidence_of(place: Path, name: str) -> Evidence:
    return read_evidence(place / "out" / name / "evidence.json")


def test_the_payloads_are_live(place: Path) -> None:
    """The student's own kernel runs them, in its box, where the canary's folder is not."""
    printed = "".join(output.text for cell in evidence_of(place, "files").cells for output in cell.rerun)
    assert "opened model.pkl 256" in printed
    assert "opened rows.npy" in printed
    assert "opened evil.keras" in printed
    assert "here is False" in printed


def test_the_audit_hears_unpickling(place: Path, tmp_path: Path) -> None:
    """A process of the host that unpickles is recorded: silence in the log means something."""
    log = tmp_path / "log"
    environment = {**os.environ, "PYTHONPATH": str(place / "audit"), "AUDIT_LOG": str(log)}
    code = f"import pickle, joblib; pickle.loads({pickle.dumps(Path('x'))!r})"
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert "unpickles pathlib" in log.read_text()
    assert "imports joblib" in log.read_text()


def test_no_process_of_the_host_opens_a_model(place: Path) -> None:
    """Neither the command nor a runner unpickles anything or as much as imports a library that could."""
    lines = (place / "log").read_text().splitlines()
    assert any("grader.execution.runner" in line and line.endswith("begins") for line in lines)
    assert [line for line in lines if not line.endswith("begins")] == []


def test_no_payload_ran_outside(place: Path) -> None:
    """The mark is nowhere."""
    assert not (place / "canary").exists()


def test_the_code_of_a_lambda_is_never_loaded(place: Path) -> None:
    """What is recomputed of a model with a Lambda is its graph: what the Lambda computed, without its code."""
    evidence = evidence_of(place, "files")
    assert evidence.run.status == "ok"
    assert evidence.verified
    assert {item.origin for item in evidence.verified} == {"verified"}


def test_a_model_too_large_to_load_costs_only_its_recomputation(place: Path) -> None:
    """The box's memory ends it; the run's own result stays as it was, nothing of it is verified, a person looks."""
    evidence = evidence_of(place, "seal")
    assert evidence.run.status == "ok"
    assert "verified" not in {item.origin for item in evidence.verified}
    assert Graded(place / "out").finding("seal", "evaluation.score_verified")["outcome"] == "unknown"
    assert Graded(place / "out").reviewed("seal")


def test_arrays_of_objects_and_of_impossible_size_are_nothing(place: Path) -> None:
    """Sent over the channel as rows they are neither unpickled nor allocated; what rests on them is unknown."""
    evidence = evidence_of(place, "seal")
    assert {item.role for item in evidence.scorings if item.rows in {"r90", "r91"}} <= {"other"}
    assert not {item.rows for item in evidence.verified} & {"r90", "r91"}

"""A notebook as Colab exports it, graded through the command line: nothing in it has to be changed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from grader.model import Tier
from tests.conftest import WriteNotebook
from tests.execution.conftest import require
from tests.pipeline.conftest import GRADER

CELLS = (
    "md:# Light and dark\nIn goes a picture of 8 x 8 pixels, and the network says whether it is light or dark.",
    """
!pip install -q tensorflow matplotlib==3.1
%tensorflow_version 2.x
from google.colab import drive
drive.mount('/content/drive')
""",
    """
import cv2
import pandas as pd
from tensorflow import keras
keras.utils.set_random_seed(0)
BASE = '/content/drive/MyDrive/Colab Notebooks/project'
assert cv2.imread(BASE + '/pictures/light/0.png') is not None
""",
    """
train, held = keras.utils.image_dataset_from_directory(
    BASE + '/pictures', image_size=(8, 8), batch_size=8, seed=1, validation_split=0.4, subset='both')
names = pd.read_csv('https://example.org/names.csv')
print(names.name.tolist(), train.class_names)
""",
    """
model = keras.Sequential([
    keras.layers.Rescaling(1 / 255),
    keras.layers.Conv2D(4, 3, activation='relu'),
    keras.layers.Flatten(),
    keras.layers.Dense(2, activation='softmax'),
])
model.compile(keras.optimizers.Adam(0.05), 'sparse_categorical_crossentropy', metrics=['accuracy'])
history = model.fit(train, epochs=3, verbose=0)
""",
    """
print('test accuracy', model.evaluate(held, verbose=0)[1])
model.save('/content/drive/MyDrive/models/light.keras')
model.save('/content/drive/MyDrive/models/light.h5')
!ls /content/drive/MyDrive/models
""",
)


def write_submission(folder: Path, write_notebook: WriteNotebook) -> None:
    """A notebook with Colab's metadata, and its pictures: twenty light ones and twenty dark ones."""
    write_notebook(*CELLS, name="project.ipynb", folder=folder)
    notebook = nbformat.read(folder / "project.ipynb", as_version=4)
    notebook.metadata["colab"] = {"provenance": [], "mount_file_id": "1AbC"}
    notebook.metadata["accelerator"] = "GPU"
    nbformat.write(notebook, folder / "project.ipynb")
    random = np.random.default_rng(0)
    for name, level in (("dark", 40), ("light", 200)):
        (folder / "pictures" / name).mkdir(parents=True)
        for place in range(20):
            pixels = (random.normal(level, 10, (8, 8, 3))).clip(0, 255).astype("uint8")
            Image.fromarray(pixels).save(folder / "pictures" / name / f"{place}.png")


@pytest.mark.slow
@pytest.mark.parametrize("tier", [pytest.param("bubblewrap", marks=pytest.mark.proof), "landlock"])
def test_a_colab_export_is_graded_as_it_is(tier: Tier, tmp_path: Path, write_notebook: WriteNotebook) -> None:
    """Drive, pip, OpenCV, folders of pictures, an address from --urls and saving to Drive all work; the report tells."""
    require(tier)
    pytest.importorskip("cv2")
    write_submission(tmp_path / "class" / "alice", write_notebook)
    (tmp_path / "names.csv").write_text("name\ndark\nlight\n")
    (tmp_path / "urls.csv").write_text("url,file\nhttps://example.org/names.csv,names.csv\n")
    out = tmp_path / "out"
    options = ("--urls", tmp_path / "urls.csv", "--isolation", tier, "--reference-budget", "0")
    command = [GRADER, "grade", str(tmp_path / "class"), "--out", str(out), *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    grade = json.loads((out / "alice" / "grade.json").read_text())
    assert grade["run"]["status"] == "ok", (grade["run"], done.stderr)
    outcomes = {item["check"]: item["outcome"] for item in grade["findings"]}
    assert outcomes["code.runs_top_to_bottom"] == "pass"
    assert outcomes["model.trains"] == "pass"
    evidence = json.loads((out / "alice" / "evidence.json").read_text())
    assert evidence["run"]["probe_faults"] == []
    executed = nbformat.read(out / "alice" / "executed.ipynb", as_version=4)
    printed = "".join(output.get("text", "") for cell in executed.cells for output in cell.get("outputs", ()))
    assert "Mounted at /content/drive" in printed
    assert "['dark', 'light'] ['dark', 'light']" in printed
    assert "light.h5" in printed
    report = (out / "alice" / "report.html").read_text()
    assert "Done in another way here" in report
    assert "https://example.org/names.csv was taken from the files mapped with --urls" in report
    assert "tensorflow was already here" in report

"""Which runs start from a template, and that such a run is the run that it would have been."""

from __future__ import annotations

import json
import re
import textwrap
import threading
from pathlib import Path

import psutil
import pytest

from grader.execution import RunSettings, run_submission, warming
from grader.execution.warming import Templates, starts_cold
from grader.model import Run

from .conftest import require, submission_of

NAMES = frozenset({"numpy", "keras", "six"})


class TestWhoStartsCold:
    @pytest.mark.parametrize(
        "source",
        [
            "import tensorflow as tf",
            "import os\nos.environ['PYTHONHASHSEED'] = '0'\nos.environ[\"TF_CPP_MIN_LOG_LEVEL\"] = '3'",
            "import lighthouse",
            "print('keras')",
        ],
    )
    def test_ordinary_notebooks_do_not(self, source: str) -> None:
        """Nothing in them could tell that libraries were in memory before they began."""
        assert not starts_cold(submission_of(source), NAMES)

    @pytest.mark.parametrize(
        "source",
        [
            "import os\nos.environ['KERAS_BACKEND'] = 'torch'",
            "%env TF_ENABLE_ONEDNN_OPTS=0",
            "os.putenv('TF_USE_LEGACY_KERAS', '1')",
            "import torch",
            "from torchvision import datasets",
            "import sys\nprint('tensorflow' in sys.modules)",
            "from importlib import reload",
            "import numpy as np, torch",
            "import timm",
            "from sys import modules",
            "from dotenv import load_dotenv",
            "get_ipython().run_line_magic('env', 'TF_USE_LEGACY_KERAS=1')",
        ],
    )
    def test_those_that_could_tell_do(self, source: str) -> None:
        """Variables that libraries read when imported, other frameworks, a look at what is imported: they start cold."""
        assert starts_cold(submission_of(source), NAMES)

    def test_a_file_named_like_a_library_does(self, tmp_path: Path) -> None:
        """A student's own `six.py` comes before the library; `kitten.py` is in nobody's way."""
        (tmp_path / "kitten.py").write_text("")
        assert not starts_cold(submission_of("import kitten", folder=tmp_path), NAMES)
        (tmp_path / "six.py").write_text("")
        assert starts_cold(submission_of("import six", folder=tmp_path), NAMES)

    def test_one_in_a_folder_that_is_searched_does(self, tmp_path: Path) -> None:
        """`src/six.py` counts where the notebook puts folders on the search path."""
        (tmp_path / "src").mkdir()
        (tmp_path / "src" / "six.py").write_text("")
        assert not starts_cold(submission_of("import six", folder=tmp_path), NAMES)
        assert starts_cold(submission_of("import sys\nsys.path.insert(0, 'src')", folder=tmp_path), NAMES)


class TestTemplates:
    def test_one_that_died_is_replaced_until_it_died_too_often(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Runs go on from a new one; where it dies again and again, they start cold."""
        monkeypatch.setattr(warming, "MODULES", ("colorsys",))
        settings = RunSettings(require("bubblewrap"))
        with Templates() as templates:
            seen = set()
            for _ in range(warming.MOST_DEATHS):
                template = templates.of(settings)
                assert template is not None
                seen.add(template._process.pid)
                template._process.kill()
                template._process.wait()
            assert len(seen) == warming.MOST_DEATHS
            assert templates.of(settings) is None

    def test_one_that_cannot_be_made_is_done_without(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """No descriptors, no processes: runs start cold, and nothing is left of the attempt."""

        def refuse(*_: object, **__: object) -> None:
            raise OSError(24, "Too many open files")

        monkeypatch.setattr("grader.sandbox.warm.subprocess.Popen", refuse)
        with Templates() as templates:
            assert templates.of(RunSettings("bubblewrap")) is None

    def test_a_wait_for_one_can_be_stopped(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Ctrl-C is heard while a template imports."""
        (tmp_path / "endless.py").write_text("import time\ntime.sleep(300)")
        monkeypatch.setattr(warming, "MODULES", ("endless",))
        monkeypatch.setattr(warming, "KERNEL_VARIABLES", {"PYTHONPATH": str(tmp_path)})
        stop = threading.Event()
        stop.set()
        with Templates() as templates:
            assert templates.of(RunSettings(require("bubblewrap")), stop) is None

    def test_runs_in_other_places_start_cold(self) -> None:
        """A fork can't become another interpreter, and goes into the boxes of bubblewrap only."""
        with Templates() as templates:
            assert templates.of(RunSettings("landlock")) is None
            assert templates.of(RunSettings("bubblewrap", python="/usr/bin/python3")) is None
            assert templates.for_run(submission_of("1"), RunSettings("bubblewrap", probe=None)) is None

    def test_none_outlives_its_grader(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """When the grader closes its end, for whatever reason, the template goes."""
        monkeypatch.setattr(warming, "MODULES", ("colorsys",))
        templates = Templates()
        template = templates.of(RunSettings(require("bubblewrap")))
        assert template is not None
        template._control.close()
        assert template._process.wait(10) == 0
        templates.close()


TRAINING = (
    """
import random
import keras, numpy as np, tensorflow as tf
from sklearn.linear_model import LogisticRegression
keras.utils.set_random_seed(3)
""",
    "x = np.random.rand(400, 6).astype('float32')\ny = (x.sum(1) > 3).astype('int32')",
    """
model = keras.Sequential([
    keras.layers.Dense(8, activation='relu'), keras.layers.Dropout(0.2), keras.layers.Dense(2, activation='softmax')
])
model.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])
history = model.fit(x[:300], y[:300], validation_data=(x[300:350], y[300:350]), epochs=3, verbose=0)
""",
    "print([value.hex() for value in history.history['loss']], model.evaluate(x[350:], y[350:], verbose=0))",
    "print(LogisticRegression().fit(x, y).coef_.tolist(), float(tf.random.uniform([])), random.random())",
    "import matplotlib.pyplot as plt\nplt.plot(history.history['loss'])\nplt.show()",
)


def _printed(run: Run) -> list[str]:
    assert run.executed_notebook is not None
    cells = json.loads(run.executed_notebook.read_text(encoding="utf-8"))["cells"]
    outputs = (output for cell in cells for output in cell["outputs"])
    return [str(item.get("text") or sorted(item.get("data", ()))) for item in outputs if item.get("name") != "stderr"]


@pytest.mark.slow
class TestARunFromATemplate:
    def test_is_the_run_that_starts_cold(self, tmp_path: Path) -> None:
        """Losses, scores, draws and figures of a seeded Keras training are the same, bit for bit; so are the events."""
        settings = RunSettings(require("bubblewrap"))
        submission = submission_of(*TRAINING)
        with Templates() as templates:
            template = templates.for_run(submission, settings)
            assert template is not None, "it would have started cold"
            assert "tensorflow" in template.names()
            warm = run_submission(submission, tmp_path / "warm", settings, templates=templates)
        cold = run_submission(submission, tmp_path / "cold", settings)
        assert warm.status == cold.status == "ok", (warm.message, cold.message)
        assert _printed(warm) == _printed(cold)
        assert _told(warm) == _told(cold)
        assert not _imports_told(warm)
        assert _imports_told(cold), "a kernel that imports TensorFlow itself says so on stderr"

    def test_finds_the_hooks_in_place(self, tmp_path: Path) -> None:
        """They are in the libraries before the kernel starts, and believe themselves where a cold kernel's are: in the
        box, by no path of the host's.
        """
        source = """
            import keras
            hooks = [cell.cell_contents for cell in keras.Model.fit.__closure__]
            code = next(hook.__func__ for hook in hooks if hasattr(hook, "__func__"))
            print(code.__globals__["__file__"], code.__code__.co_filename, code.__globals__["__spec__"].loader)
        """
        submission, settings = submission_of(textwrap.dedent(source)), RunSettings(require("bubblewrap"))
        with Templates() as templates:
            template = templates.for_run(submission, settings)
            assert template is not None
            assert psutil.Process(template._process.pid).children(), "hooks could not be placed beforehand"
            warm = run_submission(submission, tmp_path / "warm", settings, templates=templates)
        cold = run_submission(submission, tmp_path / "cold", settings)
        assert "/run/nb/probe/watch.py /run/nb/probe/watch.py" in _printed(cold)[0]
        assert _without_addresses(warm) == _without_addresses(cold)
        started, hooked = (
            next(item for item in warm.events if item.kind == f"probe.{kind}") for kind in ("started", "hooked")
        )
        assert started.seq < hooked.seq
        assert not [item for item in warm.events if item.kind == "probe.fault"]


def _without_addresses(run: Run) -> list[str]:
    return [re.sub(r"0x[0-9a-f]+", "", text) for text in _printed(run)]


def _told(run: Run) -> list[object]:
    """What was watched of the student's doings; what tells of the process itself is left out."""
    own = ("probe.", "file.")
    events = [item for item in run.events if not item.kind.startswith(own)]
    return [(item.cell, item.kind, {**item.fields, "seconds": None}) for item in events]


def _imports_told(run: Run) -> bool:
    assert run.executed_notebook is not None
    return "oneDNN" in run.executed_notebook.read_text(encoding="utf-8")

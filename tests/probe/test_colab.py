"""Notebooks from Colab run as they are: its modules, paths, magics and shell lines, in real kernels in real boxes."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from grader.model import Run, Tier
from grader.sandbox import Limits
from tests.execution.conftest import RunCells, require, text_of


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    """A submission's folder: a table, an archive, a folder with a table, and pictures of two classes."""
    folder = tmp_path / "handed_in"
    (folder / "course").mkdir(parents=True)
    (folder / "wine.csv").write_text("a,b\n1,2\n")
    (folder / "course" / "data.csv").write_text("c\n7\n")
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.writestr("inside.txt", "unpacked")
    return folder


@pytest.fixture(params=["bubblewrap", "landlock"])
def colab(request: pytest.FixtureRequest, run_cells: RunCells, handed_in: Path) -> Any:
    """Run cells beside the files handed in, in each tier that isolates."""
    tier: Tier = require(request.param)
    return lambda *cells, **more: run_cells(tier, *cells, folder=handed_in, limits=Limits(wall_s=120.0), **more)


def events_of(run: Run, kind: str) -> list[dict[str, Any]]:
    """The fields of the events of one kind."""
    return [event.fields for event in run.events if event.kind == kind]


def test_the_idioms_of_real_notebooks(colab: Any) -> None:
    """Mounting, absolute paths, `%cd`, unpacking, uploading and downloading work, and leave no fault of the probe."""
    run = colab(
        "from google.colab import drive\ndrive.mount('/content/drive')",
        "from google.colab import drive; drive.mount('/content/gdrive', force_remount=True)",
        "%cd /content/drive/MyDrive/x",
        "import os\nos.chdir('/content')\nprint(sorted(os.listdir('/content/drive/MyDrive')))",
        "import pandas as pd\nprint(pd.read_csv('/content/wine.csv').shape)",
        "print(pd.read_csv('/content/drive/MyDrive/Colab Notebooks/course/data.csv').c[0],\n"
        "      pd.read_csv('/content/gdrive/My Drive/any/where/data.csv').c[0])",
        "import zipfile\nzipfile.ZipFile('/content/archive.zip').extractall('/content')\n"
        "print(open('inside.txt').read(), os.path.exists('/content/inside.txt'))",
        "from google.colab import files\nimport io\nuploaded = files.upload()\n"
        "print(list(uploaded), pd.read_csv(io.BytesIO(uploaded['wine.csv'])).shape)",
        "open('/content/drive/MyDrive/results/out.csv', 'w').write('x')\n"
        "files.download('/content/drive/MyDrive/results/out.csv')",
        "from google.colab import auth, output, data_table, widgets, runtime\n"
        "auth.authenticate_user(); output.clear(); data_table.enable_dataframe_formatter(); print('harmless')",
        "from google.colab import userdata\nuserdata.get('KAGGLE_KEY')",
        "from google.colab.patches import cv2_imshow\nimport numpy as np\ncv2_imshow(np.zeros((4, 4, 3)))",
        "uploaded['other.csv']",
    )
    failed = {cell.index: cell.exception for cell in run.cells if cell.status == "error"}
    assert failed == {10: "SecretNotFoundError", 12: "KeyError"}
    assert text_of(run, 0) == "Mounted at /content/drive\n"
    assert text_of(run, 3) == "['archive.zip', 'course', 'wine.csv', 'x']\n"
    assert [text_of(run, cell) for cell in (4, 5, 6)] == ["(1, 2)\n", "7 7\n", "unpacked True\n"]
    assert "['wine.csv', 'archive.zip'] (1, 2)" in text_of(run, 7)
    assert "nothing was downloaded" in text_of(run, 8)
    assert next(cell for cell in run.cells if cell.index == 11).outputs[0].image_png
    assert [(item["need"], item["name"]) for item in events_of(run, "run.lacked")] == [
        ("secret", "KAGGLE_KEY"),
        ("file", "other.csv"),
    ]
    assert "/content/drive/MyDrive/Colab Notebooks/course is course of the files handed in" in [
        item["text"] for item in events_of(run, "run.note")
    ]
    assert not events_of(run, "probe.fault")


def test_shell_lines_and_magics(colab: Any) -> None:
    """`!` and `%` lines run, find Colab's paths and the notebook's variables, and raise nothing where they fail."""
    run = colab(
        '!ls /content; cat "/content/drive/MyDrive/a b/course/data.csv"',
        "from google.colab import drive; drive.mount('/content/drive')\n"
        "!cat /content/drive/My\\ Drive/notes/wine.csv | awk -F, '{print $2}'",
        "def shout(word):\n    !echo {word} $word '$word' $((1+1))\nshout('local')",
        "out = !echo one; echo two\nprint(out)",
        "!mkdir -p /content/new && unzip -q /content/archive.zip -d /content/new && cat new/inside.txt",
        "%%bash\ncat /content/wine.csv\necho {untouched} $HOME | wc -w",
        "%%capture held\n!echo hidden",
        "print(held.stdout)",
        "!nvidia-smi\n!exit 3",
        "%tensorflow_version 2.x\n%tensorflow_version 1.x",
        "%load_ext tensorboard\n%tensorboard --logdir logs",
        "%matplotlib widget\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()",
        "%%shell\necho from shell",
        "!sleep 1; touch later &\nimport os, time\nwhile not os.path.exists('later'): time.sleep(0.1)\nprint('came')",
    )
    assert run.status == "ok", run.message
    assert "wine.csv" in text_of(run, 0)
    assert text_of(run, 1).splitlines()[-2:] == ["b", "2"]
    assert text_of(run, 2).strip() == "local local $word 2"
    assert text_of(run, 3) == "['one', 'two']\n"
    assert text_of(run, 4) == "unpacked"
    assert text_of(run, 5) == "a,b\n1,2\n2\n"
    assert text_of(run, 6) == ""
    assert text_of(run, 7).strip() == "hidden"
    assert "not found" in text_of(run, 8)
    assert "TensorFlow 1 isn't here" in text_of(run, 9)
    assert "isn't shown while grading" in text_of(run, 10)
    assert next(cell for cell in run.cells if cell.index == 11).outputs[0].image_png
    assert text_of(run, 12) == "from shell\n"
    assert text_of(run, 13) == "came\n"
    assert not events_of(run, "probe.fault")


def test_installing_is_answered_from_what_is_here(colab: Any) -> None:
    """What is installed needs nothing, what is not is named, and no cell fails: by `!`, `%`, `-m pip` and in scripts."""
    run = colab(
        "!pip install -q -U numpy 'pandas>=1.0' opencv_contrib_python==1.2 git+https://github.com/x/no-such-thing.git",
        "%pip install scikit-learn",
        "import subprocess, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', 'matplotlib'])",
        "%%bash\nconda install -y -c conda-forge numpy=1.19\nsudo apt-get -qq install -y no-such-tool",
        "!pip --version",
    )
    failed = [cell.index for cell in run.cells if cell.status == "error"]
    assert failed == [3]  # a script of bash fails with its last line, as it does on Colab
    assert "numpy is already here" in text_of(run, 0)
    assert "pandas is already here" in text_of(run, 0)
    assert "not installed: no-such-thing isn't available offline" in text_of(run, 0)
    assert "scikit-learn is already here" in text_of(run, 1)
    assert "matplotlib is already here" in text_of(run, 2)
    assert "1.19 was asked for" in text_of(run, 3)
    assert text_of(run, 4).startswith("pip ")
    lacked = [item["name"] for item in events_of(run, "run.lacked")]
    assert [name for name in lacked if name.startswith("no-")] == ["no-such-thing", "no-such-tool"]


def test_paths_of_kaggle_show_what_was_handed_in(colab: Any) -> None:
    """The walk that begins every Kaggle notebook lists the files, and paths below find them by their end."""
    run = colab(
        "import os\nfor folder, _, names in os.walk('/kaggle/input'):\n"
        "    for name in sorted(names): print(os.path.join(folder, name))",
        "import pandas as pd\nprint(pd.read_csv('/kaggle/input/some-course/data.csv').c[0])",
        "pd.read_csv('/kaggle/input/some-course/none.csv')",
        "open('/kaggle/working/out.csv', 'w').write('x'); print(os.path.exists('out.csv'))",
    )
    assert text_of(run, 0).split() == ["/kaggle/input/archive.zip", "/kaggle/input/wine.csv"]
    assert [text_of(run, cell) for cell in (1, 3)] == ["7\n", "True\n"]
    assert "'/kaggle/input/some-course/none.csv'" in run.cells[2].message


def test_two_files_that_fit_as_well_are_not_guessed_between(colab: Any, handed_in: Path) -> None:
    """A path that ends like two of the files finds neither; one more folder in it decides."""
    for part in ("train", "test"):
        (handed_in / part).mkdir()
        (handed_in / part / "labels.txt").write_text(part)
    run = colab(
        "import os\nprint(os.path.exists('/content/drive/MyDrive/labels.txt'))",
        "print(open('/content/drive/MyDrive/proj/test/labels.txt').read())",
    )
    assert (text_of(run, 0), text_of(run, 1)) == ("False\n", "test\n")


def test_a_notebook_that_needs_none_of_it_finds_nothing_changed(colab: Any) -> None:
    """Without a word of Colab or Kaggle, `open` and the functions of `os` are Python's own, and so is the path."""
    run = colab(
        "import builtins, os, sys\n"
        "print([type(item).__name__ for item in (builtins.open, os.stat, os.listdir)],\n"
        "      [item for item in sys.path if 'probe' in item])",
    )
    assert text_of(run, 0).split() == ["['builtin_function_or_method',", "'builtin_function_or_method',",
                                       "'builtin_function_or_method']", "[]"]  # fmt: skip

"""Why a cell failed: what the notebook needed and the machine lacks, and a true sentence on the commonest causes.

The causes and their share come from 227 public notebooks run again under TensorFlow 2.21 and Keras 3.15.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from grader.model import CellRun, Submission

MAX_NAME = 120
"""Longest file or module name repeated to the student."""

MOVED_KERAS = re.compile(
    r"No module named '((?:tensorflow\.)?keras\.(?:utils\.np_utils|layers\.(?:core|convolutional|normalization|pooling|"
    r"recurrent|embeddings|advanced_activations|merge|wrappers)|wrappers|engine|preprocessing\.(?:image|text|sequence)|"
    r"utils\.vis_utils)[\w.]*)'"
)
"""Modules that older versions of Keras had: code to mend, not something this machine lacks."""

_NETWORK = re.compile(
    r"URLError|getaddrinfo|Name or service not known|Temporary failure in name resolution|URL fetch failure|"
    r"ConnectionError|Max retries exceeded|Network is unreachable|gaierror|Failed to resolve",
)
_DATASET_CALL = re.compile(r"(?:datasets?\.)?\b(\w+)\.load_data\s*\(|\b(fetch_\w+)\s*\(")
_DATASET_URL = re.compile(r"tf-keras-datasets/(?:\S*/)?([\w-]+)")
_GPU = re.compile(
    r"not compiled with CUDA|Found no NVIDIA driver|GPU device not found|No GPU|/device:GPU|cudaGetDevice"
)
_FILE = re.compile(
    r"No such file or directory:? '?([^'\n]+)'?|Could not find directory ([^\n]+)|\[Errno 2\].*'([^']+)'"
)
_MODULE = re.compile(r"No module named '?([\w.]+)'?")


@dataclass(frozen=True, slots=True)
class Cause:
    """A known cause: patterns over exception, message and cell source, and what to tell the student."""

    exception: str
    message: str
    source: str
    sentence: str

    def explains(self, exception: str, message: str, source: str) -> bool:
        """Return whether all three patterns are found."""
        return all(
            re.search(pattern, text)
            for pattern, text in ((self.exception, exception), (self.message, message), (self.source, source))
        )


CAUSES: tuple[Cause, ...] = (
    Cause("ModuleNotFoundError|ImportError", r"np_utils", "", "`np_utils` was removed from Keras: "
          "use `keras.utils.to_categorical` instead."),
    Cause("ModuleNotFoundError", r"keras\.wrappers", "", "`keras.wrappers` was removed from Keras: "
          "use the `scikeras` package, or Keras directly."),
    Cause("ModuleNotFoundError|ImportError", r"keras\.preprocessing|ImageDataGenerator|img_to_array|pad_sequences", "",
          "`keras.preprocessing` was emptied in Keras 3: import this name from `tensorflow.keras.preprocessing` or "
          "`keras.utils`."),
    Cause("ModuleNotFoundError", r"keras\.layers\.\w+", "", "Keras no longer has this submodule: "
          "import the layer from `keras.layers` directly."),
    Cause("ImportError|ModuleNotFoundError", r"keras\.(engine|utils\.vis_utils)|plot_model.*vis_utils", "",
          "This part of Keras was moved or removed: import the name from `keras` or `keras.utils` directly."),
    Cause("ImportError", r"cannot import name '(Convolution2D|merge|Merge|CuDNN\w+|Adam|SGD|RMSprop)'", "",
          "This name is no longer where it is imported from: look it up in the documentation of Keras 3."),
    Cause("ValueError|TypeError", r"\blr\b", r"\blr\s*=", "The argument `lr` of Keras's optimizers was "
          "renamed: write `learning_rate=`."),
    Cause("ValueError|TypeError", r"nb_epoch", "", "The argument `nb_epoch` was renamed: write `epochs=`."),
    Cause("ValueError|TypeError", r"border_mode|subsample|nb_row|nb_col|nb_filter|output_dim|init\b", "",
          "This layer is called with argument names of Keras 1 (`border_mode`, `output_dim`, ...): "
          "write `padding`, `units`, `kernel_initializer`."),
    Cause("AttributeError", r"(fit|evaluate|predict)_generator", "", "`fit_generator` and its kin were removed: "
          "`fit`, `evaluate` and `predict` take generators themselves."),
    Cause("AttributeError", r"predict_classes|predict_proba", "", "`predict_classes` was removed: "
          "use `model.predict(x).argmax(axis=1)` (or `> 0.5` for one output)."),
    Cause("KeyError", r"^'?(val_)?acc'?$", "", "The history has no key `acc`: Keras names it after the metric: it is "
          "`accuracy` where the model was compiled with `metrics=['accuracy']`."),
    Cause("KeyError", r"^'?(val_)?accuracy'?$", "", "The history has no key `accuracy`: the model was compiled without "
          "that metric, or under another name (`acc`)."),
    Cause("KeyError", r"^'?val_\w+'?$", "", "The history has no validation values: `fit` was called without "
          "`validation_data` or `validation_split`."),
    Cause("AttributeError", r"has no attribute '(int|float|bool|object|str)'", r"\bnp\.", "`np.int` and its kin were "
          "removed from NumPy: use `int`, `float` or `bool`."),
    Cause("KeyError|ValueError|RuntimeError", r"optimizer cannot recognize variable|Unknown variable|"
          r"optimizer.*different set of variables", "", "One optimizer object was used for two models: make a new "
          "optimizer for each `compile`."),
    Cause("ValueError", r"\.weights\.h5", "", "`save_weights` needs a file name that ends in `.weights.h5`."),
    Cause("ValueError", r"filepath provided must end in `\.keras`|Invalid filepath extension", "",
          "Keras 3 saves models under names that end in `.keras`."),
    Cause("AttributeError", r"module 'tensorflow.*' has no attribute '(placeholder|Session|get_default_graph|"
          r"global_variables_initializer|set_random_seed|app|contrib)'", "", "This is TensorFlow 1 code: that name was "
          "removed (for seeds write `tf.random.set_seed`)."),
    Cause("NameError", r"name '\w+' is not defined", "", "A name is used before any cell above has made it: cells were "
          "run in another order, or a cell is missing. Restart the kernel and run all cells."),
    Cause("SyntaxError|IndentationError", "", "", "This cell is not valid Python, so it could not run."),
    Cause("OSError|ImportError|ModuleNotFound|ValueError", r"ipympl|matplotlib.*widget", "", "`%matplotlib widget` "
          "needs the `ipympl` package: `%matplotlib inline` works everywhere."),
    Cause("MemoryError|ResourceExhausted", "", "", "The cell needed more memory than the grader allows."),
)  # fmt: skip


def find_needs(submission: Submission, cells: Sequence[CellRun]) -> tuple[str, ...]:
    """Return what failing cells needed and this machine did not have, each once, in order of appearance."""
    sources = {cell.index: cell.source for cell in submission.cells}
    found: dict[str, None] = {}
    for cell in cells:
        if cell.status == "error":
            found.update(dict.fromkeys(_needs_of(cell, sources.get(cell.index, ""))))
    return tuple(found)


def _needs_of(cell: CellRun, source: str) -> list[str]:
    text = f"{cell.exception}: {cell.message}"
    if _NETWORK.search(text):
        named = _DATASET_URL.search(text) or _DATASET_CALL.search(source)
        dataset = next((part for part in named.groups() if part), "") if named else ""
        return ["network", f"dataset {_name(dataset)}"] if dataset else ["network"]
    module = _MODULE.search(cell.message)
    if module and "Module" in cell.exception + "Module" * (cell.exception == "ImportError"):
        return [] if MOVED_KERAS.search(cell.message) else [f"module {_name(module.group(1))}"]
    if _GPU.search(text):
        return ["gpu"]
    missing = _FILE.search(cell.message)
    if missing and cell.exception in {"FileNotFoundError", "OSError", "NotFoundError", "NotADirectoryError"}:
        return [f"file {_name(next(part for part in missing.groups() if part))}"]
    return []


def _name(text: str) -> str:
    return " ".join(text.split())[:MAX_NAME].removesuffix(".npz")


def explain_failure(submission: Submission, cells: Sequence[CellRun]) -> str:
    """Return a sentence for the student on why the first failing cell failed; empty where it isn't known."""
    failed = next((cell for cell in cells if cell.status == "error"), None)
    if failed is None:
        return ""
    source = next((cell.source for cell in submission.cells if cell.index == failed.index), "")
    for need in _needs_of(failed, source):
        return _NEED_SENTENCES[need.split(" ")[0]].format(need.partition(" ")[2])
    for cause in CAUSES:
        if cause.explains(failed.exception, failed.message, source):
            return cause.sentence
    return ""


_NEED_SENTENCES = {
    "network": "The cell needs the internet, off while grading: hand the data in beside the notebook, or use a "
    "data set the grader has.",
    "module": "The package `{}` is not installed where notebooks are graded: use one that is, or ask for it.",
    "gpu": "The cell insists on a GPU: let it fall back to the CPU.",
    "file": "The file `{}` was not handed in with the notebook, or is named by a path of one computer only.",
}

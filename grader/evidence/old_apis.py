"""Names and arguments of older libraries: what a notebook that fails was written for, and what it is called today.

The rows and their share come from 227 public notebooks run again under TensorFlow 2.21 and Keras 3.15; the last version
that has each name was looked up in the releases.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from grader.model import CellRun, Submission

KERAS_2 = "Keras 2"
WRITTEN_FOR = "Written for"
"""How the sentence on an old API begins; the era follows."""


@dataclass(frozen=True, slots=True)
class OldApi:
    """Something that newer libraries lack: how its failure looks, and what to tell.

    `exception`, `message` and `source` are patterns over a failing cell; `written` is one over source that surely needs
    the older library, where there is such a one. `era` is what it was written for, `name` what it is called there,
    `last` the newest version that has it (empty where that needs a Python too old for kernels to be watched), and
    `today` the instruction that mends it.
    """

    era: str
    name: str
    last: str
    today: str
    exception: str
    message: str
    source: str = ""
    written: str = ""

    @property
    def sentence(self) -> str:
        """What the student is told, and the instructor: how to change it, and where it would run."""
        if not self.last:
            return f"{WRITTEN_FOR} {self.era}: {self.name} is no more. Today {self.today}."
        return (
            f"{WRITTEN_FOR} {self.era}: {self.name} is in {self.last} or older. Today {self.today}; "
            f"or run it in an environment of {self.last} (--python)."
        )

    def explains(self, exception: str, message: str, source: str) -> bool:
        """Return whether a failure is this one."""
        found = ((self.exception, exception), (self.message, message), (self.source, source))
        return all(re.search(pattern, text) for pattern, text in found)


_IMPORT = "ModuleNotFoundError|ImportError"
_ARGUMENT = "TypeError|ValueError"
_OPTIMIZERS = "Adam|SGD|RMSprop|Adagrad|Adadelta|Adamax|Nadam|Ftrl"

OLD_APIS: tuple[OldApi, ...] = (
    OldApi(KERAS_2, "`keras.utils.np_utils`", "TensorFlow 2.12", "import `to_categorical` from `keras.utils`",
           f"{_IMPORT}|AttributeError", r"np_utils", written=r"\bnp_utils\b"),
    OldApi(KERAS_2, "`keras.wrappers`", "TensorFlow 2.11", "use the `scikeras` package, or Keras directly",
           f"{_IMPORT}|AttributeError", r"keras\.wrappers|'wrappers'", written=r"\bkeras\.wrappers\b"),
    OldApi(KERAS_2, "`keras.layers` with submodules (`core`, `convolutional`, `normalization`, ...)", "TensorFlow 2.12",
           "import each layer from `keras.layers` itself", _IMPORT, r"keras\.layers\.\w+",
           written=r"\bkeras\.layers\.(?:core|convolutional|pooling|normalization|recurrent|embeddings|merge|"
                   r"advanced_activations|noise|local|wrappers)\b"),
    OldApi(KERAS_2, "`keras.preprocessing.image.ImageDataGenerator` (and its kin)", "TensorFlow 2.15",
           "import it from `tensorflow.keras.preprocessing`, or the name from `keras.utils`", _IMPORT,
           r"keras\.preprocessing|ImageDataGenerator|img_to_array|pad_sequences",
           written=r"\bfrom keras\.preprocessing(?:\.image)? import [^\n]*\bImageDataGenerator\b"),
    OldApi(KERAS_2, "this part of Keras (`keras.engine`, `vis_utils`, `keras.objectives`, ...)", "TensorFlow 2.12",
           "import the name from `keras` or `keras.utils` itself", _IMPORT,
           r"keras\.(?:engine|utils\.\w+_utils|objectives|legacy|optimizers\.\w+|callbacks\.\w+|backend\.\w+)",
           written=r"\bkeras\.(?:engine|utils\.vis_utils)\b"),
    OldApi("Keras 1", "this name of a layer or function", "",
           "write `Conv2D` for `Convolution2D`, and a layer's `add` or `concatenate` for `merge`",
           f"{_IMPORT}|AttributeError|NameError",
           r"\b(?:Convolution[123]D|merge|Merge|AtrousConvolution\w+|MaxoutDense)'"),
    OldApi("Keras 1", "`nb_epoch`", "", "write `epochs=`", _ARGUMENT, r"\bnb_epoch\b"),
    OldApi("Keras 1", "`nb_worker`, `nb_val_samples` and other `nb_` arguments", "",
           "leave them out: `fit` takes generators and counts their steps itself", _ARGUMENT,
           r"\b(?:nb_\w+|samples_per_epoch)\b"),
    OldApi("Keras 1", "a layer's argument (`border_mode`, `output_dim`, `subsample`, `init`, ...)", "",
           "write `padding`, `units`, `strides`, `kernel_initializer`", _ARGUMENT,
           r"border_mode|subsample|nb_row|nb_col|nb_filter|\boutput_dim\b|\binit\b|W_regularizer|dim_ordering|"
           r"Conv(?:olution)?2D\.__init__\(\) (?:takes|missing)|missing \d required positional argument: 'units'",
           source=r"border_mode|subsample|nb_row|nb_col|nb_filter|output_dim|init\s*=|W_regularizer|dim_ordering|Convolution2D"),
    OldApi(KERAS_2, "the argument `lr` of optimizers", "TensorFlow 2.10", "write `learning_rate=`",
           _ARGUMENT, r"\blr\b", r"\blr\s*=",
           written=rf"\b(?:{_OPTIMIZERS})\([^()\n]{{0,200}}\blr\s*="),
    OldApi(KERAS_2, "`fit_generator` (with `evaluate_generator`, `predict_generator`)", "TensorFlow 2.15",
           "give the generator to `fit`, `evaluate` or `predict`", "AttributeError",
           r"(?:fit|evaluate|predict)_generator", written=r"\.(?:fit|evaluate|predict)_generator\s*\("),
    OldApi(KERAS_2, "`predict_classes` (with `predict_proba`)", "",
           "write `model.predict(x).argmax(axis=1)` (or `> 0.5` for one output)", "AttributeError",
           r"predict_classes|predict_proba", r"predict_classes|predict_proba", written=r"\.predict_classes\s*\("),
    OldApi(KERAS_2, "the history's key `acc` for `metrics=['accuracy']`", "",
           "write `accuracy`: the history names a metric as `compile` does", "KeyError", r"^'?(?:val_)?acc'?$"),
    OldApi(KERAS_2, "`save_weights` under any file name", "TensorFlow 2.15",
           "give it a name that ends in `.weights.h5`", "ValueError", r"\.weights\.h5",
           written=r"\.save_weights\(\s*['\"][^'\"\n]{0,200}(?<!\.weights)\.h5['\"]"),
    OldApi(KERAS_2, "saving a model under any file name", "TensorFlow 2.15", "give it a name that ends in `.keras`",
           "ValueError", r"filepath provided must end in `\.keras`|Invalid filepath extension"),
    OldApi(KERAS_2, "one optimizer object for two models", "TensorFlow 2.10",
           "make a new optimizer for each `compile`", "KeyError|ValueError|RuntimeError",
           r"optimizer cannot recognize variable|Unknown variable|optimizer.{0,80}different set of variables"),
    OldApi("TensorFlow 1", "this name (`placeholder`, `Session`, `contrib`, ...)", "",
           "build the network with Keras (for seeds write `tf.random.set_seed`)", f"AttributeError|{_IMPORT}",
           r"module 'tensorflow[^']*' has no attribute '(?:placeholder|Session|InteractiveSession|get_default_graph|"
           r"global_variables_initializer|set_random_seed|app|contrib|layers|get_variable|variable_scope|"
           r"reset_default_graph|ConfigProto|logging|GPUOptions|train)'|tensorflow\.(?:contrib|examples)|"
           r"has no attribute 'set_session'"),
    OldApi("NumPy 1.23", "`np.int`, `np.float`, `np.bool` or `np.object`", "NumPy 1.23",
           "write `int`, `float`, `bool` or `object`", "AttributeError",
           r"module 'numpy' has no attribute '(?:int|float|bool|object|str|complex|long)'"),
)  # fmt: skip


def old_api_of(cell: CellRun, source: str) -> OldApi | None:
    """Return what of an older library a failing cell asked for, if that is why it failed."""
    return next((item for item in OLD_APIS if item.explains(cell.exception, cell.message, source)), None)


def ran_where_it_was_made(submission: Submission, index: int) -> bool:
    """Whether the saved notebook shows that a cell ran in its author's own environment.

    The cell was executed and saved without an error, and it or a later cell left an output.
    """
    later = [cell for cell in submission.cells if cell.kind == "code" and cell.index >= index]
    own = next((cell for cell in later if cell.index == index), None)
    if own is None or own.execution_count is None or any(output.kind == "error" for output in own.outputs):
        return False
    return any(output.kind != "error" for cell in later for output in cell.outputs)


def tell_era(submission: Submission) -> str:
    """Return `keras2` for a notebook that uses what Keras 3 surely lacks and Keras 2 has, else an empty text.

    Only names and arguments are read that fail in Keras 3 wherever they stand; comments don't count.
    """
    code = [_without_comments(cell.source) for cell in submission.cells if cell.kind == "code"]
    patterns = [item.written for item in OLD_APIS if item.era == KERAS_2 and item.written]
    return "keras2" if any(_finds(pattern, code) for pattern in patterns) else ""


def _finds(pattern: str, sources: Sequence[str]) -> bool:
    compiled = re.compile(pattern)
    return any(compiled.search(source) for source in sources)


def _without_comments(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if not line.lstrip().startswith("#"))

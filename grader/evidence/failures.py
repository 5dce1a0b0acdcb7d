"""Why a cell failed: what the notebook needed and the machine lacks, and a true sentence on the commonest causes.

The causes and their share come from 227 public notebooks run again under TensorFlow 2.21 and Keras 3.15.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from grader.evidence.lacks import Lacks, advice_on_package
from grader.evidence.names import explain_undefined_name
from grader.evidence.old_apis import old_api_of, ran_where_it_was_made
from grader.model import CellRun, Submission, TrainingRun

MAX_NAME = 120
"""Longest file or module name repeated to the student."""

MAX_FAILURES = 50
"""Failing cells looked into: what is missing shows in the first ones, and each is compared with all cells before it."""

_NETWORK = re.compile(
    r"URLError|HTTPError|getaddrinfo|Name or service not known|Temporary failure in name resolution|"
    r"URL fetch failure|ConnectionError|ConnectTimeout|Max retries exceeded|Network is unreachable|gaierror|"
    r"Failed to resolve|NameResolutionError|Could not resolve host|No address associated with hostname|"
    r"couldn't connect to 'https?:|"
    r"Command '?\[?'?(wget|curl|gdown|kaggle|git|(?:\S*python\S* -m )?pip)\b.*returned non-zero",
)
_DOWNLOAD = re.compile(
    r"^[ \t]*[!%][ \t]*(?:wget|curl|gdown|kaggle|git[ \t]+clone|aws|gsutil)\b|"
    r"\A\s*%%(?:bash|sh)\b[\s\S]*\b(?:wget|curl)\b",
    re.MULTILINE,
)
"""Shell commands that fetch data: offline they fail without an exception, and a later cell misses the files."""

_DATASET_CALL = re.compile(r"(?:datasets?\.)?\b(\w+)\.load_data\s*\(|\b(fetch_\w+)\s*\(")
_DATASET_URL = re.compile(r"tf-keras-datasets/(?:\S{0,200}/)?([\w-]{1,100})")
_GPU = re.compile(
    r"not compiled with CUDA|Found no NVIDIA driver|(?i:GPU(?: device)? (?:was )?not (?:found|available))|"
    r"(?i:\bno GPU)|/device:GPU|cudaGetDevice|nvidia-smi"
)
_GPU_SOURCES = {
    "IndexError": re.compile(
        r"(?:list_physical_devices|list_logical_devices)\s*\(\s*['\"]GPU|\bgpus?\s*\[", re.IGNORECASE
    ),
    "AssertionError": re.compile(r"^[ \t]*assert\b[^\n]*(?:gpu|cuda)", re.IGNORECASE | re.MULTILINE),
}
"""What the cell of such an exception says where it insists on a GPU without the message telling."""

_FILE = re.compile(
    r"No such file or directory:? '?([^'\n]+)'?|Could not find directory ([^\n]+)|\[Errno 2\].*'([^']+)'|"
    r"File not found: filepath=(\S+?)\.? |unable to open file: name = '([^']+)'|^(\S+\.\w+) not found\.?$"
)
_FILE_EXCEPTIONS = frozenset({"FileNotFoundError", "OSError", "NotFoundError", "NotADirectoryError", "ValueError"})
_PLACE = re.compile(r"\[Errno (?:13|30)\][^']*'([^']+)'")
_MODULE = re.compile(r"No module named '?([\w.]+)'?")
_LIBRARY = re.compile(r"(\S+\.so[\d.]*): cannot open shared object file")
_NAMESPACES = frozenset({"google", "mpl_toolkits", "azure", "backports", "sphinxcontrib"})
"""Packages of many distributions: what is missing from one was never installed. Of any other package that Python names
with a dot, the package itself is here and has no such part: an old or a misspelt import."""

_MEMORY = frozenset({"MemoryError", "_ArrayMemoryError", "ResourceExhaustedError"})
_DISK = re.compile(r"\[Errno 2[78]\]|No space left on device")
"""A full disk, and a file longer than any may be."""

_INPUT = "StdinNotImplementedError"
_COLAB_PATHS = ("/content", "/kaggle", "drive/", "/gdrive")
NOTHING_TOLD = Lacks()
_WRITES = re.compile(r"save|dump|\bto_(?:csv|json|pickle|excel|parquet)|Checkpoint|Logger|imwrite|['\"][wax]b?\+?['\"]")
_EXIT = re.compile(
    r"^[ \t]*(?:(?:os\.)?(?:_exit|abort)|exit|quit)\s*\(|os\.kill\s*\(\s*os\.getpid|do_shutdown\s*\(", re.MULTILINE
)
_OWN_ERRORS = ("NameError", "SyntaxError", "IndentationError", "TabError", "UnboundLocalError")


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
    Cause("KeyError", r"^'?(val_)?accuracy'?$", "", "The history has no key `accuracy`: the model was compiled without "
          "that metric, or under another name (`acc`)."),
    Cause("KeyError", r"^'?val_\w+'?$", "", "The history has no validation values: `fit` was called without "
          "`validation_data` or `validation_split`."),
    Cause("SyntaxError|IndentationError", "", "", "This cell is not valid Python, so it could not run."),
    Cause("OSError|ImportError|ModuleNotFound|ValueError", r"ipympl|matplotlib.*widget", "", "`%matplotlib widget` "
          "needs the `ipympl` package: `%matplotlib inline` works everywhere."),
    Cause("ModuleNotFoundError", r"No module named '\w+\.[\w.]+'", "", "This part of the package is not in the "
          "version installed here: it was moved or removed. Look up where the current version has it."),
    Cause("SystemExit", "", "", "The cell stops the notebook itself (`sys.exit`): take that out."),
)  # fmt: skip


def find_needs(submission: Submission, cells: Sequence[CellRun], lacks: Lacks = NOTHING_TOLD) -> tuple[str, ...]:
    """Return what failing cells needed and this machine did not have, each once, in order of appearance.

    `lacks` is what the run itself was seen to ask for in vain.
    """
    found: dict[str, None] = {}
    failed = [cell for cell in cells if cell.status == "error"]
    for cell in failed[:MAX_FAILURES]:
        found.update(dict.fromkeys(_needs_of(cell, submission, lacks)))
    return tuple(found)


MAY_COME_OF_A_CUT = frozenset(
    {"AssertionError", "BudgetSpent", "IndexError", "InvalidArgumentError", "KeyError", "StopIteration", "ValueError",
     "ZeroDivisionError"}
)  # fmt: skip
"""What code raises that counts on so many epochs (`history["loss"][9]`, a plot over `range(10)`) or so good a score."""


def tell_whose_fault(
    submission: Submission,
    cells: Sequence[CellRun],
    lacks: Lacks = NOTHING_TOLD,
    trainings: Sequence[TrainingRun] = (),
) -> Literal["", "notebook", "machine", "budget"]:
    """Return whose doing the first failure was; empty where nothing failed or it can't be told.

    After a training that was cut at the grader's own budget, what may come of that is not the notebook's.
    """
    failed = _first_failure(cells)
    if failed is not None:
        if _needs_of(failed, submission, lacks):
            return "machine"
        return "budget" if _may_come_of_a_cut(submission, failed, trainings) else "notebook"
    return "notebook" if _exit_of(submission, cells) is not None else ""


def _may_come_of_a_cut(submission: Submission, failed: CellRun, trainings: Sequence[TrainingRun]) -> bool:
    """Whether a training before the failure was cut, and the cell was not handed in with an error of its own."""
    cut = any(item.cut is not None and item.cell <= failed.index for item in trainings)
    before = next((cell for cell in submission.cells if cell.index == failed.index), None)
    own = before is not None and any(output.kind == "error" for output in before.outputs)
    return cut and not own and failed.exception.rpartition(".")[2] in MAY_COME_OF_A_CUT


def explain_failure(submission: Submission, cells: Sequence[CellRun], lacks: Lacks = NOTHING_TOLD) -> str:
    """Return a sentence for the student on why the first failing cell failed; empty where it isn't known."""
    failed = _first_failure(cells)
    if failed is None:
        ending = _exit_of(submission, cells)
        return "" if ending is None else f"Cell {ending + 1} ends the kernel itself: take that line out."
    old = old_api_of(failed, _source(submission, failed.index))
    if old is not None:
        return old.sentence
    needs = _needs_of(failed, submission, lacks)
    if needs:
        return _sentence_on(needs[-1])
    undefined = explain_undefined_name(submission, failed)
    if undefined:
        return undefined
    for cause in CAUSES:
        if cause.explains(failed.exception, failed.message, _source(submission, failed.index)):
            return cause.sentence
    return ""


def _first_failure(cells: Sequence[CellRun]) -> CellRun | None:
    return next((cell for cell in cells if cell.status == "error"), None)


def _source(submission: Submission, index: int) -> str:
    return next((cell.source for cell in submission.cells if cell.index == index), "")


def _exit_of(submission: Submission, cells: Sequence[CellRun]) -> int | None:
    """Return the cell that ended the kernel by its own words, where the run was interrupted there or soon after."""
    stopped = next((cell.index for cell in cells if cell.status == "interrupted"), None)
    if stopped is None:
        return None
    tried = [cell.index for cell in cells if cell.index <= stopped]
    return next((index for index in reversed(tried) if _EXIT.search(_source(submission, index))), None)


def _sentence_on(need: str) -> str:
    """Return what to do about a need."""
    kind, _, name = need.partition(" ")
    if kind == "module" and advice_on_package(name):
        return advice_on_package(name)
    if kind == "dataset" and name.startswith("fetch_"):
        kind = "sklearn"
    if kind == "upload" and not name:
        kind = "uploads"
    if kind == "file" and name.startswith(_COLAB_PATHS):
        kind = "drive"
    return _NEED_SENTENCES[kind].format(name)


def _needs_of(cell: CellRun, submission: Submission, lacks: Lacks) -> list[str]:
    """Return what one failing cell needed; the last one named is what the student can do most about."""
    source, text = _source(submission, cell.index), f"{cell.exception}: {cell.message}"
    old = old_api_of(cell, source)
    if old is not None:
        return [f"environment {old.era}"] if ran_where_it_was_made(submission, cell.index) else []
    exception = cell.exception.rpartition(".")[2]
    if _NETWORK.search(text):
        dataset, urls = _dataset_of(text, source), lacks.urls(cell)
        if dataset:
            return ["network", f"dataset {dataset}"]
        return ["network", f"url {_name(urls[-1])}"] if urls else ["network"]
    if exception == _INPUT:
        return ["input"]
    if exception in _MEMORY:
        return ["memory"]
    if _DISK.search(cell.message):
        return ["disk"]
    if exception == "UsageError" and "tensorflow_version" in cell.message:
        return ["colab"]
    if needed := lacks.needs(cell, source):
        return needed
    if exception in {"ModuleNotFoundError", "ImportError"}:
        return _needs_of_import(cell.message)
    if _GPU.search(text) or (exception in _GPU_SOURCES and _GPU_SOURCES[exception].search(source)):
        return ["gpu"]
    place = _PLACE.search(cell.message)
    if place:
        return [f"place {_name(place.group(1))}"]
    return _needs_of_files(cell, submission, exception, lacks)


def _dataset_of(text: str, source: str) -> str:
    """Return the data set that could not be fetched: the one the cell loads, or, of several, the one in the address."""
    called = {name for groups in _DATASET_CALL.findall(source) for name in groups if name}
    address = _DATASET_URL.search(text)
    if len(called) != 1 and address:
        return _name(address.group(1))
    return _name(called.pop()) if len(called) == 1 else ""


def _needs_of_import(message: str) -> list[str]:
    library = _LIBRARY.search(message)
    if library:
        return [f"library {_name(library.group(1))}"]
    module = _MODULE.search(message)
    if module is None:
        return []
    name = module.group(1)
    root, _, part = name.partition(".")
    return [] if part and root not in _NAMESPACES else [f"module {_name(name)}"]


def _needs_of_files(cell: CellRun, submission: Submission, exception: str, lacks: Lacks) -> list[str]:
    """Return the file that is missing; after a download that failed, its network and address too."""
    before = [item for item in submission.cells if item.kind == "code" and item.index <= cell.index]
    downloads = any(_DOWNLOAD.search(item.source) for item in before)
    missing = _FILE.search(cell.message) if exception in _FILE_EXCEPTIONS else None
    if missing:
        name = next(part for part in missing.groups() if part).strip(" '\"")
        if any(_made_by(item.source, name) for item in before):
            return []
        url = lacks.url_of(name, cell)
        fetched = ["network", f"url {_name(url)}"] if url else ["network"] if downloads else []
        return [f"file {_name(name)}", *fetched]
    known = any(cause.explains(cell.exception, cell.message, _source(submission, cell.index)) for cause in CAUSES)
    if not downloads or known or exception in _OWN_ERRORS:
        return []
    url = lacks.url_of("", cell)
    return ["network", f"url {_name(url)}"] if url else ["network"]


def _made_by(source: str, name: str) -> bool:
    """Whether a line of the notebook itself is there to write the file: then a cell of its own failed, or is gone."""
    file = re.split(r"[\\/]", name)[-1]
    return any(file in line and _WRITES.search(line.replace(file, "")) for line in source.splitlines())


def _name(text: str) -> str:
    return " ".join(text.split())[:MAX_NAME].removesuffix(".npz")


_NEED_SENTENCES = {
    "network": "The cell needs the internet, off while grading: hand the data in beside the notebook, or use a "
    "data set the grader has.",
    "dataset": "The notebook needs {0}, and there is no internet while grading: put {0} in --data "
    "(grader data add {0}).",
    "sklearn": "The cell's `{0}` needs the internet, off while grading: put scikit-learn's own folder "
    "(~/scikit_learn_data, where `{0}` was called once) in --data, under that name.",
    "url": "The notebook needs {0}, and there is no internet while grading: map it to a local file with --urls, or "
    "hand the file in beside the notebook.",
    "upload": "The notebook asks for {0} to be uploaded: hand {0} in beside the notebook.",
    "uploads": "The notebook asks for a file to be uploaded, and no data file was handed in beside it.",
    "secret": "The notebook asks Colab for the secret {0}, which nobody has while grading: let it run without.",
    "drive": "The notebook needs the file {0}, which was not handed in: hand it in beside the notebook.",
    "module": "The package `{}` is not installed where notebooks are graded: use one that is, or ask for it; a module "
    "of your own has to be handed in beside the notebook.",
    "colab": "`%tensorflow_version` exists on Google Colab only: take it out.",
    "library": "The system library `{}` is not installed where notebooks are graded: ask for it.",
    "gpu": "The cell insists on a GPU: let it fall back to the CPU.",
    "input": "The cell asks for something to be typed in, and nobody is there: put the value into the code.",
    "memory": "The cell needed more memory than the grader allows: hold less of the data at once (float32 takes half "
    "of float64), or ask for more (--memory).",
    "disk": "The cell wrote more than there is room for where notebooks are graded: write less, or delete files in "
    "between.",
    "place": "The cell writes to `{}`, which can't be written to where notebooks are graded: write beside the "
    "notebook, under a name that is not handed in.",
    "file": "The file `{}` was not handed in with the notebook, or is named by a path of one computer only.",
}

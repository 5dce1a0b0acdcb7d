"""Which runs can start from a template that has the libraries in memory, and the templates themselves.

A run that starts warm must come out as it would have cold. What libraries read when they are imported can't be changed
any more in a warm process; so notebooks that might want to, start cold. So does whatever uses another framework: none
of the template's libraries would have been in its process.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from grader.execution.settings import PROBE, PROBE_OFFER, RunSettings
from grader.model import Submission
from grader.sandbox.bubblewrap import RUNTIME
from grader.sandbox.warm import PREPARED, Entrance, Preparation, Template, template_variables

MODULES = (
    "numpy",
    "sklearn", "sklearn.datasets", "sklearn.metrics", "sklearn.model_selection", "sklearn.pipeline",
    "sklearn.preprocessing",
    # Not matplotlib.pyplot: it asks the kernel's shell how to show figures when it is imported.
    "matplotlib", "matplotlib.figure", "matplotlib.font_manager", "matplotlib.backends.backend_agg",
    "pandas",
    "IPython", "IPython.extensions.storemagic", "ipykernel.debugger", "ipykernel.ipkernel", "ipykernel.kernelapp",
    "ipykernel.zmqshell", "tornado.queues", "zmq.utils.garbage",
    "tensorflow", "keras",
    "tensorflow.python.data.ops.concatenate_op", "tensorflow.python.data.ops.flat_map_op",
    "tensorflow.python.data.ops.from_tensors_op", "tensorflow.python.data.ops.range_op",
    "tensorflow.python.data.ops.zip_op",
)  # fmt: skip
"""What most notebooks of deep learning import, and what a kernel is made of. None makes a thread or a tensor."""

KERNEL_VARIABLES = {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
"""Variables of every kernel."""

WATCHING = Preparation(PROBE / "launch.py", f"{RUNTIME}/{PROBE_OFFER}")
"""What every kernel that is watched does first: load the watching code and hook the libraries."""

MOST_DEATHS = 3
"""Templates that die so often will die again: from then on everything starts cold."""

_HARMLESS = re.compile(
    r"""(?:environ\s*\[\s*|environ\.setdefault\(\s*|putenv\(\s*)['"](?:PYTHONHASHSEED|CUDA_VISIBLE_DEVICES|TF_CPP_MIN_LOG_LEVEL)['"]"""
)
"""Python reads its hash seed before any code, there is no GPU, and what TensorFlow logs is no result."""

_COLD = re.compile(
    r"""
    \benvironb?\b | \bputenv\b | ^\s*%\s*(?:env|set_env)\b | _magic\(\s*['"](?:set_)?env\b | \bdotenv\b   # variables,
    | keras\.json | matplotlibrc                                       # and files, that libraries read when imported
    | \b(?:import|from)\b[^\n\#]*\b(?:torch\w*|\w*lightning|transformers|timm|skorch|fastai|accelerate|
        sentence_transformers|jax|flax|tf_keras|mxnet|cntk)\b          # other frameworks
    | \bsys\.modules\b | \bfrom\s+sys\b | \bimportlib\b | \breload\s*\( | \b__import__\b | \bexec[lv]\w*\b
    """,
    re.VERBOSE | re.MULTILINE,
)
_ELSEWHERE = re.compile(r"\bsys\.path\b")
"""Code that looks for modules in other folders too."""


def starts_cold(submission: Submission, names: frozenset[str]) -> bool:
    """Whether a submission's run could tell that `names`, top-level modules, were in memory before it began."""
    texts = [cell.source for cell in (*submission.code_cells, *submission.modules)]
    if any(_COLD.search(_HARMLESS.sub("", text)) for text in texts):
        return True
    if submission.folder is None:
        return False
    # A file of the student's comes before a library of the same name.
    everywhere = any(_ELSEWHERE.search(text) for text in texts)
    places = {submission.folder, submission.folder / submission.working}
    paths = submission.folder.rglob("*") if everywhere else (path for place in places for path in _listed(place))
    return any(path.stem in names or path.name == "matplotlibrc" for path in paths if path.suffix in {".py", ""})


def _listed(place: Path) -> Iterator[Path]:
    return place.iterdir() if place.is_dir() else iter(())


def entrance_of(descriptor: int, settings: RunSettings) -> Entrance:
    """The way into boxes for kernels that was handed over by its descriptor."""
    return Entrance.of_descriptor(descriptor, template_variables(KERNEL_VARIABLES, settings.threads), PREPARED)


class Templates:
    """Templates for this process's runs: made when first asked for, replaced when they die, ended at the end.

    Any thread may ask.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_threads: dict[int, Template] = {}
        self._dead: list[Template] = []
        self._deaths = 0
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, threads: int) -> None:
        """Let a template begin to import, without waiting for it."""
        self._template(threads)

    def of(self, settings: RunSettings, stop: threading.Event | None = None) -> Template | None:
        """Return a template that fits runs of these settings and is ready; None where they have to start cold.

        Setting `stop` ends the wait.
        """
        if not can_start_warm(settings):
            return None
        template = self._template(settings.threads)
        return template if template is not None and template.names(stop) and template.lives else None

    def for_run(
        self, submission: Submission, settings: RunSettings, stop: threading.Event | None = None
    ) -> Template | None:
        """Return a template for the run of a submission; None where it has to start cold."""
        if settings.probe != PROBE or not can_start_warm(settings) or starts_cold(submission, frozenset()):
            return None
        template = self.of(settings, stop)
        return None if template is None or starts_cold(submission, template.names(stop)) else template

    def close(self) -> None:
        """End all templates."""
        with self._lock:
            self._closed = True
            templates = [*self._by_threads.values(), *self._dead]
            self._by_threads.clear()
            self._dead.clear()
        for template in templates:
            template.close()

    def _template(self, threads: int) -> Template | None:
        with self._lock:
            found = self._by_threads.get(threads)
            if found is not None and not found.lives:
                self._deaths += 1
                self._dead.append(self._by_threads.pop(threads))  # not closed: a run may be about to use its number
                found = None
            if found is None and self._deaths < MOST_DEATHS and not self._closed:
                try:
                    found = self._by_threads[threads] = Template(MODULES, KERNEL_VARIABLES, threads, WATCHING)
                except OSError:  # no process or descriptor to be had: everything works without
                    self._deaths += 1
            return found


def can_start_warm(settings: RunSettings) -> bool:
    """Whether a fork can go into the boxes of such runs: into namespaces, and as the grader's own interpreter."""
    own = settings.python == sys.executable and not settings.interpreter.variables
    return settings.tier == "bubblewrap" and own and sys.platform == "linux"

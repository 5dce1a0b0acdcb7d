"""Which libraries a run's results depend on, and what this interpreter has of them."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
from collections.abc import Mapping

from grader.model import Interpreter

LIBRARIES: Mapping[str, tuple[str, ...]] = {
    "tensorflow": ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-macos"),
    "keras": ("keras",),
    "tf_keras": ("tf_keras",),
    "numpy": ("numpy",),
    "scipy": ("scipy",),
    "scikit-learn": ("scikit-learn",),
    "pandas": ("pandas",),
    "matplotlib": ("matplotlib",),
    "torch": ("torch",),
    "ipykernel": ("ipykernel",),
}
"""Library, and the distributions it comes in: with another version a notebook may give other results, or none."""

DISTRIBUTIONS = tuple(name for names in LIBRARIES.values() for name in names)


def versions_by_library(installed: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the version of each library, given those of distributions; libraries that are not there are left out."""
    found = {library: [installed[name] for name in names if name in installed] for library, names in LIBRARIES.items()}
    return tuple((library, versions[0]) for library, versions in found.items() if versions)


@functools.cache
def own_interpreter() -> Interpreter:
    """Return what is recorded of the grader's own interpreter."""
    installed = {name: version for name in DISTRIBUTIONS if (version := version_of(name))}
    return Interpreter(python=platform.python_version(), packages=versions_by_library(installed))


def version_of(distribution: str) -> str:
    """Return the version installed here, empty for none."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""

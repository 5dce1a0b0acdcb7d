"""scikit-learn's own data sets without a network: its folder, where the grader offers one under the data folder."""

from __future__ import annotations

import os
import tempfile

from .dataset_files import OFFERED_VARIABLE

OFFERED_FOLDER = "scikit_learn_data"
"""scikit-learn's name for its folder, in a home as in the offered data."""

FOLDER_VARIABLE = "SCIKIT_LEARN_DATA"


def offer_sklearn_files() -> None:
    """Let `fetch_california_housing`, `fetch_openml` and their kin find what was fetched before.

    The offered folder can't be written to, and scikit-learn makes folders in its own: each file is linked into one
    that can.
    """
    offered = os.path.join(os.environ.get(OFFERED_VARIABLE, ""), OFFERED_FOLDER)
    if not os.path.isabs(offered) or not os.path.isdir(offered) or FOLDER_VARIABLE in os.environ:
        return
    own = tempfile.mkdtemp(prefix="sklearn-")
    for folder, folders, files in os.walk(offered, followlinks=True):
        here = os.path.normpath(os.path.join(own, os.path.relpath(folder, offered)))
        for name in folders:
            os.makedirs(os.path.join(here, name), exist_ok=True)
        for name in files:
            os.symlink(os.path.join(folder, name), os.path.join(here, name))
    os.environ[FOLDER_VARIABLE] = own

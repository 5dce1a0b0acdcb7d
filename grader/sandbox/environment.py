"""The environment variables inside a box: few, ours, nothing of the host's."""

from __future__ import annotations

import os
import sys

from grader.sandbox.interpreter import search_path

_WINDOWS_NEEDS = ("SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "WINDIR")


def box_environment(python: str, work: str, tmp: str, threads: int) -> dict[str, str]:
    """Variables of any process in a box whose working folder is `work`.

    Thread counts are fixed, not left to the machine: sums in another order give other scores.
    """
    count = str(threads)
    variables = {
        "PATH": search_path(python),
        "HOME": work,
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "TMPDIR": tmp,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
        "IPYTHONDIR": f"{tmp}/.ipython",
        "MPLCONFIGDIR": f"{tmp}/.matplotlib",
        "KERAS_HOME": f"{work}/.keras",
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "CUDA_VISIBLE_DEVICES": "-1",
        "OMP_NUM_THREADS": count,
        "OMP_WAIT_POLICY": "PASSIVE",  # threads that spin while they wait make a full machine stand still
        "OPENBLAS_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        "NUMEXPR_NUM_THREADS": count,
        "TF_NUM_INTRAOP_THREADS": count,
        "TF_NUM_INTEROP_THREADS": count,
        "LOKY_MAX_CPU_COUNT": count,
    }
    if sys.platform == "win32":
        variables |= {name: os.environ[name] for name in _WINDOWS_NEEDS if name in os.environ}
        variables |= {"PATH": os.environ.get("PATH", ""), "TEMP": tmp, "TMP": tmp, "USERPROFILE": work}
    return variables

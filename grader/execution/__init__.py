"""Running submissions: a disposable runner process around nbclient, with the kernel in a box."""

from grader.execution.run import run_submission
from grader.execution.settings import RunProgress, RunSettings
from grader.execution.store import load_run

__all__ = ["RunProgress", "RunSettings", "load_run", "run_submission"]

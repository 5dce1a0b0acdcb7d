"""Course environments: kernels that run in another interpreter than the grader's."""

from grader.environments.file import EnvironmentFile, NamedEnvironment, read_environments, trusted_folders
from grader.environments.interpreters import choose_environment, in_environment

__all__ = [
    "EnvironmentFile",
    "NamedEnvironment",
    "choose_environment",
    "in_environment",
    "read_environments",
    "trusted_folders",
]

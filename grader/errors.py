"""The one error tree of the grader.

    GraderError
    ├── UsageError                    what the caller asked for can't be done: exit status 2
    │   ├── SubmissionsNotFoundError  no folder, no notebook there
    │   ├── RubricError               a rubric file with mistakes, each named by its path
    │   ├── MarksError                a file of marks given by hand with mistakes, each named by its line
    │   ├── SheetError                a CSV file of a course system, or a roster, that isn't what it should be
    │   ├── ExportError               marks that can't be brought into the form asked for
    │   ├── DatasetError              a data folder that is not there, or not laid out as expected
    │   ├── UrlMapError               a mapping file of --urls with mistakes, each named by its line
    │   ├── JudgeEndpointError        a --judge that nothing could be sent to, or a key that must not be
    │   ├── HiddenTestError           a --hidden-test that is not there, of no known form, or doesn't fit itself
    │   ├── StarterError              a --starter that is not there, or can't be read
    │   ├── SandboxUnavailableError   no isolation tier works here, and none was waived
    │   ├── CourseEnvironmentError    an interpreter that is not there, or can't run watched kernels
    │   ├── ClusterError              a --scheduler that doesn't answer, or workers that don't fit
    │   ├── EnvironmentFileError      a grader.toml with mistakes, each named by its path
    │   ├── ReviewError               a review desk that can't be served there, or whose library is missing
    │   └── ResultsError              an --out folder that can't be written, or holds no results
    ├── StorageFullError              a disk the grader writes to is full: exit status 3, and the class goes on later
    ├── StaleDecisionError            somebody else decided meanwhile: nothing was overwritten
    ├── SubmissionError               one submission can't be read: reported under its name, the rest go on
    └── InfrastructureError           the grader or the machine failed: never a student's low level
        ├── SandboxError              a box could not be started or did not obey
        ├── RunnerError               the runner process died or answered nonsense
        ├── VerificationError         recomputation could not be carried out
        └── ReferenceTrainingError    a reference training could not be carried out

Every message says what happened, to which submission or file, and what to do next.
"""

from __future__ import annotations


class GraderError(Exception):
    """Base of all errors the grader raises on purpose."""


class UsageError(GraderError):
    """What the caller asked for can't be done; the command ends with exit status 2."""


class SubmissionsNotFoundError(UsageError):
    """The path given holds no submission."""


class RubricError(UsageError):
    """A rubric file with mistakes.

    Args:
        source: the file or name of the rubric.
        mistakes: one sentence each, starting with the path of the mistake (`$.criteria[2].levels`).
    """

    def __init__(self, source: str, mistakes: tuple[str, ...]) -> None:
        self.source = source
        self.mistakes = mistakes
        count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__(f"{source} has {count}: " + "; ".join(mistakes))


class MarksError(UsageError):
    """A file of marks given by hand that can't be read, or names what is not there.

    Args:
        source: the file.
        mistakes: one sentence each, starting with the line of the mistake where there is one.
    """

    def __init__(self, source: str, mistakes: tuple[str, ...]) -> None:
        self.source = source
        self.mistakes = mistakes
        super().__init__(f"--marks {source}: " + "; ".join(mistakes))


class SheetError(UsageError):
    """A CSV file of a course system, or a roster, that can't be read or isn't what it should be."""


class ExportError(UsageError):
    """Marks that can't be brought into the form asked for: an option is missing, or doesn't fit the class."""


class DatasetError(UsageError):
    """A data folder that is not there, or is not laid out like `~/.keras/datasets`."""


class UrlMapError(UsageError):
    """A mapping file of `--urls` with mistakes.

    Args:
        source: the file.
        mistakes: one sentence each, starting with the line of the mistake (`line 3: ...`).
    """

    def __init__(self, source: str, mistakes: tuple[str, ...]) -> None:
        self.source = source
        self.mistakes = mistakes
        super().__init__(f"--urls {source}: " + "; ".join(mistakes))


class JudgeEndpointError(UsageError):
    """A `--judge` that is no address of a server, lacks a model, or to which a key must not be sent."""


class HiddenTestError(UsageError):
    """A `--hidden-test` that is not there, is of no known form, or whose rows and labels don't fit each other."""


class StarterError(UsageError):
    """A `--starter` that is not there, or can't be read."""


class SandboxUnavailableError(UsageError):
    """No isolation tier works on this machine, and isolation was not waived by name."""


class CourseEnvironmentError(UsageError):
    """The interpreter that kernels should run in is not there, is too old, or lacks something."""


class ClusterError(UsageError):
    """A `--scheduler` that does not answer, or whose workers are not what results must rest on."""


class EnvironmentFileError(UsageError):
    """A `grader.toml` with mistakes.

    Args:
        source: the file.
        mistakes: one sentence each, starting with the path of the mistake (`$.environments.keras2.python`).
    """

    def __init__(self, source: str, mistakes: tuple[str, ...]) -> None:
        self.source = source
        self.mistakes = mistakes
        count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__(f"{source} has {count}: " + "; ".join(mistakes))


class ResultsError(UsageError):
    """An output folder that can't be written, or that holds no stored results."""


class StorageFullError(GraderError):
    """A disk that the grader writes to is full: no fault of a submission, so the whole command ends."""


class ReviewError(UsageError):
    """The review desk can't be served."""


class StaleDecisionError(GraderError):
    """Somebody else changed what a person was about to change; nothing was overwritten."""


class SubmissionError(GraderError):
    """One submission can't be read; it is reported under its name and the others are graded."""


class InfrastructureError(GraderError):
    """The grader or the machine failed; levels become null and the submission goes to review."""


class SandboxError(InfrastructureError):
    """A sandbox could not be started, or ended in a way its contract does not allow."""


class RunnerError(InfrastructureError):
    """The runner process of a submission died or left no readable result."""


class VerificationError(InfrastructureError):
    """The recomputation outside the student's process could not be carried out."""


class ReferenceTrainingError(InfrastructureError):
    """A reference recipe could not be trained or scored."""

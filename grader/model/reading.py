"""What was read in a notebook: its cells, its code and its prose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from grader.model.submission import CellKind, SavedOutput


@dataclass(frozen=True, slots=True)
class OwnFunction:
    """A function that the student wrote, and the dotted names it calls."""

    name: str
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CellFacts:
    """One cell as read and as run. `calls` are dotted names called (`model.fit`, `plt.plot`, `sns.heatmap`)."""

    index: int
    kind: CellKind
    source: str
    execution_count: int | None = None
    saved: tuple[SavedOutput, ...] = ()
    rerun: tuple[SavedOutput, ...] = ()
    run_status: Literal["ok", "error", "interrupted", "not_run"] = "not_run"
    exception: str = ""
    message: str = ""
    seconds: float = 0.0
    parses: bool = True
    calls: tuple[str, ...] = ()
    defines_functions: int = 0
    code_lines: int = 0
    comment_lines: int = 0
    commented_code_lines: int = 0
    file: str = ""
    """The script, module or document that the cell is (a part of); empty for a notebook's own cells."""
    line: int = 0
    """The line of `file` on which the cell begins, from 1."""
    own: str | None = None
    """What of `source` is the student's, where some of it is the assignment's; None where all is."""
    functions: tuple[OwnFunction, ...] = ()
    """What the cell defines; who calls one of these elsewhere does what it does."""

    @property
    def is_given(self) -> bool:
        """Whether nothing of it is the student's: a cell of the assignment's template, unchanged."""
        return self.own is not None and not self.own.strip()

    @property
    def is_document(self) -> bool:
        """Whether this is a document beside the code (README.md), shown as a cell."""
        return self.kind == "markdown" and bool(self.file) and not (self.file.endswith(".py") or ".pdf, " in self.file)


@dataclass(frozen=True, slots=True)
class LintIssue:
    """One finding of the notebook linter (ruff in notebook mode)."""

    rule: str
    message: str
    cell: int
    line: int


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """The code as a whole. `seeds` are dotted names of seeding calls or `random_state=` arguments with their cell."""

    imports: tuple[str, ...] = ()
    import_cells: tuple[int, ...] = ()
    seeds: tuple[tuple[str, int], ...] = ()
    lint: tuple[LintIssue, ...] = ()
    lint_ran: bool = False
    repeated_blocks: tuple[tuple[int, int, int], ...] = ()
    """Copy-paste: (cell, cell, lines) of runs of equal code lines."""
    function_count: int = 0
    heading_count: int = 0
    shell_lines: int = 0
    defined_class_names: tuple[str, ...] = ()
    tuning: tuple[tuple[str, int], ...] = ()
    """Tuning or regularising constructs in the code (`EarlyStopping`, `Dropout`, a loop over settings), by cell."""
    picks: tuple[int, ...] = ()
    """Cells with a loop that trains one network after another, scores each, and keeps what scored best."""
    lint_note: str = ""
    """Why the linter could not run, where `lint_ran` is False."""


SectionKind = Literal["introduction", "data", "model", "training", "evaluation", "conclusion", "other"]
Topic = Literal[
    "task",
    "layers",
    "training",
    "score",
    "overfitting",
    "trade_offs",
    "failure_reasons",
    "choice_reason",
    "weakness",
    "inadequacy",
    "next_step",
    "next_step_reason",
    "insight",
    "grader_address",
]
"""`weakness` says where the model goes wrong; `inadequacy` that it is not good enough as a whole (R² only 0.5)."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence that speaks of a topic. `strength` is `named` (the term appears) or `explained` (it is explained).

    `stance` is set where the sentence takes a side: for overfitting `present`, `absent` or `general`.
    """

    topic: Topic
    strength: Literal["named", "explained"]
    quote: str
    cell: int
    stance: str = ""
    classes: tuple[str, ...] = ()
    """Class names or numbers the sentence speaks of, as written."""
    voice: Literal["rules", "classifier"] = "rules"
    """Which reader heard it: the rules, or the sentence classifier where they did not."""


@dataclass(frozen=True, slots=True)
class NumberClaim:
    """A number the student states. `value` is normalised: accuracy 0..1, others as they are.

    `metric` is `accuracy`, `loss`, `error` (1 - accuracy), `mae`, `mse`, `rmse`, `r2`, `f1`, `precision`, `recall`,
    `epochs`, `parameters`, ...; `split` says of which rows (`unstated` where the sentence doesn't say);
    `digits` is the number of decimals of `value` that were stated, for rounding; `where` tells prose from output.
    """

    metric: str
    value: float
    split: Literal["train", "validation", "test", "unstated"]
    quote: str
    cell: int
    where: Literal["prose", "comment", "saved_output", "rerun_output"]
    digits: int = 2
    approximate: bool = False
    literal: bool = False
    """The number stands as a literal in the code that prints it (`print("accuracy: 0.98")`)."""
    subject: str = ""
    """The model the sentence names (`dense`, `cnn`, `baseline`, `model 2`), lower case; empty where it names none.

    A number about another model than the final one is compared with that one's scorings, or with none.
    """
    clause: str = ""
    """The part of the sentence that the number stands in: what is said of chance or aims elsewhere is not of it."""
    rows: int | None = None
    """Of how many rows a counted share is (`348 of 360`), None where the number is no count."""


StatementKind = Literal[
    "test_used_once", "early_stopping", "dropout", "no_dropout", "all_epochs", "split", "compared", "never_wrong"
]


@dataclass(frozen=True, slots=True)
class Statement:
    """Something a student says was done. `said` holds its particulars: shares of a split, a count, a model beaten."""

    kind: StatementKind
    said: tuple[str, ...]
    quote: str
    cell: int


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of markdown under one heading. `words` counts words without headings, code and links."""

    kind: SectionKind
    heading: str
    cells: tuple[int, ...]
    words: int


@dataclass(frozen=True, slots=True)
class ProseFacts:
    """The student's words. `language` is an ISO code or `unknown`; `closing_words` counts the concluding write-up."""

    language: str = "unknown"
    words: int = 0
    closing_words: int = 0
    closing_cells: tuple[int, ...] = ()
    sections: tuple[Section, ...] = ()
    passages: tuple[Passage, ...] = ()
    claims: tuple[NumberClaim, ...] = ()
    statements: tuple[Statement, ...] = ()

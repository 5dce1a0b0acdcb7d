"""Each cell as read and as run."""

from __future__ import annotations

import ast

from grader.evidence.reading.comments import count_lines, read_comments
from grader.evidence.reading.source import Source, calls, dotted_name, read_source
from grader.model.reading import CellFacts, OwnFunction
from grader.model.run import CellRun, Run
from grader.model.submission import Cell, Submission


def read_cells(submission: Submission, run: Run | None) -> tuple[CellFacts, ...]:
    """Return the facts of every cell, in order, joined with how the cell ended in `run` (None: it was not run).

    The project's own modules are cells too: what they call and explain is the student's.
    """
    ran = {cell.index: cell for cell in run.cells} if run is not None else {}
    every = sorted((*submission.cells, *submission.modules), key=lambda cell: cell.index)
    return tuple(_read_cell(cell, ran.get(cell.index)) for cell in every)


def read_sources(cells: tuple[CellFacts, ...]) -> tuple[Source, ...]:
    """Return the code of the code cells as plain Python, in order."""
    return tuple(read_source(cell.index, cell.source) for cell in cells if cell.kind == "code")


def read_sources_of(submission: Submission) -> tuple[Source, ...]:
    """Return the code of a submission's code cells as plain Python, in order."""
    return tuple(read_source(cell.index, cell.source) for cell in submission.code_cells)


def _read_cell(cell: Cell, ran: CellRun | None) -> CellFacts:
    ran = ran or CellRun(cell.index, "not_run")
    source = read_source(cell.index, cell.source if cell.kind == "code" else "")
    comments = read_comments(source.text)
    lines = count_lines(source.text, source.tree, comments)
    tree = source.tree or ast.Module([], [])
    return CellFacts(
        index=cell.index,
        kind=cell.kind,
        source=cell.source,
        execution_count=cell.execution_count,
        saved=cell.outputs,
        rerun=ran.outputs,
        run_status=ran.status,
        exception=ran.exception,
        message=ran.message,
        seconds=ran.seconds,
        parses=source.tree is not None,
        calls=_called(tree),
        defines_functions=sum(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(tree)),
        code_lines=max(0, lines.code - source.magic_lines - source.shell_lines),
        comment_lines=lines.comment,
        commented_code_lines=lines.commented_code,
        file=cell.file,
        line=cell.line,
        functions=tuple(
            OwnFunction(node.name, _called(node)) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
        ),
    )


def _called(tree: ast.AST) -> tuple[str, ...]:
    return tuple(name for call in calls(tree) if (name := dotted_name(call.func)))

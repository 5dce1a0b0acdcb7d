"""The code of a notebook as a whole."""

from __future__ import annotations

import ast

from grader.evidence.reading.cells import read_sources
from grader.evidence.reading.class_names import read_class_names
from grader.evidence.reading.lint import lint_sources
from grader.evidence.reading.markdown import count_headings
from grader.evidence.reading.picks import read_picks
from grader.evidence.reading.repetition import repeated_blocks
from grader.evidence.reading.source import Source, calls, dotted_name, import_aliases, resolve
from grader.evidence.reading.tuning import tuning_constructs
from grader.model.reading import CellFacts, CodeFacts
from grader.model.submission import Submission

SEEDING_CALLS = (
    "random.seed",
    "numpy.random.seed",
    "numpy.random.default_rng",
    "numpy.random.RandomState",
    "tensorflow.random.set_seed",
    "tensorflow.set_random_seed",
    "tensorflow.compat.v1.set_random_seed",
    "set_random_seed",
    "torch.manual_seed",
    "torch.cuda.manual_seed_all",
    "jax.random.PRNGKey",
    "enable_op_determinism",
    "seed_everything",
)
"""Calls that fix random state, by the end of their full name."""
SEEDING_ARGUMENTS = ("random_state", "seed")


def read_code(submission: Submission, cells: tuple[CellFacts, ...]) -> CodeFacts:
    """Return what the code says by itself: imports, seeds, lint, copy-paste, tuning constructs. Runs ruff once."""
    sources = read_sources(cells)
    imported = {cell.index for cell in submission.modules}
    # Read as one notebook, a module would be said to import anew what the script imports.
    own = tuple(source for source in sources if source.index not in imported)
    report = lint_sources(own)
    imports = [(name, source.index) for source in sources for name in _imports(source)]
    return CodeFacts(
        imports=tuple(dict.fromkeys(name for name, _ in imports)),
        import_cells=tuple(dict.fromkeys(index for _, index in imports if index not in imported)),
        seeds=_seeds(sources),
        lint=report.issues,
        lint_ran=report.ran,
        repeated_blocks=repeated_blocks(own),
        function_count=sum(cell.defines_functions for cell in cells),
        heading_count=sum(
            count_headings(cell.source) for cell in cells if cell.kind == "markdown" and not cell.is_document
        ),
        shell_lines=sum(source.shell_lines for source in sources),
        defined_class_names=read_class_names(submission),
        tuning=tuning_constructs(sources),
        picks=read_picks(sources),
        lint_note=report.reason,
    )


def _imports(source: Source) -> list[str]:
    """Return the modules a cell imports, as full dotted names (`tensorflow.keras.layers`)."""
    names: list[str] = []
    for node in ast.walk(source.tree or ast.Module([], [])):
        if isinstance(node, ast.Import):
            names += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append("." * node.level + (node.module or ""))
    return names


def _seeds(sources: tuple[Source, ...]) -> tuple[tuple[str, int], ...]:
    trees = [(source.index, source.tree) for source in sources if source.tree is not None]
    aliases = import_aliases(tree for _, tree in trees)
    found: list[tuple[str, int]] = []
    for index, tree in trees:
        for call in calls(tree):
            name = resolve(dotted_name(call.func), aliases)
            if _is_seeding(name, call):
                found.append((name, index))
            found += [
                (f"{name.rpartition('.')[2]}({keyword.arg}=)", index)
                for keyword in call.keywords
                if keyword.arg in SEEDING_ARGUMENTS and not _is_none(keyword.value)
            ]
        if _sets_hash_seed(tree):
            found.append(("PYTHONHASHSEED", index))
    return tuple(dict.fromkeys(found))


def _is_seeding(name: str, call: ast.Call) -> bool:
    known = any(name == seeding or name.endswith(f".{seeding}") for seeding in SEEDING_CALLS)
    if not known:
        return False
    if name.endswith("enable_op_determinism"):
        return True
    return bool(call.args or call.keywords) and not (call.args and _is_none(call.args[0]))


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _sets_hash_seed(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and node.slice.value == "PYTHONHASHSEED"
        for node in ast.walk(tree)
    )

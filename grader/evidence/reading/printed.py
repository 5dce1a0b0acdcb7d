"""Numbers in the notebook's outputs: labelled scores that its own code printed, and made-up ones among them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import islice

from grader.evidence.reading.claims import Where, read_claims
from grader.evidence.reading.source import Source, calls, dotted_name
from grader.model.reading import CellFacts, NumberClaim
from grader.model.submission import SavedOutput

MAX_LINES = 200
MAX_CLAIMS = 40
"""Per cell and run: a training loop of one's own prints thousands of lines, of which none is the result."""
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LIBRARY_LINE = re.compile(
    r"ms/step|s/step|us/step|━|\[=+|=>|\.{5,}\]|\b\d+/\d+\b.*-.*(?:loss|accuracy)|(?:loss|accuracy|acc|mae): \S+ - \w+:"
    r"|^\s*Epoch \d+|\bEpoch\b|\bepochs?\b|\bépoca\b|\bsteps? \d+|\bbatch \d+|\bfold\b|So Far|"
    r"Total elapsed|^Trial|\bparams\b|Param #|\[CV"
    r"|^\s*(?:Text\(|<|\[|\(|array\(|\{|dict_|tf\.Tensor)|improved from|ETA|it/s|macro avg|"
    r"weighted avg|^\s*accuracy\s+\d",
    re.IGNORECASE,
)
"""Progress bars, `fit` logs, summaries and reports: written by libraries or epoch by epoch, not a student's claim."""
_PRINTING = frozenset({"print", "display", "Markdown", "HTML", "md", "write", "title", "suptitle"})
_SETTINGS = frozenset({"epochs", "batch_size", "learning_rate", "parameters", "dropout"})
_WRAPPERS = frozenset({"round", "float", "int", "str", "abs", "format", "Markdown", "HTML"})


def read_printed(cells: tuple[CellFacts, ...], sources: tuple[Source, ...]) -> tuple[NumberClaim, ...]:
    """Return the labelled numbers in saved and re-run outputs, marked where they stand as literals in the code."""
    literals = _literals_by_cell(sources)
    found: list[NumberClaim] = []
    for cell in cells:
        known = literals.get(cell.index, ())
        found += _claims_of(cell.saved, cell.index, "saved_output", known)
        found += _claims_of(cell.rerun, cell.index, "rerun_output", known)
    return tuple(found)


def _claims_of(
    outputs: tuple[SavedOutput, ...], cell: int, where: Where, literals: tuple[str, ...]
) -> list[NumberClaim]:
    found = (claim for line in _lines(outputs) for claim in read_claims(line, cell, where))
    scores = (_with_literal(claim, literals) for claim in found if claim.metric not in _SETTINGS)
    return list(islice(scores, MAX_CLAIMS))


def _lines(outputs: tuple[SavedOutput, ...]) -> Iterator[str]:
    text = "\n".join(output.text for output in outputs if output.kind in {"stream", "execute_result", "display_data"})
    for line in text.split("\n")[:MAX_LINES]:
        plain = _ANSI.sub("", line.rpartition("\r")[2]).strip()
        if plain and len(plain) < 400 and not _LIBRARY_LINE.search(plain):
            # `test_acc: 0.91` and `val_accuracy = 0.9` read like `test acc: 0.91`.
            yield re.sub(r"(?<=[A-Za-z])_(?=[A-Za-z])", " ", plain)


def _with_literal(claim: NumberClaim, literals: tuple[str, ...]) -> NumberClaim:
    if not any(_same_number(claim, literal) for literal in literals):
        return claim
    return NumberClaim(
        claim.metric,
        claim.value,
        claim.split,
        claim.quote,
        claim.cell,
        claim.where,
        claim.digits,
        claim.approximate,
        literal=True,
        subject=claim.subject,
    )


def _same_number(claim: NumberClaim, literal: str) -> bool:
    """Whether a literal is the claimed number, as fraction or percent. Round figures are too common to accuse with."""
    try:
        value = float(literal.replace(",", "."))
    except ValueError:
        return False
    if len(re.sub(r"\D", "", literal).strip("0")) < 2:
        return False
    step = 10.0**-claim.digits
    return any(abs(candidate - claim.value) <= step / 2 + 1e-12 for candidate in (value, value / 100))


# ---------------------------------------------------------------- literals that are printed
def _literals_by_cell(sources: tuple[Source, ...]) -> dict[int, tuple[str, ...]]:
    """Return, per cell, the number literals that its printing calls show, directly or through a variable."""
    variables: dict[str, tuple[str, ...]] = {}
    found: dict[int, tuple[str, ...]] = {}
    for source in sources:
        shown: list[str] = []
        for node in _in_order(source.tree or ast.Module([], [])):
            if isinstance(node, ast.Call):
                shown += [
                    text
                    for part in [*node.args, *(word.value for word in node.keywords)]
                    for text in _shown(part, variables)
                ]
            else:
                variables |= _assigned(node, variables)
        last = source.tree.body[-1] if source.tree and source.tree.body else None
        if isinstance(last, ast.Expr) and not isinstance(last.value, ast.Call):
            shown += _shown(last.value, variables)
        found[source.index] = tuple(shown)
    return found


def _in_order(tree: ast.Module) -> list[ast.Call | ast.Assign | ast.AugAssign | ast.AnnAssign]:
    printing = [call for call in calls(tree) if dotted_name(call.func).rpartition(".")[2] in _PRINTING]
    setting = [node for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign)]
    return sorted([*printing, *setting], key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0))


def _assigned(
    node: ast.Assign | ast.AugAssign | ast.AnnAssign, variables: dict[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Return what an assignment makes of its names: the literal they now stand for, or nothing where it is computed."""
    if isinstance(node, ast.AugAssign) or node.value is None:
        return {node.target.id: ()} if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) else {}
    result: dict[str, tuple[str, ...]] = {}
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        if isinstance(target, ast.Name):
            result[target.id] = _value_literals(node.value, variables)
        elif isinstance(target, ast.Tuple | ast.List):
            values = node.value.elts if isinstance(node.value, ast.Tuple | ast.List) else []
            for position, item in enumerate(target.elts):
                if isinstance(item, ast.Name):
                    known = position < len(values)
                    result[item.id] = _value_literals(values[position], variables) if known else ()
    return result


def _value_literals(node: ast.expr, variables: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the numbers an expression of literals only comes to; nothing where anything in it is computed."""
    if isinstance(node, ast.Constant) and not isinstance(node.value, bool) and isinstance(node.value, int | float):
        return (repr(node.value),)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return tuple(re.findall(r"\d+(?:[.,]\d+)?", node.value))
    if isinstance(node, ast.Name):
        return variables.get(node.id, ())
    if isinstance(node, ast.Call) and dotted_name(node.func) in _WRAPPERS and node.args:
        return _value_literals(node.args[0], variables)
    if isinstance(node, ast.BinOp):
        return _arithmetic(node, variables)
    if isinstance(node, ast.List | ast.Tuple):
        return tuple(text for item in node.elts for text in _value_literals(item, variables))
    return ()


def _arithmetic(node: ast.BinOp, variables: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    left, right = _value_literals(node.left, variables), _value_literals(node.right, variables)
    if len(left) != 1 or len(right) != 1:
        return ()
    try:
        a, b = float(left[0]), float(right[0])
        results = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b, ast.Div: a / b if b else a}
    except (ValueError, OverflowError):
        return ()
    value = results.get(type(node.op))
    return (repr(round(value, 10)),) if value is not None else ()


def _shown(node: ast.expr, variables: dict[str, tuple[str, ...]]) -> list[str]:
    """Return the literals that a printed expression shows: in its text, as a number, or through a literal's name."""
    if isinstance(node, ast.JoinedStr):
        return [text for part in node.values for text in _shown(part, variables)]
    if isinstance(node, ast.FormattedValue):
        return _shown(node.value, variables)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return [*_shown(node.left, variables), *_shown(node.right, variables)]
    if isinstance(node, ast.BinOp):
        direct = _value_literals(node, variables)
        return list(direct) if direct else [*_text_literals(node.left), *_text_literals(node.right)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return [*_shown(node.func.value, variables), *(text for part in node.args for text in _shown(part, variables))]
    return list(_value_literals(node, variables))


def _text_literals(node: ast.expr) -> list[str]:
    """Return the numbers inside the string parts of a concatenation; a number beside a computed value is a factor."""
    if isinstance(node, ast.BinOp):
        return [*_text_literals(node.left), *_text_literals(node.right)]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.findall(r"\d+(?:[.,]\d+)?", node.value)
    return []

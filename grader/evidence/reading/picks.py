"""Loops that train one network after another, score each, and keep the best, as they are written.

Only how something is picked is read here; on which rows it was scored is seen in the run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from grader.evidence.reading.source import Source, calls, dotted_name
from grader.evidence.reading.tuning import training_functions, trains

ORDERINGS = (ast.Gt, ast.GtE, ast.Lt, ast.LtE)
SCORES = frozenset(
    {"evaluate", "score", "predict", "accuracy_score", "balanced_accuracy_score", "f1_score", "mean_absolute_error"}
)
"""What a score comes from; validation logs of fit are read off `history`, and are none of these."""

EVALUATING = SCORES | {"eval", "no_grad", "inference_mode"}
"""What tells that a function of the student's own scores a model."""

PLACES = frozenset({"argmax", "argmin", "nanargmax", "nanargmin", "argsort"})
EXTREMES = frozenset({"max", "min", "sorted"})


def read_picks(sources: Sequence[Source]) -> tuple[int, ...]:
    """Return the cells with a loop that trains, scores, and keeps what scored best, in the loop or after it."""
    trees = [(source.index, source.tree) for source in sources if source.tree is not None]
    functions = [node for _, tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    training = training_functions([tree for _, tree in trees])
    scoring = SCORES | {item.name for item in functions if _last_names(item) & EVALUATING}
    picked = frozenset(name for _, tree in trees for name in _picked_from(tree))
    found = []
    for index, tree in trees:
        loops = [node for node in ast.walk(tree) if isinstance(node, ast.For) and _trains_anew(node, training)]
        if any(_keeps_best(loop, scoring) or _collected(loop, scoring) & picked for loop in loops):
            found.append(index)
    return tuple(found)


def _trains_anew(loop: ast.For, training: frozenset[str]) -> bool:
    """Whether each turn of a loop is a training of its own, and no epoch."""
    inner = [node for node in _walk_body(loop) if isinstance(node, ast.For | ast.While)]
    return any(trains(part, training) for part in loop.body) or any("step" in _last_names(node) for node in inner)


def _keeps_best(loop: ast.For, scoring: frozenset[str]) -> bool:
    """Whether the loop has `if score > best: best, kept = score, candidate` of its own, not of a loop inside it."""
    scores = _scores(loop, scoring)
    tests = [node for node in _own_body(loop) if isinstance(node, ast.If)]
    return any(_is_better(node.test, scores) and _stores_more(node) for node in tests)


def _is_better(test: ast.expr, scores: frozenset[str]) -> bool:
    return any(
        isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ORDERINGS)
        and bool((_names(node.left) | _names(node.comparators[0])) & scores)
        for node in ast.walk(test)
    )


def _stores_more(node: ast.If) -> bool:
    """Whether the best so far is noted, and something with it: a model, its weights, its number."""
    compared = {ast.dump(side) for side in _sides(node.test)}
    stored = [item for part in node.body for item in _targets(part)]
    noted = any(_as_read(item) in compared for item in stored)
    saved = any(name.startswith(("save", "load_state_dict")) for name in _last_names(ast.Module(node.body, [])))
    return noted and (len(stored) > 1 or saved)


def _sides(test: ast.expr) -> Iterator[ast.expr]:
    for node in ast.walk(test):
        if isinstance(node, ast.Compare):
            yield node.left
            yield from node.comparators


def _as_read(target: ast.expr) -> str:
    return ast.dump(target).replace("Store()", "Load()")


def _collected(loop: ast.For, scoring: frozenset[str]) -> frozenset[str]:
    """Return the lists and dictionaries that the loop puts scores into."""
    scores, found = _scores(loop, scoring), set()
    for node in _own_body(loop):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append":
            if any(_is_score(argument, scores, scoring) for argument in node.args):
                found.add(dotted_name(node.func.value))
        elif isinstance(node, ast.Assign) and _is_score(node.value, scores, scoring):
            found |= {dotted_name(item) for item in node.targets if isinstance(item, ast.Subscript)}
    return frozenset(found)


def _picked_from(tree: ast.AST) -> Iterator[str]:
    """Yield the names of collections of which one is picked by its score.

    By its place (`models[np.argmax(scores)]`), or by a key or the first of several things
    (`max(results, key=...)`, `sorted(results)[-1]`); `max(scores)` alone is a number to show.
    """
    for call in calls(tree):
        name = dotted_name(call.func).rpartition(".")[2]
        if name in PLACES or name == "index" or (name in EXTREMES and any(item.arg == "key" for item in call.keywords)):
            yield from _dotted_in(call)
    for node in ast.walk(tree):
        unpacked = isinstance(node, ast.Assign) and any(isinstance(item, ast.Tuple) for item in node.targets)
        value = node.value if isinstance(node, ast.Subscript) or (isinstance(node, ast.Assign) and unpacked) else None
        if isinstance(value, ast.Call) and dotted_name(value.func) in EXTREMES:
            yield from _dotted_in(value)


def _dotted_in(call: ast.Call) -> Iterator[str]:
    parts: list[ast.expr] = [*call.args, *([call.func.value] if isinstance(call.func, ast.Attribute) else [])]
    for part in parts:
        yield from (dotted_name(node) for node in ast.walk(part) if isinstance(node, ast.Name | ast.Attribute))


def _scores(loop: ast.For, scoring: frozenset[str]) -> frozenset[str]:
    """Return the names that hold a score, or what was computed of one, in the loop's body."""
    known: frozenset[str] = frozenset()
    while True:
        more = known | {
            name
            for node in _walk_body(loop)
            if isinstance(node, ast.Assign) and _is_score(node.value, known, scoring)
            for name in (target.id for target in _targets(node) if isinstance(target, ast.Name))
        }
        if more == known:
            return known
        known = more


def _is_score(value: ast.expr, scores: frozenset[str], scoring: frozenset[str]) -> bool:
    return bool(_names(value) & scores) or bool(_last_names(value) & scoring)


def _targets(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what the assignments in a statement assign to, tuples taken apart."""
    for item in ast.walk(node):
        targets: Iterable[ast.expr] = item.targets if isinstance(item, ast.Assign) else ()
        for target in targets:
            yield from target.elts if isinstance(target, ast.Tuple) else (target,)


def _walk_body(loop: ast.For) -> Iterator[ast.AST]:
    for part in loop.body:
        yield from ast.walk(part)


def _own_body(loop: ast.For) -> Iterator[ast.AST]:
    """Yield what stands in the loop, and in no loop inside it."""
    waiting: list[ast.AST] = list(loop.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.For | ast.While):
            waiting.extend(ast.iter_child_nodes(node))


def _names(tree: ast.AST) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _last_names(tree: ast.AST) -> frozenset[str]:
    return frozenset(dotted_name(call.func).rpartition(".")[2] for call in calls(tree))

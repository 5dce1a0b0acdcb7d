"""Constructs that tune or regularise, read from the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from grader.evidence.reading.source import Source, calls, dotted_name

CONSTRUCTS = frozenset(
    [
        "EarlyStopping",
        "ReduceLROnPlateau",
        "LearningRateScheduler",
        "ModelCheckpoint",
        "Dropout",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "AlphaDropout",
        "GaussianDropout",
        "GaussianNoise",
        "BatchNormalization",
        "LayerNormalization",
        "GroupNormalization",
        "L1",
        "L2",
        "L1L2",
        "l1",
        "l2",
        "l1_l2",
        "OrthogonalRegularizer",
        "ExponentialDecay",
        "CosineDecay",
        "CosineDecayRestarts",
        "PiecewiseConstantDecay",
        "InverseTimeDecay",
        "PolynomialDecay",
        "StepLR",
        "CosineAnnealingLR",
        "OneCycleLR",
        "RandomFlip",
        "RandomRotation",
        "RandomZoom",
        "RandomTranslation",
        "RandomContrast",
        "RandomBrightness",
        "RandomCrop",
        "RandomErasing",
        "RandAugment",
        "AugMix",
        "MixUp",
        "CutMix",
        "RandomHorizontalFlip",
        "RandomAffine",
        "RandomResizedCrop",
        "RandomSearch",
        "Hyperband",
        "BayesianOptimization",
        "GridSearch",
        "GridSearchCV",
        "RandomizedSearchCV",
        "HalvingGridSearchCV",
        "ParameterGrid",
        "create_study",
        "cross_val_score",
        "KFold",
        "StratifiedKFold",
    ]
)
"""Layers, callbacks, schedules, augmentation and search tools by the name they are called by."""
AUGMENTING_ARGUMENTS = frozenset(
    [
        "rotation_range",
        "width_shift_range",
        "height_shift_range",
        "shear_range",
        "zoom_range",
        "horizontal_flip",
        "vertical_flip",
        "brightness_range",
        "channel_shift_range",
    ]
)
"""What makes an `ImageDataGenerator` augment; with `rescale=` alone it only scales."""
LOOP = "loop over settings"


def tuning_constructs(sources: tuple[Source, ...]) -> tuple[tuple[str, int], ...]:
    """Return (construct, cell) for each tuning or regularising construct, each once per cell, in order."""
    trees = [(source.index, source.tree) for source in sources if source.tree is not None]
    fitting = training_functions([tree for _, tree in trees])
    found: list[tuple[str, int]] = []
    for index, tree in trees:
        names = [name for call in calls(tree) if (name := _construct(call))]
        if any(_loops_over_settings(node, fitting) for node in ast.walk(tree)):
            names.append(LOOP)
        found += [(name, index) for name in dict.fromkeys(names)]
    return tuple(found)


def _construct(call: ast.Call) -> str:
    name = dotted_name(call.func).rpartition(".")[2]
    if name == "ImageDataGenerator":
        return name if any(keyword.arg in AUGMENTING_ARGUMENTS for keyword in call.keywords) else ""
    return name if name in CONSTRUCTS else ""


def training_functions(trees: Sequence[ast.Module]) -> frozenset[str]:
    """Return the notebook's own functions that train a model, directly or through another of them."""
    functions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    fitting: set[str] = set()
    while True:
        more = {node.name for node in functions if node.name not in fitting and trains(node, fitting)}
        if not more:
            return frozenset(fitting)
        fitting |= more


def trains(node: ast.AST, fitting: set[str] | frozenset[str]) -> bool:
    """Whether code calls fit, or one of the notebook's own functions that do."""
    for call in calls(node):
        name = dotted_name(call.func)
        if name.endswith((".fit", ".fit_generator", ".train_on_batch")) or name in fitting:
            return True
    return False


def _loops_over_settings(node: ast.AST, fitting: frozenset[str]) -> bool:
    """Whether this is a loop that trains once per setting. Epoch loops and folds run over a range or a splitter."""
    for target, values, body in _loops(node):
        bound = {name.id for name in ast.walk(target) if isinstance(name, ast.Name)}
        used = {name.id for part in body for name in ast.walk(part) if isinstance(name, ast.Name)}
        if _are_settings(values) and bound & used and any(trains(part, fitting) for part in body):
            return True
    return False


def _loops(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr, list[ast.AST]]]:
    if isinstance(node, ast.For):
        yield node.target, node.iter, list(node.body)
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
        yield node.generators[0].target, node.generators[0].iter, [node.elt]
    elif isinstance(node, ast.DictComp):
        yield node.generators[0].target, node.generators[0].iter, [node.key, node.value]


def _are_settings(values: ast.expr) -> bool:
    if isinstance(values, ast.List | ast.Tuple | ast.Set):
        return len(values.elts) >= 2
    if isinstance(values, ast.Dict):
        return len(values.keys) >= 2
    if isinstance(values, ast.Call):
        name = dotted_name(values.func)
        if name in {"enumerate", "zip", "tqdm", "sorted", "reversed", "list"}:
            return any(_are_settings(argument) for argument in values.args)
        return name.endswith((".items", ".values", ".keys", "product", "ParameterGrid", "linspace", "logspace"))
    return isinstance(values, ast.Name)

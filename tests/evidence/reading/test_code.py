"""The code as a whole: imports, seeds, lint, copy-paste, tuning constructs, class names."""

from __future__ import annotations

import subprocess

import pytest
from written import code_of, submission

from grader.evidence.reading import lint, read_class_names


def test_imports_are_full_names_with_their_cells() -> None:
    """Modules are named in full, in order, once; the cells that import are listed."""
    facts = code_of("import numpy as np\nfrom tensorflow.keras import layers", "x = 1", "import os, numpy")
    assert facts.imports == ("numpy", "tensorflow.keras", "os")
    assert facts.import_cells == (0, 2)


@pytest.mark.parametrize(
    ("code", "seeds"),
    [
        ("import numpy as np\nnp.random.seed(1)", ["numpy.random.seed"]),
        ("import tensorflow as tf\ntf.random.set_seed(1)", ["tensorflow.random.set_seed"]),
        ("import keras\nkeras.utils.set_random_seed(1)", ["keras.utils.set_random_seed"]),
        ("from numpy.random import seed\nseed(3)", ["numpy.random.seed"]),
        ("import random\nrandom.seed(0)", ["random.seed"]),
        ("rng = np.random.default_rng()", []),
        ("train_test_split(x, y, random_state=42)", ["train_test_split(random_state=)"]),
        ("train_test_split(x, y, random_state=None)", []),
        ("layers.Dropout(0.2, seed=1)", ["Dropout(seed=)"]),
        ("import os\nos.environ['PYTHONHASHSEED'] = '0'", ["PYTHONHASHSEED"]),
        ("plot(seed_count)", []),
    ],
)
def test_seeds_are_read_statically(code: str, seeds: list[str]) -> None:
    """Seeding calls are found under whatever name they were imported, without values of None."""
    assert [name for name, _ in code_of(code).seeds] == seeds


@pytest.mark.parametrize(
    ("cells", "rules"),
    [
        (["import os\nx = 1", "print(x)"], ["F401"]),
        (["import numpy as np", "np.zeros(3)"], []),
        (["from keras.layers import *"], ["F403"]),
        (["print(undefined)"], ["F821"]),
        (["x = 1; y = 2"], ["E702"]),
        (["x = 1\nx == None\nprint(x)"], ["B015", "E711"]),
        (["try:\n    x = 1\nexcept:\n    pass"], ["E722"]),
        (["a = {'k': 1, 'k': 2}"], ["F601"]),
        (["def f():\n    y = 1\n    return 2"], ["F841"]),
        (["def f():\n    return 1\ndef f():\n    return 2"], ["F811"]),
        (["x = 3\nx\nprint(x)"], ["B018"]),
        (["x = 3\nx"], []),
        (["display(3)\nget_ipython()"], []),
        (["import os  # noqa"], ["F401"]),
        (["x=1\ny   =  [ 1,2 ]"], []),
        (["list = [1]"], ["A001"]),
    ],
)
def test_lint_says_messy_and_not_pedantic(cells: list[str], rules: list[str]) -> None:
    """Unused, undefined and repeated names and leftovers are found; spaces and a last expression's display are fine."""
    facts = code_of(*cells)
    assert facts.lint_ran
    assert [issue.rule for issue in facts.lint] == rules


def test_lint_issues_point_into_the_notebook() -> None:
    """Cell and line are the notebook's, whatever magics and markdown stand before."""
    facts = code_of("md:# Title", "%matplotlib inline\n!ls\nimport os", "md:text", "%%time\n\nprint(nope)")
    assert [(issue.rule, issue.cell, issue.line) for issue in facts.lint] == [("F401", 1, 3), ("F821", 3, 3)]


def test_a_broken_cell_does_not_spoil_the_lint() -> None:
    """A cell that doesn't parse is reported; names it may define or use are not held against the others."""
    facts = code_of("import os\nprint(x)\ny == None", "x = (os.sep")
    assert facts.lint_ran
    assert {(issue.rule, issue.cell) for issue in facts.lint} == {("E711", 0), ("invalid-syntax", 1)}


def test_without_ruff_nothing_is_known_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the linter can't run, there is a reason instead of a clean bill."""

    def hangs(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("ruff", 30)

    monkeypatch.setattr(lint.subprocess, "run", hangs)
    facts = code_of("import os")
    assert (facts.lint_ran, facts.lint) == (False, ())
    assert "ruff could not run" in facts.lint_note


BLOCK = "a = load(1)\nb = scale(a)\nc = cut(b)\nd = mix(c)\ne = show(d)\nf = save(e)"


def test_copied_code_is_found_across_cells() -> None:
    """Six equal lines in two cells are one repetition, spaces and comments aside."""
    spaced = BLOCK.replace(" = ", "=") + "  # again"
    assert code_of(f"start()\n{BLOCK}", f"{spaced}\nend()").repeated_blocks == ((0, 1, 6),)
    assert code_of(f"{BLOCK}\n{BLOCK}").repeated_blocks == ((0, 0, 6),)


def test_short_and_monotonous_repetition_is_no_copy_paste() -> None:
    """Five equal lines, as every plot ends with, and many equal single lines are left alone."""
    five = "\n".join(BLOCK.split("\n")[:5])
    assert code_of(five, five).repeated_blocks == ()
    assert code_of("plt.show()\n" * 20).repeated_blocks == ()
    assert code_of("import a\nimport b\nimport c\nimport d\nimport e\nimport f\n" * 2).repeated_blocks == ()


def test_headings_functions_and_shell_lines_are_counted() -> None:
    """Headings of every form count, bold lines too; hash signs in code don't."""
    facts = code_of(
        "md:# One\n\ntext\n\nTwo\n---\n", "md:**Three**\n\nsome **bold** text", "# not a heading\n!ls\ndef f(): pass",
        "md:<h2>Four</h2>",
    )  # fmt: skip
    assert (facts.heading_count, facts.function_count, facts.shell_lines) == (4, 1, 1)


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("keras.callbacks.EarlyStopping(patience=3)", ["EarlyStopping"]),
        ("m.add(layers.Dropout(0.3)); m.add(BatchNormalization())", ["Dropout", "BatchNormalization"]),
        ("Dense(3, kernel_regularizer=regularizers.l2(1e-4))", ["l2"]),
        ("ImageDataGenerator(rotation_range=10)", ["ImageDataGenerator"]),
        ("ImageDataGenerator(rescale=1/255)", []),
        ("kt.Hyperband(build, 'val_accuracy')", ["Hyperband"]),
        ("GridSearchCV(model, grid)", ["GridSearchCV"]),
        ("for units in [16, 32]:\n    m = build(units)\n    m.fit(x, y)", ["loop over settings"]),
        ("for rate in rates:\n    train(rate)\n\ndef train(rate):\n    build(rate).fit(x, y)", ["loop over settings"]),
        ("results = {n: build(n).fit(x, y) for n in (8, 16)}", ["loop over settings"]),
        ("for epoch in range(10):\n    model.fit(x, y, epochs=1)", []),
        ("for name in ['a', 'b']:\n    print(name)", []),
        ("model.fit(x, y)", []),
    ],
)
def test_tuning_constructs_are_found(code: str, names: list[str]) -> None:
    """Regularisers, schedules, search tools and loops over settings are named; epoch loops and scaling are none."""
    assert [name for name, _ in code_of(code).tuning] == names


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ('class_names = ["cat", "dog"]', ("cat", "dog")),
        ('labels = ("cat", "dog")', ("cat", "dog")),
        ('CLASSES = np.array(["cat", "dog"])', ("cat", "dog")),
        ('clases = "gato perro".split()', ("gato", "perro")),
        ('label_map = {1: "dog", 0: "cat"}', ("cat", "dog")),
        ('class_to_id = {"cat": 0, "dog": 1}', ("cat", "dog")),
        ("class_names = [str(i) for i in range(3)]", ("0", "1", "2")),
        ('classification_report(y, p, target_names=["cat", "dog"])', ("cat", "dog")),
        ('sns.heatmap(cm, xticklabels=["cat", "dog"])', ("cat", "dog")),
        ('self.class_names: list[str] = ["cat", "dog"]', ("cat", "dog")),
        ('feature_names = ["length", "width"]', ()),
        ('labels = ["train", "validation"]', ()),
        ('plot_labels = ["loss", "val_loss"]', ()),
        ('class_names = ["only"]', ()),
        ('class_names = ["a", "a"]', ()),
        ("labels = [0, 1]", ()),
        ("class_names = data.target_names", ()),
        ('label_map = {"cat": 3, "dog": 7}', ()),
        ('names = ["x", "y"]\nclass_names = ["cat", "dog"]', ("cat", "dog")),
    ],
)
def test_class_names_come_from_literals_in_label_order(code: str, names: tuple[str, ...]) -> None:
    """Lists and dictionaries whose name says so give the class names; columns, curves and computed values don't."""
    assert read_class_names(submission(code)) == names


BEST_SO_FAR = """best = 0
for seed in range(5):
    net = build(seed)
    log = net.fit(x, y)
    loss, share = net.evaluate(x_test, y_test)
    if share > best:
        best, model = share, net
"""
LISTED = """models, scores = [], []
for seed in range(5):
    net = build(seed)
    net.fit(x, y)
    scores.append(net.evaluate(x_test, y_test)[1])
    models.append(net)
"""
IN_TORCH = """def accuracy(net, loader):
    net.eval()
    return sum((net(a).argmax(1) == b).sum() for a, b in loader)

for seed in range(3):
    net = Net()
    for epoch in range(9):
        optimizer.step()
    share = accuracy(net, test_loader)
    if share > best:
        best = share
        torch.save(net.state_dict(), "best.pt")
"""
EPOCHS = """for epoch in range(9):
    train_epoch(net)
    share = net.evaluate(x_val, y_val)[1]
    if share > best:
        best = share
        net.save("best.keras")
"""


@pytest.mark.parametrize(
    ("code", "picks"),
    [
        (BEST_SO_FAR, True),
        (BEST_SO_FAR.replace("loss, share = net.evaluate(x_test, y_test)", 'share = log.history["val_accuracy"][-1]'), False),
        (BEST_SO_FAR.replace("best, model = share, net", "best = share"), False),
        (BEST_SO_FAR.replace("    log = net.fit(x, y)\n", ""), False),
        (LISTED, False),
        (f"{LISTED}print(max(scores))", False),
        (f"{LISTED}model = models[int(np.argmax(scores))]", True),
        (f"{LISTED}model = models[scores.index(max(scores))]", True),
        (LISTED.replace("scores.append(net", "scores.append((net, net").replace("[1])", "[1]))") + "model, _ = max(scores, key=lambda pair: pair[1])", True),
        (IN_TORCH, True),
        (EPOCHS, False),
    ],
)  # fmt: skip
def test_loops_that_keep_the_best(code: str, picks: bool) -> None:
    """The best of several trainings is kept by its score: in the loop, or out of a list after it. Not: by the log of
    fit, the highest number alone, the best epoch of one training.
    """
    assert code_of(code).picks == ((0,) if picks else ())

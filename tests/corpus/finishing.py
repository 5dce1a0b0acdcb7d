"""What comes round a training in every notebook: a look at the data, curves, a matrix, errors, a few words."""

from __future__ import annotations

from random import Random

from .draft import Draft
from .modelling import predicted_rows

PREDICTED = "predicted"


def finished(draft: Draft, rng: Random) -> Draft:
    """Add the parts that no splitting or modelling has written yet, in one of the ways people write them."""
    draft = _curves(_explored(draft, rng), rng)
    if draft.number:
        return _residuals(draft, rng)
    draft = _matrix(draft, rng)
    return draft.but(
        errors=f"print(classification_report({draft.feed.test_labels}, {PREDICTED}, zero_division=0))",
        imports=(*draft.imports, "from sklearn.metrics import classification_report"),
    )


def _explored(draft: Draft, rng: Random) -> Draft:
    counts = rng.choice(
        (
            'print("rows per class:", np.bincount(y))',
            "print(dict(zip(*np.unique(y, return_counts=True))))",
            'plt.bar(*np.unique(y, return_counts=True))\nplt.xlabel("class")\nplt.ylabel("rows")\nplt.show()',
        )
    )
    if draft.data.kind == "image":
        shown = """
figure, axes = plt.subplots(1, 4, figsize=(8, 2))
for place, axis in enumerate(axes):
    axis.imshow(X[place].squeeze(), cmap="gray")
    axis.set_title(str(y[place]))
    axis.axis("off")
plt.show()
"""
    elif draft.data.kind == "text":
        shown = '\ndisplay(pd.DataFrame({"text": X, "label": y}).head())\n'
        draft = draft.but(imports=(*draft.imports, "import pandas as pd"))
    else:
        shown = rng.choice(
            (
                "\nprint(X.shape)\ndisplay(pd.DataFrame(X).head())\n",
                "\ndisplay(pd.DataFrame(X).describe())\ndisplay(pd.DataFrame(X[:5]))\n",
            )
        )
        draft = draft.but(imports=(*draft.imports, "import pandas as pd"))
    if draft.number:
        counts = rng.choice(
            ('plt.hist(y, bins=20)\nplt.xlabel("target")\nplt.show()', 'print("mean", y.mean(), "spread", y.std())')
        )
    return draft.but(explore=counts + shown)


def _curves(draft: Draft, rng: Random) -> Draft:
    logs = draft.curves
    if not logs:
        return draft
    way = rng.choice(("lines", "loop", "frame", "seaborn"))
    code = {
        "lines": f'plt.plot({logs}["loss"], label="training loss")\nplt.plot({logs}["val_loss"], label="validation loss")\n'
        'plt.xlabel("epoch")\nplt.legend()\nplt.show()',
        "loop": f'for name in ("loss", "val_loss"):\n    plt.plot({logs}[name], label=name)\nplt.xlabel("epoch")\nplt.legend()\nplt.show()',
        "frame": f'pd.DataFrame({logs})[["loss", "val_loss"]].plot(title="Loss per epoch")\nplt.xlabel("epoch")\nplt.show()',
        "seaborn": f'sns.lineplot(x=range(len({logs}["loss"])), y={logs}["loss"], label="train")\n'
        f'sns.lineplot(x=range(len({logs}["val_loss"])), y={logs}["val_loss"], label="validation")\nplt.ylabel("loss")\nplt.show()',
    }[way]
    needs = {"frame": ("import pandas as pd",), "seaborn": ("import seaborn as sns",)}.get(way, ())
    return draft.but(curves=code, imports=(*draft.imports, *needs))


def _residuals(draft: Draft, rng: Random) -> Draft:
    """What a matrix is to classes: predicted against actual, or what is left; and the largest errors."""
    labels = draft.feed.test_labels
    code = rng.choice(
        (
            f'plt.scatter({labels}, {PREDICTED}, s=8)\nplt.xlabel("actual")\nplt.ylabel("predicted")\nplt.show()',
            f'plt.scatter({PREDICTED}, {labels} - {PREDICTED}, s=8)\nplt.xlabel("predicted")\nplt.ylabel("residual")\nplt.show()',
        )
    )
    return draft.but(
        matrix=f"{PREDICTED} = {predicted_rows(draft)}\n{code}",
        errors=f'misses = np.abs({labels} - {PREDICTED})\nprint("largest errors:", np.sort(misses)[-5:])',
    )


def _matrix(draft: Draft, rng: Random) -> Draft:
    labels = draft.feed.test_labels
    ways = {
        "display": (
            f'ConfusionMatrixDisplay.from_predictions({labels}, {PREDICTED}, cmap="Blues")\nplt.show()',
            "from sklearn.metrics import ConfusionMatrixDisplay",
        ),
        "heatmap": (
            f'sns.heatmap(confusion_matrix({labels}, {PREDICTED}), annot=True, fmt="d")\nplt.xlabel("predicted")\nplt.ylabel("true")\nplt.show()',
            "import seaborn as sns\nfrom sklearn.metrics import confusion_matrix",
        ),
        "printed": (f"print(confusion_matrix({labels}, {PREDICTED}))", "from sklearn.metrics import confusion_matrix"),
        "tensorflow": (f"print(tf.math.confusion_matrix({labels}, {PREDICTED}).numpy())", ""),
        "crosstab": (
            f'print(pd.crosstab({labels}, {PREDICTED}, rownames=["true"], colnames=["predicted"]))',
            "import pandas as pd",
        ),
        "matshow": (
            f"matrix = confusion_matrix({labels}, {PREDICTED})\nplt.matshow(matrix)\nfor (row, column), count in np.ndenumerate(matrix):\n    plt.text(column, row, str(count))\nplt.show()",
            "from sklearn.metrics import confusion_matrix",
        ),
    }
    code, imports = ways[rng.choice(sorted(ways.keys() - ({"tensorflow"} if "torch" in draft.marks else set())))]
    return draft.but(
        matrix=f"{PREDICTED} = {predicted_rows(draft)}\n{code}", imports=(*draft.imports, *imports.split("\n"))
    )

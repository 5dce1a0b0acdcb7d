"""A class of the nastiest hand-ins, with two good ones among them, and notebooks that put payloads wherever they can."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

from intake.malformed import GIANTS, GOOD, OLD, bomb, crowded, matryoshka
from reports.payloads import PAYLOADS

TEXTS = [item.text.encode("utf-8", "replace").decode() for item in PAYLOADS]


def notebook(*sources: str, **more: Any) -> bytes:
    """A notebook of code cells; those that begin with `md:` are markdown."""
    cells: list[dict[str, Any]] = []
    for source in sources:
        if source.startswith("md:"):
            cells.append({"cell_type": "markdown", "metadata": {}, "source": source[3:]})
        else:
            cells.append(
                {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
            )
    return json.dumps(GOOD | {"cells": cells} | more).encode()


def zipped(**entries: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in entries.items():
            out.writestr(name.replace("_DOT_", ".").replace("_SLASH_", "/"), content)
    return buffer.getvalue()


PLAIN = notebook("print(6 * 7)")

SHOWN = notebook(
    "import json\nfrom IPython.display import HTML, SVG, Image, Javascript, Latex, Markdown, display, clear_output\n"
    f"texts = json.loads({json.dumps(json.dumps(TEXTS))})",
    "for text in texts:\n    print(text)",
    "for text in texts:\n    display(HTML(text), Markdown(text), Latex(text), Javascript(text))",
    "for text in texts:\n"
    "    kinds = ['text/plain', 'text/html', 'text/latex', 'text/markdown', 'image/svg+xml', 'application/javascript',\n"
    "             'application/json', 'application/pdf', 'application/vnd.jupyter.widget-view+json', 'image/png']\n"
    "    display(dict.fromkeys(kinds, text), raw=True)",
    'display(SVG(\'<svg xmlns="http://www.w3.org/2000/svg" onload="pwned(1)"><script>pwned(2)</script></svg>\'))',
    "import sys\nfor text in texts:\n    print(text, file=sys.stderr)\n'\\x1b]0;owned\\x07' + ''.join(texts)",
)
"""Prints and displays every payload in every form that Jupyter knows."""

RAISED = notebook(
    f"import json\ntexts = json.loads({json.dumps(json.dumps(TEXTS))})",
    *(
        f"raise type({text!r}.replace('\\0', ''), (Exception,), {{}})({text!r})"
        for text in (
            TEXTS[0],
            TEXTS[28],
            TEXTS[53],
            "\x1b[2J\x1b]0;x\x07",
            "[bold]x[/bold]",
            "\u202egnp",
            "=cmd|' /C calc'!A0",
        )
    ),
    "raise SystemExit('\\n'.join(texts))",
)
"""Exceptions whose names and messages are payloads."""

NAMED = notebook(
    "md:# " + TEXTS[0] + "\n\n" + "\n\n".join(TEXTS),
    "import json, keras, matplotlib.pyplot as plt, pandas as pd\nfrom sklearn.datasets import load_digits\n"
    "from sklearn.model_selection import train_test_split\nkeras.utils.set_random_seed(1)\n"
    f"texts = json.loads({json.dumps(json.dumps([text for text in TEXTS if chr(0) not in text]))})",
    f"class_names = {[TEXTS[number] for number in (0, 10, 28, 34, 53, 61, 73, 79, 87, 100)]!r}",
    "digits = load_digits()\nX, y = digits.data / 16, digits.target\n"
    "X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)",
    "model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10, activation='softmax')])\n"
    "model.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])\n"
    "history = model.fit(X_train, y_train, epochs=2, validation_split=0.2)",
    "plt.plot(history.history['loss'], label=texts[0])\nplt.plot(history.history['val_loss'], label=texts[28])\n"
    "plt.title(texts[1].replace('$', ''))\nplt.xlabel(texts[2])\nplt.ylabel(texts[53])\nplt.legend()\nplt.show()",
    "model.evaluate(X_test, y_test)",
    "from sklearn.metrics import ConfusionMatrixDisplay\npredicted = model.predict(X_test).argmax(1)\n"
    "ConfusionMatrixDisplay.from_predictions(y_test, predicted, display_labels=[n.replace('$', '')[:20] for n in class_names])",
    "pd.DataFrame({text: [text] for text in texts})",
    "md:## Conclusion\n\n" + " ".join(TEXTS[:20]) + "\n\nIt confuses " + TEXTS[0] + " with " + TEXTS[28] + ".",
)
"""Class names, figure titles, labels, legends, column names and prose made of payloads, around a real training."""

FILES: dict[str, bytes] = {
    "good one.ipynb": PLAIN,
    "good two/project.ipynb": PLAIN,
    "shown.ipynb": SHOWN,
    "raised.ipynb": RAISED,
    "named.ipynb": NAMED,
    "<script>pwned(1)<\u2215script>.ipynb": PLAIN,
    "=cmd|' \u2215C calc'!A0.ipynb": b"",
    "\u202egnp.exe\u202c\x1b[31m[bold].ipynb": b"",
    "a\nb.ipynb": b"",
    "-rf.ipynb": b"",
    "index.html.ipynb": b"{",
    "gradebook.db.ipynb": b"{",
    "grades.csv/x.ipynb": b"{",
    "CON.ipynb": b"{",
    "con.ipynb": b"}",
    "é.ipynb": b"{",
    "e\u0301.ipynb": b"{",
    "É.ipynb": b"{",
    "日本語" * 18 + ".ipynb": b"{",
    "empty.ipynb": b"",
    "nulls.ipynb": bytes(1000),
    "cut.ipynb": PLAIN[:-9],
    "page.ipynb": b"<!DOCTYPE html><script>pwned(1)</script>",
    "paper.ipynb": b"%PDF-1.7\n1 0 obj",
    "script.ipynb": b"import os\nos.system('x')\n",
    "latin.ipynb": "{'é'}".encode("latin-1"),
    "list.ipynb": b"[]",
    "null.ipynb": b"null",
    "deep.ipynb": b"[" * 100_000,
    "number.ipynb": b"9" * 100_000,
    "no cells.ipynb": b'{"nbformat": 4, "cells": {"a": 1}}',
    "R.ipynb": b'{"nbformat": 4, "metadata": {"kernelspec": {"language": "\x1b[31mR<b>"}}, "cells": []}'.replace(b"\x1b", b"\\u001b"),
    "old and odd.ipynb": json.dumps(OLD | {"worksheets": [7, {"cells": [None, [], {"cell_type": 7}]}]}).encode(),
    "lists.ipynb": GIANTS["lists, 20 million.ipynb"]()[:30_000_000],
    "surrogates.ipynb": notebook("print('\ud800')", "md:\udfff", "raise ValueError('\\ud800')"),
    "no sources.ipynb": b'{"nbformat": 4, "metadata": 7, "cells": [null, 1, {"cell_type": "code"}, {"source": {"a": 1}, "cell_type": []}]}',
    "bomb.zip": bomb(70_000_000),
    "crowd.zip": crowded(200_000),
    "nested.zip": matryoshka(5),
    "broken.zip": b"PK\x03\x04 and no more",
    "climbing.zip": zipped(**{"a_DOT_ipynb": PLAIN, "_DOT__DOT__SLASH_up.ipynb": PLAIN}),
    "fine.zip": zipped(p_SLASH_a_DOT_ipynb=notebook("print(open('d.csv').read())"), p_SLASH_d_DOT_csv=b"1,2"),
    "none/notes.txt": b"I forgot it",
    "two/a.ipynb": PLAIN,
    "two/b.ipynb": PLAIN,
}  # fmt: skip
"""Path to contents, under the class's folder."""

GOOD_ONES = ("good one", "good two", "fine")


def write_class(folder: Path) -> None:
    """Write the class, links and special files among it."""
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / os.fsdecode(b"bytes \xff\xfe.ipynb")).write_bytes(b"{")
    (folder / "link.ipynb").symlink_to("/etc/passwd")
    (folder / "loop.ipynb").symlink_to("loop.ipynb")
    (folder / "dangling.ipynb").symlink_to("nowhere")
    (folder / "linked folder").symlink_to("/etc")
    (folder / "folder.ipynb").mkdir()
    os.mkfifo(folder / "pipe.ipynb")
    os.mkfifo(folder / "pipe.zip")
    with (folder / "huge.ipynb").open("wb") as file:
        file.truncate(80_000_000)

"""Malformed hand-ins by the thousand: files, archives and names that no intake was made for, each from a seed."""

from __future__ import annotations

import copy
import io
import json
import os
import random
import string
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]

GOOD = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3", "language": "python"}, "language_info": {"name": "python"}},
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Title\n", "Words."], "attachments": {"a.png": {"image/png": "iVBOR"}}},
        {
            "cell_type": "code",
            "metadata": {},
            "execution_count": 1,
            "source": "print('hi')",
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["hi\n"]},
                {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/plain": "1", "text/html": ["<b>1</b>"], "image/png": "iVBOR"}},
                {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["a", "b"]},
            ],
        },
    ],
}  # fmt: skip
OLD = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": "old"},
    "worksheets": [
        {
            "metadata": {},
            "cells": [
                {"cell_type": "heading", "level": 1, "source": "Title", "metadata": {}},
                {"cell_type": "code", "input": "1", "language": "python", "prompt_number": 1, "metadata": {}, "collapsed": False, "outputs": [{"output_type": "pyout", "prompt_number": 1, "text": "1", "metadata": {}}]},
            ],
        }
    ],
}  # fmt: skip

ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 7, 2**63, 10**30, -(10**300), 0.5, 1e308, float("nan"), float("inf"), "", " ", "x", "\x00",
    "\ud800", "\u202e", "a" * 5000, "\n" * 500, [], [[]], [None], ["a", 1, None, ["b"]], {}, {"": None}, {"a": {"a": {}}},
    "markdown", "code", "stream", [{}], [[{}]], {"text/plain": 1}, {"text/html": {"a": 1}}, ["\ud83d"],
)  # fmt: skip

ODD_NAMES = (
    "a\nb", "a\tb", "a\rb", "\u202eevil", "\U0001f600", "e\u0301", "é", "É", "ﬁ", "fi", "CON", "con", "nul.txt", "-rf", "--help", ".hidden",
    "..", "...", " ", "  x  ", "a" * 240, "\U0001d4d0" * 60, "日本語" * 20, "index.html", "gradebook.db", "grades.csv", "GRADES.CSV", "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>", "a'b\"c", "$(reboot)", "`id`", "%2e%2e", "a:b", "C\\d", "*", "?", "~", "con.", "\u2066x\u2069", "nul", "bad\udce9\udcff", "\udcff",
)  # fmt: skip


def real_files() -> list[bytes]:
    """The sample notebooks, of real length and variety."""
    return [path.read_bytes() for path in sorted((REPOSITORY / "submissions").rglob("*.ipynb"))]


# ---------------------------------------------------------------- notebooks
def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside a JSON document."""
    found = [path] if path else []
    if isinstance(document, dict):
        found += [item for key, value in document.items() for item in places(value, (*path, key))]
    elif isinstance(document, list):
        found += [item for key, value in enumerate(document) for item in places(value, (*path, key))]
    return found


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def retyped(chance: random.Random) -> bytes:
    """A notebook with values of wrong types at a few places, or without them."""
    document: Any = copy.deepcopy(chance.choice([GOOD, GOOD, OLD]))
    for _ in range(chance.randint(1, 4)):
        path = chance.choice(places(document))
        parent = at(document, path[:-1])
        if chance.random() < 0.25:
            del parent[path[-1]]
        else:
            parent[path[-1]] = copy.deepcopy(chance.choice(ODD_VALUES))
        if not places(document):
            break
    return json.dumps(document, ensure_ascii=chance.random() < 0.8).encode("utf-8", "surrogatepass")


def swapped(chance: random.Random) -> bytes:
    """A notebook whose values have changed places."""
    document: Any = copy.deepcopy(chance.choice([GOOD, OLD]))
    for _ in range(chance.randint(1, 5)):
        left, right = chance.choice(places(document)), chance.choice(places(document))
        if left[: len(right)] == right or right[: len(left)] == left:
            continue
        first, second = at(document, left), at(document, right)
        at(document, left[:-1])[left[-1]], at(document, right[:-1])[right[-1]] = (
            copy.deepcopy(second),
            copy.deepcopy(first),
        )
    return json.dumps(document).encode()


def duplicated_keys(chance: random.Random) -> bytes:
    """A notebook in which keys stand twice, with different values."""
    text = json.dumps(GOOD)
    for _ in range(chance.randint(1, 4)):
        key = chance.choice(["cells", "source", "outputs", "metadata", "nbformat", "cell_type", "text", "data"])
        spot = chance.choice([place for place in range(len(text)) if text[place] == "{"])
        text = f'{text[: spot + 1]}"{key}": {json.dumps(chance.choice(ODD_VALUES))}, {text[spot + 1 :]}'
    return text.encode("utf-8", "surrogatepass")


def damaged(chance: random.Random) -> bytes:
    """A real notebook with bytes flipped, taken out, doubled, or cut short."""
    content = bytearray(chance.choice(REAL))
    for _ in range(chance.choice([1, 1, 2, 10, 200])):
        place = chance.randrange(len(content))
        match chance.randrange(4):
            case 0:
                content[place] ^= 1 << chance.randrange(8)
            case 1:
                del content[place : place + chance.choice([1, 4, 200])]
            case 2:
                content[place:place] = content[place : place + chance.choice([1, 30, 3000])]
            case _:
                content[place] = chance.choice(b'\x00"{}[],:\\\xff')
        if not content:
            break
    return bytes(content[: chance.randrange(len(content) + 1)] if chance.random() < 0.3 else content)


def recoded(chance: random.Random) -> bytes:
    """A notebook in another encoding, with or without a byte order mark, whole or one byte short."""
    text = json.dumps(GOOD | {"é": "ü€\U0001f600"}, ensure_ascii=False)
    encoding = chance.choice(
        ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-8-sig", "latin-1", "cp500", "utf-7"]
    )
    content = text.encode(encoding, "replace")
    return chance.choice([content, content[:-1], content[1:], b"\xef\xbb\xbf" + content, b"\xff\xfe" + content])


def nested(chance: random.Random) -> bytes:
    """A notebook nested as deep as no parser goes, at some place."""
    depth = chance.choice([50, 900, 1000, 5_000, 100_000])
    opening, closing = chance.choice(
        [("[", "]"), ('{"a":', "}"), ('[{"cells":', "}]"), ('{"source":', "}"), ('{"metadata":', "}")]
    )
    inner = opening * depth + "1" + closing * chance.choice([depth, depth - 1, 0])
    place = chance.choice(['{"nbformat":4,"cells":%s}', '{"nbformat":4,"cells":[{"source":%s}]}', '{"nbformat":3,"worksheets":%s}', '{"nbformat":4,"metadata":%s,"cells":[]}', '{"nbformat":2,"worksheets":[{"cells":[%s]}]}', "%s"])  # fmt: skip
    return (place % inner).encode()


def numbered(chance: random.Random) -> bytes:
    """Format versions, counts and levels that are no such thing, and numbers that JSON does not have."""
    number = chance.choice(["-1", "0", "1", "2", "3", "5", "99", "4.0", "1e400", "NaN", "-Infinity", "9" * 400, "9" * 5000, "true", '"4"', "[4]", "null", "4e0"])  # fmt: skip
    other = chance.choice(["1", "NaN", "-5", "9" * 4000, '"x"', "{}"])
    cell = f'{{"cell_type": "code", "execution_count": {other}, "source": ["1"], "outputs": [], "level": {other}}}'
    return (
        f'{{"nbformat": {number}, "nbformat_minor": {other}, "metadata": {{"orig_nbformat": {number}}}, '
        f'"cells": [{cell}], "worksheets": [{{"cells": [{cell}]}}]}}'
    ).encode()


def scribbled(chance: random.Random) -> bytes:
    """Bytes that are no notebook at all, as they come or as other kinds of file begin."""
    start = chance.choice([b"", b"%PDF-1.7\n", b"<!DOCTYPE html>", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"import os\n", b"# %%\n", b"\x1f\x8b", b"\x00" * 9, b"{", b"[", b'"', b"{}", b"null", b"\xff\xfe", b"{\\rtf1"])  # fmt: skip
    return start + bytes(chance.choices(range(256), k=chance.choice([0, 1, 7, 300, 20_000])))


NOTEBOOKS: tuple[Callable[[random.Random], bytes], ...] = (retyped, retyped, swapped, duplicated_keys, damaged, damaged, recoded, nested, numbered, scribbled)  # fmt: skip


# ---------------------------------------------------------------- archives
def archived(chance: random.Random) -> bytes:
    """A zip with entries that lead outside, link, lie, repeat, nest or are broken, beside what belongs there."""
    buffer = io.BytesIO()
    with (
        warnings.catch_warnings(action="ignore"),
        zipfile.ZipFile(
            buffer, "w", chance.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
        ) as out,
    ):
        for _ in range(chance.randint(0, 6)):
            try:
                _add_entry(out, chance)
            except (ValueError, UnicodeError):
                continue
    content = bytearray(buffer.getvalue())
    for _ in range(chance.choice([0, 0, 1, 3, 30])):
        place = chance.randrange(len(content))
        content[place] = chance.randrange(256)
    return bytes(content[: chance.randrange(len(content) + 1)] if chance.random() < 0.1 else content)


def _add_entry(out: zipfile.ZipFile, chance: random.Random) -> None:
    name = chance.choice(["a.ipynb", "p/a.ipynb", "data.csv", "../up.ipynb", "/etc/x.ipynb", "C:\\x\\y.ipynb", "a/../../b.ipynb", "a\\b.ipynb", "deep/" * 60 + "a.ipynb", "x" * 300 + ".ipynb", "p/", "a.ipynb/b", "é.ipynb", "\u202e.ipynb", "a\nb.ipynb", "__MACOSX/._a.ipynb", ".", "//", "inner.zip", chance.choice(ODD_NAMES)])  # fmt: skip
    entry = zipfile.ZipInfo(
        name, chance.choice([(1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58), (2024, 2, 3, 4, 5, 6)])
    )
    entry.compress_type = out.compression
    entry.external_attr = chance.choice([0, 0o644, 0o100644, 0o120777, 0o020666, 0o010644, 0o040755, 0o104755]) << 16
    if name == "inner.zip" and chance.random() < 0.7:
        content = archived(chance)
    elif name.endswith(".ipynb"):
        content = json.dumps(GOOD).encode() if chance.random() < 0.7 else chance.choice(NOTEBOOKS)(chance)
    else:
        content = b"/etc/passwd" if chance.random() < 0.5 else os.urandom(50)
    out.writestr(entry, content)
    if chance.random() < 0.1:
        entry.flag_bits |= 1  # says it is locked


# ---------------------------------------------------------------- what lies in a class folder
def write_case(folder: Path, seed: int) -> str:
    """Write one malformed hand-in of this seed into `folder`; return a name for it."""
    chance = random.Random(seed)
    stem = chance.choice(
        ["hand-in", "hand-in", chance.choice(ODD_NAMES), "".join(chance.choices(string.printable, k=9))]
    )
    stem = stem.replace("/", "_").replace("\x00", "_").strip(".") or "x"
    make: Callable[[random.Random], bytes] = archived if seed % 5 == 0 else chance.choice(NOTEBOOKS)
    suffix = ".zip" if make is archived else chance.choice([".ipynb", ".ipynb", ".IPYNB"])
    stem = os.fsdecode(os.fsencode(stem)[:200])
    where = folder / stem if chance.random() < 0.3 else folder
    where.mkdir(exist_ok=True)
    (where / f"{stem}{suffix}").write_bytes(make(chance))
    return f"seed {seed} ({make.__name__})"


REAL = real_files()


# ---------------------------------------------------------------- what would fill memory, disk or time
def _code(source: str, **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "execution_count": 1, "source": source, "outputs": [], **more}


def _notebook(*cells: Any) -> bytes:
    return json.dumps(GOOD | {"cells": list(cells)}, ensure_ascii=False).encode()


def _stream(text: str) -> dict[str, str]:
    return {"output_type": "stream", "name": "stdout", "text": text}


MB = 1_000_000
HEAD = b'{"nbformat": 4, "metadata": {}, "cells": ['


def bomb(size: int, entries: int = 1) -> bytes:
    """A zip of zeros: a thousandth of the size it unpacks to."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for number in range(entries):
            with out.open(f"zeros{number}.ipynb", "w", force_zip64=True) as entry:
                for _ in range(size // MB):
                    entry.write(bytes(MB))
    return buffer.getvalue()


def matryoshka(levels: int) -> bytes:
    """A zip in a zip in a zip."""
    content = json.dumps(GOOD).encode()
    for level in range(levels):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr("a.ipynb" if level == 0 else "inner.zip", content)
        content = buffer.getvalue()
    return content


def crowded(entries: int) -> bytes:
    """A zip that lists a file of no bytes again and again."""
    name = b"a.ipynb"
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0) + name
    listed = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0, 0, 0, 0, 0, 0) + name
    count = min(entries, 0xFFFF)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(listed) * entries, len(local), 0)
    return local + listed * entries + end


GIANTS: dict[str, Callable[[], bytes]] = {
    "an output of 50 MB.ipynb": lambda: _notebook(_code("1", outputs=[_stream("x" * 50 * MB)])),
    "an output of 60 MB with an emoji.ipynb": lambda: _notebook(_code("1", outputs=[_stream("x" * 60 * MB + "\U0001f600")])),
    "a source of 60 MB.ipynb": lambda: _notebook(_code("x" * 60 * MB)),
    "a source of 60 MB with an emoji.ipynb": lambda: _notebook(_code("x" * 60 * MB + "\U0001f600")),
    "a markdown line of 3 MB.ipynb": lambda: _notebook({"cell_type": "markdown", "source": "(" * 3 * MB}),
    "lists, 20 million.ipynb": lambda: HEAD + b"[]," * 20 * MB + b"1]}",
    "mappings, 20 million.ipynb": lambda: HEAD + b"{}," * 20 * MB + b"1]}",
    "numbers, 30 million.ipynb": lambda: HEAD + b"7," * 30 * MB + b"1]}",
    "a number of 60 million digits.ipynb": lambda: HEAD + b"7" * 60 * MB + b"]}",
    "a million cells.ipynb": lambda: HEAD + b'{"source":1},' * MB + b"1]}",
    "full outputs in every cell.ipynb": lambda: _notebook(*[_code("1", outputs=[_stream("x" * 300)] * 40)] * 4000),
    "nested a million times.ipynb": lambda: HEAD + b"[" * MB,
    "nothing but NULs.ipynb": lambda: bytes(60 * MB),
    "nothing but spaces.ipynb": lambda: b" " * 60 * MB,
    "too large.ipynb": lambda: b" " * 80 * MB,
    "in UTF-32.ipynb": lambda: _notebook(_code("x" * 14 * MB)).decode().encode("utf-32"),
    "a bomb.zip": lambda: bomb(300 * MB),
    "many bombs in one.zip": lambda: bomb(30 * MB, 10),
    "a million entries.zip": lambda: crowded(MB),
    "entries that fit the list.zip": lambda: crowded(100_000),
    "zips in zips.zip": lambda: matryoshka(9),
}  # fmt: skip
"""File name to contents, each made to be too much for somebody."""

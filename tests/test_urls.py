"""The mapping file of `--urls`: what it says, and how its mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import UrlMapError
from grader.probe.programs.mapping import UrlMap, canonical
from grader.urls import load_urls


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data" / "images").mkdir(parents=True)
    (tmp_path / "data" / "t.csv").write_text("a")
    (tmp_path / "data" / "images" / "one two.png").write_bytes(b"png")
    return tmp_path


def test_yaml_and_csv_say_the_same(folder: Path) -> None:
    """Paths count from the mapping file; a prefix may end in / or in *; the content decides the digest."""
    (folder / "m.yaml").write_text("https://x.org/t.csv: data/t.csv\nhttps://x.org/i/*: data/images\n")
    (folder / "m.csv").write_text("url,file\nhttps://x.org/t.csv,data/t.csv\n# images\nhttps://x.org/i/,data/images/\n")
    assert load_urls(folder / "m.yaml") == load_urls(folder / "m.csv")
    before = load_urls(folder / "m.csv")
    (folder / "data" / "images" / "one two.png").write_bytes(b"new")
    after = load_urls(folder / "m.csv")
    assert [item.sha256 == other.sha256 for item, other in zip(before, after, strict=True)] == [True, False]
    assert [item.is_folder for item in after] == [False, True]


@pytest.mark.parametrize(
    ("name", "text", "mistake"),
    [
        (
            "m.yaml",
            "https://x.org/a: data/t.csv\nhttps://x.org/b: none.csv\n",
            "line 2: the file none.csv is not there",
        ),
        ("m.yaml", "x.csv: data/t.csv\n", "line 1: 'x.csv' is no address"),
        ("m.yaml", "https://x.org/i/: data/t.csv\n", "line 1: data/t.csv is no folder"),
        ("m.yaml", "https://x.org/i: data\n", "line 1: data is a folder"),
        ("m.yaml", "https://x.org/i*: data\n", "line 1: https://x.org/i\\* should have its"),
        (
            "m.yaml",
            "http://x.org/a: data/t.csv\nhttps://x.org/a: data/t.csv\n",
            "line 2: https://x.org/a is there twice",
        ),
        ("m.yaml", "- a\n", "line 1: it should be lines"),
        ("m.yaml", "https://x.org/a: [b]\n", "line 1: it should be one address"),
        ("m.yaml", "a: b: c\n", "line 1: mapping values"),
        ("m.csv", "https://x.org/a,data/t.csv,more\n", "line 1: it has 3 columns"),
        ("m.csv", "https://x.org/a\n", "line 1: it has 1 columns"),
    ],
)
def test_mistakes_are_named_by_line(folder: Path, name: str, text: str, mistake: str) -> None:
    """Each mistake says its line and what is wrong."""
    (folder / name).write_text(text)
    with pytest.raises(UrlMapError, match=mistake):
        load_urls(folder / name)


@pytest.mark.parametrize(
    "url",
    [
        "https://drive.google.com/file/d/1AbCdEfGhIjKl/view?usp=sharing",
        "https://drive.google.com/uc?export=download&id=1AbCdEfGhIjKl",
        "https://drive.google.com/open?id=1AbCdEfGhIjKl",
        "https://drive.usercontent.google.com/download?id=1AbCdEfGhIjKl&confirm=t",
    ],
)
def test_links_to_one_file_of_google_drive_are_the_same(url: str) -> None:
    """Whatever kind of link was copied."""
    assert canonical(url) == "https://drive.google.com/uc?id=1AbCdEfGhIjKl"


def test_an_address_is_found_however_it_is_spelt(folder: Path) -> None:
    """http or https, quoted or plain, with a fragment; the longest prefix counts, and nothing outside its folder."""
    exact = {"https://x.org/a b.csv?v=1": "/files/0"}
    served = UrlMap(exact, [["https://x.org/", str(folder)], ["https://x.org/i/", str(folder / "data" / "images")]])
    assert served.find("http://X.org/a%20b.csv?v=1#top") == "/files/0"
    assert served.find("https://x.org/i/one%20two.png?raw=true") == str(folder / "data" / "images" / "one two.png")
    assert served.find("https://x.org/data/t.csv") == str(folder / "data" / "t.csv")
    assert served.find("https://x.org/i/../../../../etc/passwd") is None
    assert served.find("https://y.org/data/t.csv") is None
    assert served.find("https://[broken") is None

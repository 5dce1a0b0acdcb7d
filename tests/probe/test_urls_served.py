"""Addresses served from files, and told where they are not: by Python's libraries and by programs, in both tiers."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from typing import Any

import pytest

from grader.model import Run, Tier
from grader.sandbox import Limits
from grader.urls import UrlFile, load_urls
from tests.execution.conftest import RunCells, require, text_of

DRIVE_ID = "1AbCdEfGhIjKlMnOp"


@pytest.fixture
def urls(tmp_path: Path) -> tuple[UrlFile, ...]:
    """A mapping of a table, a packed table, a folder, a file of Google Drive, a repository and a set of Kaggle's."""
    folder = tmp_path / "course"
    (folder / "pages").mkdir(parents=True)
    (folder / "t.csv").write_text("a,b\n3,4\n")
    (folder / "t.csv.gz").write_bytes(gzip.compress(b"a,b\n5,6\n"))
    (folder / "pages" / "one.txt").write_text("one\n")
    with zipfile.ZipFile(folder / "repo.zip", "w") as archive:
        archive.writestr("repo-main/README", "read me")
    (folder / "urls.yaml").write_text(
        "https://example.org/t.csv: t.csv\n"
        "http://example.org/t.csv.gz: t.csv.gz\n"
        "https://example.org/pages/: pages\n"
        f"https://drive.google.com/file/d/{DRIVE_ID}/view?usp=sharing: t.csv\n"
        "https://github.com/who/repo: repo.zip\n"
        "https://www.kaggle.com/datasets/who/what: repo.zip\n"
    )
    return load_urls(folder / "urls.yaml")


@pytest.fixture(params=["bubblewrap", "landlock"])
def served(request: pytest.FixtureRequest, run_cells: RunCells, urls: tuple[UrlFile, ...]) -> Any:
    """Run cells with the mapping, in each tier that isolates."""
    tier: Tier = require(request.param)
    return lambda *cells, **more: run_cells(tier, *cells, urls=urls, limits=Limits(wall_s=120.0), **more)


def lacked(run: Run) -> list[tuple[str, str]]:
    """The addresses that the run asked for in vain, and by what."""
    return [(item.fields["name"], item.fields["by"]) for item in run.events if item.kind == "run.lacked"]


def test_libraries_get_what_is_mapped(served: Any) -> None:
    """pandas, urllib and requests (whole and in pieces) get the files; other addresses fail as offline, and are told."""
    run = served(
        "import pandas as pd\n"
        "print(pd.read_csv('https://example.org/t.csv').b[0], pd.read_csv('https://example.org/t.csv.gz').b[0])",
        "import urllib.request\nwith urllib.request.urlopen('https://example.org/pages/one.txt') as answer:\n"
        "    print(answer.status, answer.headers['Content-Length'], answer.read())\n"
        "print(open(urllib.request.urlretrieve('http://example.org/t.csv', 'kept.csv')[0]).read())",
        "import requests\nanswer = requests.get('https://example.org/t.csv', timeout=5)\n"
        "answer.raise_for_status(); print(answer.text)\n"
        "with requests.Session() as session, session.get('https://example.org/t.csv', stream=True) as pieces:\n"
        "    print(list(pieces.iter_content(3)))",
        "requests.post('https://example.org/t.csv', data={'a': 1}, timeout=5)",
        "pd.read_csv('https://example.org/none.csv')",
    )
    assert [cell.index for cell in run.cells if cell.status == "error"] == [3, 4]
    assert text_of(run, 0) == "4 6\n"
    assert text_of(run, 1) == "200 4 b'one\\n'\na,b\n3,4\n\n"
    assert text_of(run, 2) == "a,b\n3,4\n\n[b'a,b', b'\\n3,', b'4\\n']\n"
    assert lacked(run) == [("https://example.org/t.csv", "requests"), ("https://example.org/none.csv", "urllib")]
    assert not [item for item in run.events if item.kind == "probe.fault"]


def test_programs_get_what_is_mapped(served: Any, tmp_path: Path) -> None:
    """wget, curl, gdown, git clone and kaggle fetch into the working folder, also from scripts and subprocesses."""
    beside = tmp_path / "beside"
    beside.mkdir()
    (beside / "mine.csv").write_text("mine")
    run = served(
        "!wget -q https://example.org/t.csv -O w.csv && cat w.csv",
        "!wget -nc -P down https://example.org/pages/one.txt; cat down/one.txt",
        "!curl -sL https://example.org/t.csv | tail -1; curl -O https://example.org/pages/one.txt && cat one.txt",
        f"!gdown {DRIVE_ID} && gdown --id {DRIVE_ID} -O d.csv && cat t.csv d.csv",
        "!git clone https://github.com/who/repo.git && cat repo/README",
        "!kaggle datasets download -d who/what --unzip && ls repo-main",
        "import subprocess\nprint(subprocess.run(['wget', '-qO-', 'https://example.org/t.csv'], capture_output=True))",
        "!wget https://example.org/mine.csv",
        "!wget https://example.org/none.csv",
        "open('none.csv')",
        folder=beside,
    )
    assert [cell.index for cell in run.cells if cell.status == "error"] == [9]
    assert text_of(run, 0) == "a,b\n3,4\n"
    assert text_of(run, 1).endswith("one\n")
    assert text_of(run, 2).startswith("3,4\n")
    assert text_of(run, 3).endswith("a,b\n3,4\n" * 2)
    assert text_of(run, 4).endswith("read me")
    assert text_of(run, 5).endswith("README\n")
    assert "stdout=b'a,b\\n3,4\\n'" in text_of(run, 6)
    assert "'./mine.csv' is already here" in text_of(run, 7)
    assert "unable to resolve host address 'example.org'" in text_of(run, 8)
    assert lacked(run) == [("https://example.org/none.csv", "wget")]


def test_the_content_of_the_files_is_a_part_of_what_a_run_depends_on(urls: tuple[UrlFile, ...]) -> None:
    """A changed file behind an address makes another fingerprint, so that the notebook is run again."""
    from dataclasses import replace

    from grader.execution import RunSettings

    before = RunSettings("none", urls=urls).identity()
    changed = (replace(urls[0], sha256="0" * 64), *urls[1:])
    assert RunSettings("none", urls=urls).identity() == before
    assert RunSettings("none", urls=changed).identity() != before

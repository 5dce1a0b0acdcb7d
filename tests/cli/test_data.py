"""`grader data`: what is there, and adding more."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli.data import command
from grader.errors import DatasetError, UrlMapError
from grader.resources import shipped
from tests.probe import archives


def said(*words: object) -> str:
    """What the command prints; an error of the grader is raised."""
    result = CliRunner().invoke(command, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_listing_names_what_is_there_and_what_is_wanted(tmp_path: Path) -> None:
    """Satisfied loaders come with their files and sizes, the others with the file names they want."""
    archives.write_arrays(tmp_path)
    lines = {line.split()[1]: line for line in said("list", "--data", tmp_path).splitlines()[1:]}
    assert lines["mnist"].startswith("ok")
    assert "mnist.npz" in lines["mnist"]
    assert "wanted: cifar-10-python.tar.gz" in lines["cifar10"]
    assert "train-labels-idx1-ubyte.gz" in lines["fashion_mnist"]


def test_adding_a_folder_satisfies_its_loaders(tmp_path: Path) -> None:
    """What was added is named with its digest, and listed from then on."""
    archives.write_sentences(tmp_path / "given")
    told = said("add", tmp_path / "given", "--data", tmp_path / "data")
    assert told.count("sha256") == 4
    assert "ok  imdb" in said("list", "--data", tmp_path / "data")


def test_a_mapping_is_checked_and_listed(tmp_path: Path) -> None:
    """`--urls` lists the addresses with their files, or names the mistakes of the mapping."""
    (tmp_path / "t.csv").write_text("a")
    (tmp_path / "urls.yaml").write_text("https://example.org/t.csv: t.csv\n")
    assert f"https://example.org/t.csv  {tmp_path / 't.csv'}  1 B" in said("list", "--urls", tmp_path / "urls.yaml")
    (tmp_path / "urls.yaml").write_text("https://example.org/t.csv: u.csv\n")
    with pytest.raises(UrlMapError, match=r"line 1: the file u\.csv is not there"):
        said("list", "--urls", tmp_path / "urls.yaml")


def test_what_is_neither_file_nor_data_set_is_refused(tmp_path: Path) -> None:
    """The message names the data sets that there are."""
    with pytest.raises(DatasetError, match=r"neither a file or folder here nor one of Keras's.*fashion_mnist"):
        said("add", "cifar", "--data", tmp_path)


@pytest.mark.slow
def test_without_a_network_adding_by_name_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras's own loader is tried, and its failure becomes a way to go on; nothing is left behind."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(DatasetError, match=r"mnist could not be fetched .*grader data add FOLDER .*mnist\.npz"):
        said("add", "mnist", "--data", tmp_path / "data")
    assert not (tmp_path / "data").exists()


@pytest.mark.slow
def test_a_loader_is_made_known(tmp_path: Path) -> None:
    """What the loader gives in the sandbox has the hashes that are shipped for it."""
    told = said("recognise", "sklearn.datasets.load_wine", "--data", tmp_path)
    path = tmp_path / "official" / "wine.npz"
    assert str(path) in told
    assert path.read_bytes() == (shipped("reference") / "official" / "wine.npz").read_bytes()


@pytest.mark.slow
def test_a_loader_without_its_archive_says_so(tmp_path: Path) -> None:
    """Offline and with nothing in the folder there is nothing to learn from."""
    with pytest.raises(DatasetError, match="cifar10 gave no rows"):
        said("recognise", "keras.datasets.cifar10", "--data", tmp_path)

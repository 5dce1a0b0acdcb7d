"""`grader data`: what data sets are there for notebooks, and adding more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.errors import DatasetError
from grader.resources import usual_datasets

if TYPE_CHECKING:
    from grader.datasets import Added
    from grader.urls import UrlFile

DATA = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The folder of data sets; by default Keras's own, ~/.keras/datasets.",
)


@click.group(name="data")
def command() -> None:
    """List and add the data sets that notebooks find offline."""


@command.command(name="list")
@DATA
@click.option("--urls", type=click.Path(path_type=Path), metavar="FILE", help="Check and list a mapping of addresses.")
def list_(data: Path | None, urls: Path | None) -> None:
    """List which of Keras's data sets notebooks can load, and which addresses are mapped."""
    from grader.cli.options import url_files
    from grader.datasets import KNOWN_DATASETS, size_of

    folder = _folder(data)
    mapped = url_files(urls)
    click.echo(f"Data sets in {folder}" + ("" if folder.is_dir() else " (there is no such folder yet)"))
    width = max(len(item.name) for item in KNOWN_DATASETS)
    for item in KNOWN_DATASETS:
        if item.is_satisfied(folder):
            there = item.present(folder)
            names = ", ".join(str(path.relative_to(folder)) for path in there)
            size = _size(sum(size_of(path) for path in there))
            click.echo(f"{click.style('ok', fg='green')}  {item.name:<{width}}  {size:>9}  {names}")
        else:
            wanted = ", ".join(item.missing(folder))
            click.echo(f"{click.style('--', fg='yellow')}  {item.name:<{width}}  {'':>9}  wanted: {wanted}")
    _list_sklearn(folder)
    for entry in mapped:
        click.echo(f"{entry.url}  {_entry(entry)}")
    if urls is not None:
        click.echo(f"{len(mapped)} addresses are mapped by {urls}.")


@command.command()
@click.argument("what", nargs=-1, required=True, metavar="FILE|FOLDER|NAME...")
@DATA
def add(what: tuple[str, ...], data: Path | None) -> None:
    """Put archives of data sets where Keras's loaders look for them.

    FILE and FOLDER are recognised by their content and copied under the right name. NAME (mnist, cifar10, imdb, ...)
    is fetched by Keras's own loader, which needs a network.
    """
    from grader.datasets import KNOWN_DATASETS, add_dataset, dataset_named, download_dataset

    folder = _folder(data)
    for item in what:
        known = dataset_named(item)
        if Path(item).exists():
            _tell(add_dataset(Path(item), folder), folder)
        elif known is not None:
            click.echo(f"Fetching {known.name} ...", err=True)
            _tell(download_dataset(known, folder), folder)
        else:
            names = ", ".join(entry.name for entry in KNOWN_DATASETS)
            raise DatasetError(f"{item} is neither a file or folder here nor one of Keras's data sets ({names})")


@command.command()
@click.argument("loader", nargs=-1, required=True, metavar="LOADER...")
@DATA
def recognise(loader: tuple[str, ...], data: Path | None) -> None:
    """Make an official split known, so that its rows are recognised and a class shares one reference on it.

    LOADER is what notebooks call, such as keras.datasets.cifar10 or sklearn.datasets.load_wine; it is run offline, in
    the sandbox, on the archives of the folder. Only hashes of rows are kept. MNIST, Fashion-MNIST and scikit-learn's
    small sets are known already.
    """
    from grader.cli.options import require_tier
    from grader.execution import RunSettings
    from grader.recognising import add_split

    folder = _folder(data)
    for name in loader:
        path = add_split(name, folder, RunSettings.of(require_tier("auto"), data=folder))
        click.echo(f"{name} is known by {path}")


def _folder(data: Path | None) -> Path:
    return (data or usual_datasets()).absolute()


def _tell(added: tuple[Added, ...], folder: Path) -> None:
    for item in added:
        digest = f"  sha256 {item.sha256[:16]}..." if item.sha256 else ""
        click.echo(f"{item.source} is {item.name} in {folder}  {_size(item.bytes)}{digest}")


def _list_sklearn(folder: Path) -> None:
    own = folder / "scikit_learn_data"
    if own.is_dir():
        names = ", ".join(sorted(path.name for path in own.iterdir()))
        click.echo(f"{click.style('ok', fg='green')}  scikit-learn's: {names}")


def _entry(entry: UrlFile) -> str:
    from grader.datasets import size_of

    return f"{entry.path}  {_size(size_of(entry.path))}"


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count:,} B"

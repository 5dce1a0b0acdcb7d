"""The mapping file of `--urls`: which local file stands for which address while notebooks run without a network.

YAML (`.yaml`, `.yml`), a mapping from address to path, or CSV of two columns (a first line `url,file` is left out):

    https://example.org/wine.csv: data/wine.csv
    https://example.org/images/: data/images/          # the whole folder, file by file

An address that ends in `/` or `*` stands for all that begin with it, and its path is a folder. Paths are relative to
the mapping file's own folder. http and https, and the several links to one file of Google Drive, are the same address.
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from grader.errors import UrlMapError
from grader.probe.programs.mapping import canonical, is_remote

MOST_URLS = 500
"""Each is seen in the sandbox by a mount of its own; a folder is one, however much lies in it."""

_HEADER = ("url", "file")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class UrlFile:
    """A file, or for a prefix (`url` ends in `/`) a folder, that stands for an address; `sha256` is of its content."""

    url: str
    path: Path
    sha256: str

    @property
    def is_folder(self) -> bool:
        """Whether all addresses that begin with `url` are meant."""
        return self.url.endswith("/")


def load_urls(path: Path) -> tuple[UrlFile, ...]:
    """Read a mapping file.

    Raises:
        UrlMapError: it can't be read, or has mistakes, each named by its line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UrlMapError(str(path), (f"it can't be read as text ({error})",)) from error
    reader = _read_csv if path.suffix.lower() == ".csv" else _read_yaml
    entries = list(reader(path, text))
    found: dict[str, UrlFile] = {}
    mistakes: list[str] = []
    for line, url, file in entries:
        mistake = _mistake(path.parent, url, file)
        address = "" if mistake else _address(url)
        if address in found:
            mistake = f"{url} is there twice"
        if mistake:
            mistakes.append(f"line {line}: {mistake}")
        else:
            source = (path.parent / file).resolve()
            found[address] = UrlFile(address, source, content_sha256(source))
    if len(entries) > MOST_URLS:
        mistakes.append(f"line {entries[MOST_URLS][0]}: it has more than {MOST_URLS} addresses; map folders instead")
    if mistakes:
        raise UrlMapError(str(path), tuple(mistakes))
    return tuple(found.values())


def _address(url: str) -> str:
    return canonical(url.strip().removesuffix("*")) + ("/" if _is_prefix(url) and not _cut(url).endswith("/") else "")


def _cut(url: str) -> str:
    return url.strip().removesuffix("*")


def _is_prefix(url: str) -> bool:
    return url.strip().endswith(("/", "*"))


def _mistake(folder: Path, url: str, file: str) -> str:
    """Return what is wrong with an entry; empty where nothing is."""
    if not is_remote(url):
        return f"{url!r} is no address: it should begin with https://"
    if not file.strip():
        return f"{url} has no file"
    source = folder / file
    if _is_prefix(url):
        if not _cut(url).endswith("/"):
            return f"{url} should have its * right after a /"
        return "" if source.is_dir() else f"{file} is no folder, as {url} (which ends in / or *) needs one"
    if source.is_dir():
        return f"{file} is a folder: for all that lies in it, let the address end in /"
    return "" if source.is_file() else f"the file {file} is not there (looked for in {folder})"


def _read_csv(path: Path, text: str) -> Iterator[tuple[int, str, str]]:
    reader = csv.reader(text.splitlines())
    for row in reader:
        if not row or not "".join(row).strip() or row[0].startswith("#"):
            continue
        if tuple(cell.strip().lower() for cell in row) == _HEADER:
            continue
        if len(row) != len(_HEADER):
            found = f"it has {len(row)} columns, not an address and a file"
            raise UrlMapError(str(path), (f"line {reader.line_num}: {found}",))
        yield reader.line_num, row[0].strip(), row[1].strip()


def _read_yaml(path: Path, text: str) -> Iterator[tuple[int, str, str]]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UrlMapError(str(path), (f"line {line}: {error.problem}",)) from error
    except yaml.YAMLError as error:
        raise UrlMapError(str(path), (f"it is no YAML ({error})",)) from error
    if node is None:
        return
    if not isinstance(node, yaml.MappingNode):
        raise UrlMapError(str(path), ("line 1: it should be lines of the form `https://...: file`",))
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or not isinstance(value, yaml.ScalarNode):
            raise UrlMapError(str(path), (f"line {line}: it should be one address and one file",))
        yield line, str(key.value), str(value.value)


def content_sha256(path: Path) -> str:
    """Return the digest of a file's bytes, or of a folder's names and files."""
    digest = hashlib.sha256()
    if path.is_file():
        _add_file(digest, path)
        return digest.hexdigest()
    for folder, folders, files in os.walk(path):
        folders.sort()
        for name in sorted(files):
            file = Path(folder, name)
            digest.update(os.fsencode(str(file.relative_to(path))) + b"\0")
            _add_file(digest, file)
    return digest.hexdigest()


def _add_file(digest: hashlib._Hash, path: Path) -> None:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)


def offered_names(urls: Sequence[UrlFile]) -> tuple[str, ...]:
    """Return the name of each file in the sandbox: its place, so that no two are the same, and its own name."""
    return tuple(f"urls/{place}-{item.path.name}" for place, item in enumerate(urls))


def mapping_json(urls: Sequence[UrlFile], paths: Sequence[str]) -> dict[str, object]:
    """Return what the sandbox is told: where, in there, each address's file or folder is."""
    pairs = list(zip(urls, paths, strict=True))
    return {
        "exact": {item.url: path for item, path in pairs if not item.is_folder},
        "folders": [[item.url, path] for item, path in pairs if item.is_folder],
    }

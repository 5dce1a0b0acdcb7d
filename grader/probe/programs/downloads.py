"""`wget`, `curl`, `gdown`, `kaggle`, `git clone`: served from the files handed along, else as offline."""

from __future__ import annotations

import os
import shutil
import sys
import tarfile
import tempfile
import urllib.parse
import zipfile
from collections.abc import Iterator

from .arguments import Arguments
from .mapping import UrlMap, drive_id, drive_url, file_name, is_remote, write_note

WGET_OFFLINE = 4
CURL_OFFLINE = 6
GIT_OFFLINE = 128
"""Exit statuses of the real programs where a host's name can't be resolved."""

_WGET_VALUED = frozenset({
    "-O", "--output-document", "-P", "--directory-prefix", "-o", "--output-file", "-a", "-t", "--tries", "-T",
    "--timeout", "-U", "--user-agent", "--header", "--load-cookies", "--save-cookies", "--post-data", "-i",
    "--input-file", "-w", "--wait", "-e", "--execute", "-A", "--accept", "-R", "--reject", "-l", "--level", "-D",
    "--user", "--password", "--limit-rate", "--referer", "--progress",
})  # fmt: skip
_CURL_VALUED = frozenset({
    "-o", "--output", "-H", "--header", "-d", "--data", "--data-raw", "--data-binary", "-A", "--user-agent", "-u",
    "--user", "-X", "--request", "-b", "--cookie", "-c", "--cookie-jar", "-e", "--referer", "-m", "--max-time",
    "-T", "-F", "--form", "-x", "--proxy", "-w", "--write-out", "-C", "--continue-at", "--retry",
    "--connect-timeout", "--output-dir", "--url", "-r", "--range",
})  # fmt: skip
_SENDS = ("-d", "--data", "--data-raw", "--data-binary", "-F", "--form", "-T", "-X", "--request", "-I", "--head")
_GDOWN_VALUED = frozenset({"-O", "--output", "--id", "--proxy", "--speed", "--format", "--user-agent"})
_KAGGLE_VALUED = frozenset({"-d", "--dataset", "-c", "--competition", "-p", "--path", "-f", "--file"})
_GIT_VALUED = frozenset({"-b", "--branch", "--depth", "-o", "--origin", "-j", "--jobs", "--filter", "-c", "--config"})


def wget(given: list[str]) -> int | None:
    """Answer wget; what has no address of a network is the real one's."""
    # `-nc`, `-nv` and their kin are flags of two letters.
    short = {"-nc": "--no-clobber", "-nd": "--no-directories", "-nv": "--no-verbose", "-np": "--no-parent"}
    arguments = Arguments([short.get(item, item) for item in given], _WGET_VALUED)
    urls = [*filter(is_remote, arguments.words), *_listed(arguments.value("-i", "--input-file"))]
    if not urls:
        return None
    out, folder = arguments.value("-O", "--output-document"), arguments.value("-P", "--directory-prefix") or "."
    keeps = arguments.has("--no-clobber", "-c", "--continue", "-N", "--timestamping")
    quiet = arguments.has("-q", "--quiet")
    statuses = [_wget_one(url, out, folder, keeps=keeps, quiet=quiet) for url in urls]
    return next((status for status in statuses if status), 0)


def _wget_one(url: str, out: str | None, folder: str, *, keeps: bool, quiet: bool) -> int:
    source = UrlMap.offered().find(url)
    target = out or os.path.join(folder, file_name(url))
    if source is None:
        if out != "-" and _has(target):
            return _is_here_already(target, url)
        print(f"wget: unable to resolve host address '{_host(url)}'", file=sys.stderr)
        return _offline(url, "wget", WGET_OFFLINE)
    if keeps and _has(target):
        return 0
    return _serve(url, source, None if out == "-" else target, "wget", quiet=quiet)


def curl(given: list[str]) -> int | None:
    """Answer curl: each address to its `-o`, its own name with `-O`, or the output."""
    arguments = Arguments(given, _CURL_VALUED)
    urls = [*filter(is_remote, arguments.words), *arguments.options.get("--url", ())]
    if not urls:
        return None
    outs: list[str | None] = [*arguments.options.get("-o", ()), *arguments.options.get("--output", ())]
    if arguments.has("-O", "--remote-name", "--remote-name-all"):
        outs += [file_name(url) for url in urls[len(outs) :]]
    outs += [None] * len(urls)
    folder, quiet = arguments.value("--output-dir") or "", arguments.has("-s", "--silent")
    status = 0
    for url, out in zip(urls, outs):
        source = None if arguments.has(*_SENDS) else UrlMap.offered().find(url)
        target = os.path.join(folder, out) if out not in {None, "-"} and out else None
        if source is not None:
            status = _serve(url, source, target, "curl", quiet=quiet) or status
        elif target and _has(target):
            status = _is_here_already(target, url) or status
        else:
            if not quiet or arguments.has("-S"):
                print(f"curl: (6) Could not resolve host: {_host(url)}", file=sys.stderr)
            status = _offline(url, "curl", CURL_OFFLINE)
    return status


def gdown(given: list[str]) -> int | None:
    """Answer gdown: a link or an id of Google Drive."""
    arguments = Arguments(given, _GDOWN_VALUED)
    asked = arguments.value("--id") or next(iter(arguments.words), "")
    if not asked:
        return None
    return fetch_from_drive(asked, arguments.value("-O", "--output"), quiet=arguments.has("-q", "--quiet"))


def fetch_from_drive(asked: str, out: str | None, *, quiet: bool) -> int:
    """Put what a link or an id of Google Drive stands for at `out`, a file or a folder, or under its own name."""
    url = asked if is_remote(asked) else drive_url(asked)
    url = drive_url(drive_id(url)) if drive_id(url) else url
    source = UrlMap.offered().find(url)
    if source is None:
        if out and _has(out):
            return _is_here_already(out, url)
        print(f"gdown: cannot reach {url}", file=sys.stderr)
        return _offline(url, "gdown", 1)
    own = os.path.basename(source).partition("-")[2]
    target = os.path.join(out, own) if out and (out.endswith("/") or os.path.isdir(out)) else out or own
    return _serve(url, source, target, "gdown", quiet=quiet)


def kaggle(given: list[str]) -> int | None:
    """Answer `kaggle datasets download` and `kaggle competitions download`."""
    arguments = Arguments(given, _KAGGLE_VALUED)
    kind, action, *names = [*arguments.words, "", ""][: max(2, len(arguments.words))]
    name = arguments.value("-d", "--dataset", "-c", "--competition") or next(iter(names), "")
    if kind not in {"datasets", "competitions", "d", "c"} or action != "download" or not name:
        print("kaggle: there is no network here", file=sys.stderr)
        return 1
    url = f"https://www.kaggle.com/{'datasets' if kind.startswith('d') else 'competitions'}/{name}"
    folder = arguments.value("-p", "--path") or "."
    target = os.path.join(folder, f"{name.rpartition('/')[2]}.zip")
    source = UrlMap.offered().find(url)
    if source is None:
        if _has(target):
            return _is_here_already(target, url)
        print(f"kaggle: cannot reach www.kaggle.com for {name}", file=sys.stderr)
        return _offline(url, "kaggle", 1)
    status = _serve(url, source, target, "kaggle", quiet=arguments.has("-q", "--quiet"))
    if not status and arguments.has("--unzip"):
        with zipfile.ZipFile(target) as archive:
            archive.extractall(folder)  # noqa: S202 - the instructor's own archive, inside the box
        os.unlink(target)
    return status


def git(given: list[str]) -> int | None:
    """Answer `git clone ADDRESS`; everything else is the real one's."""
    arguments = Arguments(given, _GIT_VALUED)
    action, *words = arguments.words or [""]
    url = next(iter(words), "")
    if action != "clone" or not (is_remote(url) or url.startswith("git@")):
        return None
    target = words[1] if len(words) > 1 else url.rstrip("/").rpartition("/")[2].removesuffix(".git")
    if os.path.isdir(target) and os.listdir(target):
        return _is_here_already(target, url)
    mapped = UrlMap.offered()
    source = mapped.find(url) or mapped.find(url.removesuffix(".git"))
    if source is None:
        print(f"fatal: unable to access '{url}': Could not resolve host: {_host(url)}", file=sys.stderr)
        return _offline(url, "git", GIT_OFFLINE)
    print(f"Cloning into '{target}'...", file=sys.stderr)
    _unpack(source, target)
    write_note("note", "url", f"{url} was taken from the files mapped with --urls")
    return 0


def _unpack(source: str, target: str) -> None:
    """Unpack an archive to a new folder; a single folder at its top is left out, as hosting sites add one."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        if zipfile.is_zipfile(source):
            with zipfile.ZipFile(source) as archive:
                archive.extractall(folder)  # noqa: S202 - the instructor's own archive, inside the box
        else:
            with tarfile.open(source) as packed:
                packed.extractall(folder)  # noqa: S202 - the instructor's own archive, inside the box
        inside = os.listdir(folder)
        only = os.path.join(folder, inside[0]) if len(inside) == 1 else folder
        shutil.copytree(only if os.path.isdir(only) else folder, target, dirs_exist_ok=True)


def _serve(url: str, source: str, target: str | None, by: str, *, quiet: bool) -> int:
    """Copy a mapped file to its target, or to the output; the exit status."""
    write_note("note", "url", f"{url} was taken from the files mapped with --urls")
    if target is None:
        with open(source, "rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        return 0
    try:
        if os.path.dirname(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(source, target)
    except OSError as error:
        if _has(target):  # handed in with the notebook, where it can't be written anew
            return _is_here_already(target, url)
        print(f"{by}: {target}: {error.strerror}", file=sys.stderr)
        return 1
    if not quiet:
        print(f"'{target}' saved [{os.path.getsize(target)}] (from the files of the course)", file=sys.stderr)
    return 0


def _offline(url: str, by: str, status: int) -> int:
    print(
        f"(there is no network while grading; the grader can be given this address with --urls: {url})", file=sys.stderr
    )
    write_note("lacked", "url", url, by)
    return status


def _is_here_already(target: str, url: str) -> int:
    print(f"'{target}' is already here; nothing was downloaded", file=sys.stderr)
    write_note("note", "url", f"{os.path.basename(target)} was already here: {url} was not downloaded")
    return 0


def _has(target: str) -> bool:
    return os.path.isfile(target) and os.path.getsize(target) > 0


def _host(url: str) -> str:
    return urllib.parse.urlsplit(url).hostname or url


def _listed(path: str | None) -> Iterator[str]:
    if path and os.path.isfile(path):
        with open(path, encoding="utf-8", errors="replace") as file:
            yield from filter(is_remote, (line.strip() for line in file))

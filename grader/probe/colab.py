"""`google.colab` where there is no Colab: what notebooks use of it, done with what is here or harmlessly not done."""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from .notes import Notes
from .paths import OWN_FOLDERS
from .redirection import Redirection

PACKAGE = "google.colab"

MAX_UPLOAD = 512 * 1024 * 1024
"""Bytes of one file that `files.upload()` hands over in memory, as Colab does."""

_CODE = (".ipynb", ".pyc")
_DATA = (".csv", ".tsv", ".xlsx", ".xls", ".zip", ".json", ".txt", ".npz", ".npy", ".gz", ".tar", ".h5", ".parquet")


class SecretNotFoundError(Exception):
    """`userdata.get` of a name for which there is no secret."""

    def __init__(self, key: str) -> None:
        """Say which one."""
        super().__init__(f"Secret {key} does not exist.")


class Uploaded(dict):  # type: ignore[type-arg]
    """What `files.upload()` gave: name to bytes. A name that is not there is told to the host before the KeyError."""

    def __init__(self, found: Mapping[str, bytes], notes: Notes) -> None:
        """Take what was found."""
        super().__init__(found)
        self._notes = notes

    def __missing__(self, key: Any) -> bytes:
        """Raise the KeyError that a dictionary raises."""
        self._notes.lacked("file", str(key), "files.upload")
        raise KeyError(key)


class Colab:
    """The functions of Colab's modules."""

    def __init__(self, notes: Notes, redirection: Redirection, work: str) -> None:
        """Take the working folder, where the submission's files lie."""
        self._notes = notes
        self._redirection = redirection
        self._work = work
        self._beside = sorted(os.listdir(work))  # as handed in: what cells make is not there to be uploaded

    def mount(self, mountpoint: str, force_remount: bool = False, **_: Any) -> None:  # noqa: FBT001, FBT002
        """Show the submission's files as a drive; says what Colab says."""
        del force_remount
        self._redirection.mount(os.fspath(mountpoint))
        print(f"Mounted at {mountpoint}")

    def upload(self, target_dir: str = "", **_: Any) -> Uploaded:
        """Hand over the data files that lie beside the notebook: name to bytes, tables and archives first."""
        del target_dir
        names = [name for name in self._beside if _is_data(self._work, name)]
        names.sort(key=_rank)
        found: dict[str, bytes] = {}
        for name in names:
            with open(os.path.join(self._work, name), "rb") as file:
                found[name] = file.read()
            print(f"Saving {name} to {name}")
        if found:
            self._notes.substituted("upload", f"files.upload() gave {', '.join(found)}, handed in with the notebook")
        else:
            print("No data file was handed in with the notebook; nothing was uploaded")
            self._notes.lacked("file", "", "files.upload")
        return Uploaded(found, self._notes)

    def download(self, filename: str, **_: Any) -> None:
        """Check that the file is there, as Colab does, and leave it."""
        if not os.path.exists(filename):
            raise FileNotFoundError(f"Cannot find file: {filename}")
        print(f"{filename} stays in the working folder; nothing was downloaded")

    def cv2_imshow(self, a: Any) -> None:
        """Show a picture as OpenCV keeps it: rows, columns, and blue, green, red (and alpha)."""
        from IPython.display import display
        from PIL import Image

        pixels = a.clip(0, 255).astype("uint8")
        if pixels.ndim == 3:
            pixels = pixels[..., [2, 1, 0, *range(3, pixels.shape[2])]]
        display(Image.fromarray(pixels.squeeze()))

    def clear(self, wait: bool = False, **_: Any) -> None:  # noqa: FBT001, FBT002 - Colab's signature
        """Clear the cell's output."""
        from IPython.display import clear_output

        clear_output(wait=bool(wait))

    def eval_js(self, script: str, **_: Any) -> None:
        """Nothing is there to run JavaScript: cameras and microphones give nothing."""
        del script
        self._notes.lacked("input", "a browser", "eval_js")

    def secret(self, key: str) -> str:
        """There are no secrets here."""
        self._notes.lacked("secret", str(key), "userdata.get")
        raise SecretNotFoundError(key)

    def authenticate(self, **_: Any) -> None:
        """Nobody is asked to log in."""
        self._notes.substituted("login", "auth.authenticate_user() logs in nowhere: there is no network")


def modules(colab: Colab) -> dict[str, dict[str, Any]]:
    """Return Colab's modules: dotted name to what is in it."""
    return {
        PACKAGE: {},
        f"{PACKAGE}.auth": {
            "authenticate_user": colab.authenticate, "authenticate_service_account": colab.authenticate,
        },
        f"{PACKAGE}.data_table": {
            "DataTable": DataTable, "enable_dataframe_formatter": _nothing, "disable_dataframe_formatter": _nothing,
        },
        f"{PACKAGE}.drive": {"mount": colab.mount, "flush_and_unmount": _nothing},
        f"{PACKAGE}.files": {"upload": colab.upload, "download": colab.download, "view": _nothing,
                             "upload_file": lambda name: colab.upload().get(name)},
        f"{PACKAGE}.output": {
            "clear": colab.clear, "eval_js": colab.eval_js, "register_callback": _nothing,
            "enable_custom_widget_manager": _nothing, "disable_custom_widget_manager": _nothing,
            "no_vertical_scroll": _nothing, "serve_kernel_port_as_iframe": _nothing,
            "serve_kernel_port_as_window": _nothing, "use_tags": _in_place, "redirect_to_element": _in_place,
        },
        f"{PACKAGE}.patches": {"cv2_imshow": colab.cv2_imshow},
        f"{PACKAGE}.runtime": {"unassign": _nothing},
        f"{PACKAGE}.userdata": {
            "get": colab.secret, "SecretNotFoundError": SecretNotFoundError,
            "NotebookAccessError": type("NotebookAccessError", (Exception,), {}),
        },
        f"{PACKAGE}.widgets": {"Grid": Panes, "TabBar": Panes},
    }  # fmt: skip


class ColabFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds Colab's modules before any other finder: a real `google.colab` waits for a browser that never answers."""

    def __init__(self, found: dict[str, dict[str, Any]]) -> None:
        """Offer these modules."""
        self._modules = found

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of one of Colab's modules, None for any other."""
        del path, target
        if name not in self._modules:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=name == PACKAGE)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        """Let the import system make the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Put the functions in; the package has its modules as attributes too, as on Colab."""
        module.__dict__.update(self._modules[module.__name__])
        if module.__name__ == PACKAGE:
            for name in self._modules:
                if name != PACKAGE:
                    importlib.import_module(name)


class GoogleFinder(importlib.abc.MetaPathFinder):
    """Finds the empty package `google` where nothing else brings one."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a namespace of no folders."""
        del path, target
        return importlib.machinery.ModuleSpec("google", None, is_package=True) if name == "google" else None


def offer(colab: Colab) -> None:
    """Make `google.colab` importable."""
    sys.meta_path.insert(0, ColabFinder(modules(colab)))
    sys.meta_path.append(GoogleFinder())


class DataTable:
    """A table that shows as its data frame does."""

    def __init__(self, dataframe: Any, **_: Any) -> None:
        """Take the data frame; paging needs a browser."""
        self._frame = dataframe

    def _repr_html_(self) -> Any:
        return self._frame._repr_html_()

    def __repr__(self) -> str:
        """Show the data frame."""
        return repr(self._frame)


class Panes:
    """Tabs or a grid whose contents are shown one below the other."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Take any layout."""

    def output_to(self, *_: Any, **__: Any) -> Any:
        """Return a context in which output goes where it always goes."""
        return _in_place()

    def clear_tab(self, *_: Any, **__: Any) -> None:
        """Clear nothing."""

    def clear_cell(self, *_: Any, **__: Any) -> None:
        """Clear nothing."""


@contextlib.contextmanager
def _in_place(*_: Any, **__: Any) -> Iterator[None]:
    yield


def _nothing(*_: Any, **__: Any) -> None:
    """Do nothing: what this does on Colab needs a browser."""


def _is_data(folder: str, name: str) -> bool:
    path = os.path.join(folder, name)
    hidden = name.startswith(".") or name in OWN_FOLDERS or name.lower().endswith(_CODE)
    return not hidden and os.path.isfile(path) and os.path.getsize(path) <= MAX_UPLOAD


def _rank(name: str) -> int:
    """Return the place of a kind of data among those that are uploaded most: a notebook may take the first."""
    ending = os.path.splitext(name)[1].lower()
    return _DATA.index(ending) if ending in _DATA else len(_DATA)

"""`!` and `%` lines as notebooks from Colab have them, where the box can't do what Colab can."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

from .notes import Notes
from .paths import CONTENT, Places
from .redirection import Redirection

_NO_WINDOW = re.compile(r"widget|ipympl|notebook|nbagg|tk|qt\d*|gtk\d*|wx|osx|webagg", re.IGNORECASE)
"""Backends of matplotlib that need a window or a browser; a picture in the output shows the same."""

_NO_BROWSER = ("tensorboard", "tensorboard.notebook", "google.colab.data_table", "google.cloud.bigquery")
"""Extensions whose magics show something that a browser fetches from a server."""

_OURS = "grader"
"""The extension by which a notebook checks itself; the interpreter that it runs in need not have it."""

_CONTENT = re.compile(r"(?<![\w/.:-])/content(?=[/\s'\";|&>)]|$)")
_SCRIPT = re.compile(r"%%(?:bash|sh|shell|script|!)")


class Expanded(str):
    """A line whose variables are filled in: `{` and `$` in it are the shell's."""

    __slots__ = ()


class Magics:
    """Changes to one IPython shell."""

    def __init__(self, shell: Any, notes: Notes, places: Places, redirection: Redirection) -> None:
        """Take the shell; nothing is changed yet."""
        self._shell = shell
        self._notes = notes
        self._places = places
        self._redirection = redirection
        self._system, self._getoutput = shell.system, shell.getoutput
        self._var_expand = shell.var_expand
        self._enable_matplotlib = shell.enable_matplotlib
        self._load_extension = shell.extension_manager.load_extension
        self._has_terminals = _has_terminals()

    def attach(self) -> None:
        """Put the changes in place."""
        shell = self._shell
        shell.events.register("pre_run_cell", self._cell_begins)
        shell.system = self.system
        shell.getoutput = self.getoutput
        shell.var_expand = self.var_expand
        shell.enable_matplotlib = self.enable_matplotlib
        shell.extension_manager.load_extension = self.load_extension
        shell.register_magic_function(self.tensorflow_version, "line", "tensorflow_version")
        shell.register_magic_function(self.shell_cell, "line_cell", "shell")
        if not self._places.content_is_real:
            shell.input_transformers_cleanup.append(self._rewrite_script)

    def system(self, command: str) -> None:
        """Run a `!` line: its output is the cell's, its exit status raises nothing."""
        expanded = self._expanded(command)
        if expanded.rstrip().endswith("&"):
            _run_beside(expanded)
        elif self._has_terminals:
            self._system(expanded)
        else:
            self._shell.user_ns["_exit_code"] = _run_piped(expanded)

    def getoutput(self, command: str, **options: Any) -> Any:
        """Return the output of `x = !command`."""
        return self._getoutput(self._expanded(command), **options)

    def var_expand(self, text: str, depth: int = 0, *options: Any, **named: Any) -> str:
        """Fill in the notebook's variables, once."""
        return text if isinstance(text, Expanded) else str(self._var_expand(text, depth + 1, *options, **named))

    def enable_matplotlib(self, gui: Any = None) -> Any:
        """`%matplotlib widget` and other interactive backends: pictures in the output instead."""
        if gui and _NO_WINDOW.fullmatch(str(gui)):
            self._notes.substituted("magic", f"%matplotlib {gui} was taken as %matplotlib inline")
            gui = "inline"
        return self._enable_matplotlib(gui)

    def load_extension(self, name: str) -> Any:
        """`%load_ext tensorboard`: loaded, and its magic says that it isn't shown."""
        if name == _OURS:  # a student's self-check, left in the notebook: a check inside a check is none
            self._shell.register_magic_function(self.grader_check, "line", "grader_check")
            return None
        if name not in _NO_BROWSER:
            return self._load_extension(name)
        if name.startswith("tensorboard"):
            self._shell.register_magic_function(self.tensorboard, "line", "tensorboard")
        return None

    def grader_check(self, line: str) -> None:
        """Do nothing: the notebook is being checked."""
        del line

    def tensorboard(self, line: str) -> None:
        """Say that no server is started."""
        del line
        print("TensorBoard isn't shown while grading")
        self._notes.substituted("magic", "%tensorboard was not shown")

    def tensorflow_version(self, line: str) -> None:
        """`%tensorflow_version 2.x`: the version that is installed is the one there is."""
        wanted = line.strip()
        if wanted.startswith("1"):
            print("TensorFlow 1 isn't here, as it is no longer on Colab: the cells run with TensorFlow 2")
            self._notes.lacked("package", "tensorflow 1", "%tensorflow_version")
        else:
            print("TensorFlow 2.x selected: it is the one that is installed here.")

    def shell_cell(self, line: str, cell: str | None = None) -> None:
        """`%shell` and `%%shell`: what `!` does."""
        self.system(cell if cell is not None else line)

    def _cell_begins(self, info: Any) -> None:
        try:
            self._redirection.look_at(str(info.raw_cell))
        except Exception as error:
            self._redirection.fault("paths", error)

    def _expanded(self, command: str) -> Expanded:
        """Return a line with the notebook's variables in it, and with the paths that the shell finds here."""
        # The frame that counts is the one that called `system`, as for the shell's own function.
        return Expanded(self._here(str(self._var_expand(command, depth=2))))

    def _here(self, text: str) -> str:
        if not self._places.content_is_real:
            text = _CONTENT.sub(lambda _: self._places.work, text)
        try:
            self._redirection.provide_for(text)
        except Exception as error:
            self._redirection.fault("paths", error)
        return text

    def _rewrite_script(self, lines: list[str]) -> list[str]:
        """Let the scripts of `%%bash` find `/content` where only the kernel's own functions do."""
        if not lines or not _SCRIPT.match(lines[0]) or CONTENT not in "".join(lines):
            return lines
        return [self._here(line) for line in lines]


def _has_terminals() -> bool:
    """Tell whether programs can be given a terminal; without devices of its own a box has none."""
    try:
        for descriptor in os.openpty():
            os.close(descriptor)
    except (OSError, AttributeError):
        return False
    return True


def _run_beside(command: str) -> None:
    """Start a line that ends in `&`, as Colab does: a plain IPython kernel would raise."""
    nothing = subprocess.DEVNULL
    subprocess.Popen(command, shell=True, stdin=nothing, stdout=nothing, stderr=nothing)  # noqa: S602 - that is `!`


def _run_piped(command: str) -> int:
    """Run a line by the shell with its output passed on as it comes; the exit status."""
    process = subprocess.Popen(  # noqa: S602 - that is what `!` is
        command,
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if process.stdout is None:
        return process.wait()
    try:
        with process.stdout as pipe:
            while chunk := os.read(pipe.fileno(), 64 * 1024):
                sys.stdout.write(chunk.decode("utf-8", "replace"))
                sys.stdout.flush()
        return process.wait()
    except KeyboardInterrupt:
        process.kill()
        process.wait()
        raise

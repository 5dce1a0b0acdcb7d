"""A notebook's surroundings: Colab's modules and paths, magics, URLs from files, programs on the PATH."""

from __future__ import annotations

import os
from typing import Any

from . import colab
from .imports import Hook
from .magics import Magics
from .notes import Notes
from .paths import Places
from .programs_on_path import put_programs_on_path
from .redirection import Redirection
from .sklearn_files import offer_sklearn_files
from .urls import UrlHooks
from .watch import Probe


class Session:
    """What stands in for the notebook's own machine. A part that fails is told and left out."""

    def __init__(self, probe: Probe) -> None:
        """Put nothing in place before `begin`."""
        self._probe = probe
        self._notes = Notes(probe)
        self._places = Places(self._notes)
        self._redirection = Redirection(probe, self._places)
        self._urls = UrlHooks(probe, self._notes)

    def begin(self) -> None:
        """Make what stands for this very machine: programs, paths, files for URLs, `google.colab`."""
        work = os.getcwd()
        self._places.begin(work)
        self._urls.begin()
        try:
            put_programs_on_path()
            offer_sklearn_files()
            colab.offer(colab.Colab(self._notes, self._redirection, work))
        except Exception as error:
            self._probe.fault("surroundings", error)

    def hooks(self) -> dict[str, Hook]:
        """Return the hooks of URLs and paths, by module."""
        return {**self._urls.hooks(), **self._redirection.hooks()}

    def attach(self, shell: Any) -> None:
        """Change the shell's `!` and `%` lines."""
        try:
            Magics(shell, self._notes, self._places, self._redirection).attach()
        except Exception as error:
            self._probe.fault("magics", error)

"""The options that ask a language model for a second opinion, and what it has cost."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.errors import JudgeEndpointError

if TYPE_CHECKING:
    from grader.opinions import SecondOpinion


@dataclass(frozen=True, slots=True)
class Judging:
    """Which language model to ask about prose, as given; `url` of None asks none."""

    url: str | None
    model: str

    def second_opinion(self, out: Path, names: Collection[str], stop: threading.Event) -> SecondOpinion | None:
        """Return what asks it; `names` are the ids of the class, which are removed from every text.

        Raises:
            JudgeEndpointError: nothing can be sent there, or the library that would is not installed.
        """
        if self.url is None:
            if self.model:
                raise JudgeEndpointError("--judge-model without --judge: give the address of the server as well")
            return None
        from grader.opinions import SecondOpinion, read_endpoint, require_client

        require_client()
        return SecondOpinion(read_endpoint(self.url, self.model, os.environ), out, tuple(names), stop)


def judging(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--judge` and `--judge-model`, and hand over as `judging` what makes them a second opinion."""

    @functools.wraps(command)
    def with_judging(*args: Any, judge: str | None, judge_model: str, **given: Any) -> Any:
        return command(*args, judging=Judging(judge, judge_model), **given)

    for option in reversed(_JUDGING):
        with_judging = option(with_judging)
    return with_judging


_JUDGING = (
    click.option(
        "--judge",
        metavar="URL",
        help="Ask a language model there for a second opinion on prose: an OpenAI-compatible server, also a local one. "
        "The text of every submission is sent to it, names removed; without this option nothing is sent anywhere. "
        "It changes no level: where it differs, a person is asked to look. The key is taken from GRADER_JUDGE_KEY.",
    ),
    click.option("--judge-model", default="", metavar="NAME", help="The model to ask there."),
)


def tell_cost(second_opinion: SecondOpinion | None) -> None:
    """Say what asking a language model has cost, where one was asked."""
    if second_opinion is not None:
        from grader.reports.text import visible

        click.echo(visible(second_opinion.tally.in_words()))

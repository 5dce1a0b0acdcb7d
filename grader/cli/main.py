"""The `grader` command: its sub-commands are imported when they are called, so that `--help` answers at once."""

from __future__ import annotations

import importlib
import signal
import sys
from typing import cast

import click

from grader import __version__
from grader.errors import GraderError, UsageError

COMMANDS = {
    "grade": ("grader.cli.grade", "Grade a folder of notebooks."),
    "check": ("grader.cli.check", "Check your own notebook before you hand it in."),
    "regrade": ("grader.cli.regrade", "Judge again from stored evidence; runs nothing."),
    "export": ("grader.cli.export", "Marks and feedback for Canvas, Moodle, Gradescope, nbgrader, Excel, e-mail."),
    "bundle": ("grader.cli.bundle", "Pack the grader for Gradescope, or for a self-check on GitHub."),
    "review": ("grader.cli.review", "Review a graded class in your browser: agree, or decide otherwise."),
    "reference": ("grader.cli.reference", "Train or show the reference recipes."),
    "rubric": ("grader.cli.rubric", "List, show, check, begin and calibrate rubrics."),
    "data": ("grader.cli.data", "List and add the data sets that notebooks find offline."),
    "doctor": ("grader.cli.doctor", "Say what this machine can do, and how to mend what is missing."),
}
"""Name of a command, the module that holds it (as `command`), and its line in the help."""

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_NOT_JUDGED = 3


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order people meet them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, or None where there is none of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        return cast("click.Command", importlib.import_module(COMMANDS[cmd_name][0]).command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="grader")
def cli() -> None:
    """Grade deep-learning notebooks from evidence that was watched and recomputed.

    Each notebook is run in isolation; what the run does with its data and models is watched, its score is
    recomputed outside, and each criterion of the rubric is judged from that.
    """


def main() -> None:
    """Run the command line; what goes wrong is one sentence on stderr and an exit status."""
    _stop_as_by_hand()
    try:
        status = cli.main(standalone_mode=False)
    except UsageError as error:
        sys.exit(_complain(str(error), EXIT_USAGE))
    except GraderError as error:
        sys.exit(_complain(str(error), EXIT_NOT_JUDGED))
    except click.exceptions.Abort:
        sys.exit(
            _complain("stopped; what was finished is kept, and the same command goes on from here", EXIT_INTERRUPTED)
        )
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_USAGE)
    sys.exit(status if isinstance(status, int) else 0)


def _stop_as_by_hand() -> None:
    """Let a request to end, or the loss of the terminal, be what Ctrl-C is, unless the caller had it ignored."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def _complain(message: str, status: int) -> int:
    from grader.reports.text import visible

    # A message may carry a stranger's file name: no control sequence of it reaches the terminal.
    click.echo(f"grader: {visible(message)}", err=True)
    return status

"""Options of what is written, which every command that writes reports has."""

from __future__ import annotations

import click

from grader.reports.language import AUTOMATIC, LANGUAGES

language = click.option(
    "--language",
    type=click.Choice([AUTOMATIC, *LANGUAGES]),
    default=AUTOMATIC,
    show_default=True,
    help="Language of students' reports; auto: the notebook's own where it is one of these, English else.",
)

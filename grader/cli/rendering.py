"""Options of what is written, which every command that writes a class's pages has; not given, what was chosen stays."""

from __future__ import annotations

import click

from grader.reports.language import AUTOMATIC, LANGUAGES

language = click.option(
    "--language",
    type=click.Choice([AUTOMATIC, *LANGUAGES]),
    help="Language of students' reports; auto: the notebook's own where it is one of these, English else.  "
    "[default: as before, else auto]",
)
similarity = click.option(
    "--similarity/--no-similarity",
    default=None,
    help="Compare the texts of the class: a page for staff of passages in common, which no grade knows of.  "
    "[default: as before, else on]",
)

"""Pages about the rubric: how often people overrule it, and what moving one of its numbers would do."""

from __future__ import annotations

from flask import Flask


def add_pages(app: Flask) -> None:
    """Add these pages to the app."""
    del app

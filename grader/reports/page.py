"""The Jinja2 environment all pages share: escaping always on, undefined names are errors, a strict policy per page."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from grader.reports import numbers
from grader.reports.language import ENGLISH, say, spoken, told
from grader.reports.text import capitalised, cell_links, phrase
from grader.resources import shipped

SCRIPTS = {"index.html.j2": ("sort.js", "filter.js")}
"""The scripts of each page that has any: all of them are one `script` element."""


def render(template: str, **values: Any) -> str:
    """Render a page: its style and script stand in it and are the only ones its content-security policy lets in."""
    style = _source("style.css")
    script = "".join(map(_source, SCRIPTS.get(template, ())))
    policy = content_security_policy(style, script)
    return (
        environment()
        .get_template(template)
        .render(
            **values,
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            policy=policy,
        )
    )


def render_message(template: str, **values: Any) -> str:
    """Render a message for e-mail: no style sheet and no policy, as mail programs drop both."""
    return environment().get_template(template).render(**values)


@functools.lru_cache(maxsize=8)
def content_security_policy(style: str, script: str) -> str:
    """Return a policy that allows pictures inside the page, this one style and this one script, and nothing else."""
    parts = ["default-src 'none'", "img-src data:", f"style-src '{_digest(style)}'"]
    if script:
        parts.append(f"script-src '{_digest(script)}'")
    return "; ".join([*parts, "base-uri 'none'", "form-action 'none'"])


def _digest(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


@functools.cache
def _source(name: str) -> str:
    return (shipped("templates") / name).read_text(encoding="utf-8")


def _shown(value: object) -> object:
    """Prepare every value a template prints: plain text is cut and made visible before it is escaped."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return phrase(value)
    return numbers.NONE if value is None else value


def _shown_translated(value: object) -> object:
    """Prepare every value a template of another language prints: what is ours is translated too."""
    if isinstance(value, str) and not isinstance(value, Markup) and _OURS.search(value):
        return _shown(told(value))
    return _shown(value)


_OURS = re.compile(r"[ A-Z]")
"""What a text of ours for people has: names of classes and anchors, which stay as they are, are single small words."""


def _said(text: str, **values: object) -> Markup:
    """Return a text of ours for a template: one without places is translated once, when the template is compiled."""
    return escape(phrase(say(text, **values)))


def verbatim(value: object) -> Markup:
    """Return a student's own words for a template: never translated."""
    return escape(phrase(str(value)))


def environment() -> Environment:
    """Return what all templates are rendered by in the language being rendered."""
    return _environment(spoken())


@functools.cache
def _environment(language: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(shipped("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown if language == ENGLISH else _shown_translated,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # nobody edits a template while a class is written
    )
    for name in ("percent", "decimal", "count", "points", "duration"):
        made.filters[name] = getattr(numbers, name)
    made.filters["verbatim"] = verbatim
    made.filters["cell_links"] = cell_links
    made.filters["capital"] = lambda value: capitalised(value) if isinstance(value, str) else value
    made.filters["say"] = _said
    made.globals["spoken"] = spoken
    return made

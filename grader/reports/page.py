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
from grader.reports.language import say, spoken, told
from grader.reports.text import capitalised, phrase
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
    if value is None:
        return numbers.NONE
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return phrase(told(value) if _OURS.search(value) else value)


_OURS = re.compile(r"[ A-Z]")
"""What a text of ours for people has: names of classes and anchors, which stay as they are, are single small words."""


def verbatim(value: object) -> Markup:
    """Return a student's own words for a template: never translated."""
    return escape(phrase(str(value)))


@functools.cache
def environment() -> Environment:
    """Return what all templates are rendered by."""
    made = Environment(
        loader=FileSystemLoader(shipped("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # nobody edits a template while a class is written
    )
    for name in ("percent", "decimal", "count", "points", "duration"):
        made.filters[name] = getattr(numbers, name)
    made.filters["verbatim"] = verbatim
    made.filters["capital"] = lambda value: capitalised(value) if isinstance(value, str) else value
    made.globals["_"] = lambda text, **values: escape(phrase(say(text, **values)))
    made.globals["spoken"] = spoken
    return made

"""Pages of the desk: the reports' templates and style, with who is looking and what their forms need."""

from __future__ import annotations

from typing import Any

from flask import current_app, g, request

from grader.reports.page import environment
from grader.review.desk import Desk


def desk() -> Desk:
    """Return the desk that this app serves."""
    found = current_app.extensions["desk"]
    assert isinstance(found, Desk)  # noqa: S101 - put there by create_app
    return found


def render_page(template: str, **values: Any) -> str:
    """Render a page that stands for itself."""
    return environment().get_template(template).render(**values)


def page(template: str, **values: Any) -> str:
    """Render a page with the bar at its top."""
    return render_page(
        template,
        person=g.person,
        blind=g.blind,
        csrf=g.csrf,
        here=request.path,
        back=request.full_path.rstrip("?"),
        trouble=desk().writer.trouble,
        **values,
    )

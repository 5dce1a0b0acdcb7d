"""The Flask app: who may come in, and the pages by their addresses."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from flask import Flask, Response, g, make_response, redirect, request
from werkzeug.exceptions import HTTPException

from grader.errors import GraderError, StaleDecisionError
from grader.resources import shipped
from grader.review import deciding, looking, tuning
from grader.review.desk import Desk
from grader.review.pages import page, render_page
from grader.review.security import HEADERS, POLICY, Gate

LONGEST_NAME = 60
"""Characters of a person's name."""

LARGEST_FORM = 100_000
"""Bytes of one form: a comment of fifty pages."""

YEAR_S = 365 * 24 * 3600

ASSETS = {"review.css": "text/css", "review.js": "text/javascript"}


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names of the cookies of one server: cookies don't tell ports apart, so that their names have to."""

    session: str
    name: str
    blind: str

    @classmethod
    def of_port(cls, port: int) -> Cookies:
        """Return the names for the server on a port."""
        return cls(*(f"grader_{part}_{port}" for part in ("session", "name", "blind")))


def create_app(desk: Desk, gate: Gate, port: int) -> Flask:
    """Return the app for one class. `port` only names its cookies."""
    app = Flask("grader.review", static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_FORM, MAX_FORM_MEMORY_SIZE=LARGEST_FORM)
    app.extensions["desk"] = desk
    cookies = Cookies.of_port(port)

    @app.before_request
    def let_in() -> Response | None:
        return _let_in(gate, cookies)

    @app.after_request
    def seal(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers[name] = value
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    @app.errorhandler(Exception)
    def say(error: Exception) -> Response:
        return _said(error, app)

    _add_entrance(app, cookies)
    looking.add_pages(app)
    deciding.add_pages(app)
    tuning.add_pages(app)
    return app


# ---------------------------------------------------------------- coming in
def _let_in(gate: Gate, cookies: Cookies) -> Response | None:
    """Answer requests that are not to go on; None lets a request in."""
    g.person, g.blind, g.csrf = "", False, ""
    if not gate.knows_host(request.host):
        return _refused("This address is none of this server's.", 421)
    if request.endpoint == "enter" and gate.has_token(request.args.get("token")):
        return _entered(gate, cookies)
    session = request.cookies.get(cookies.session)
    if session is None or not gate.is_session(session):
        return _refused("Open the whole address that `grader review` printed: this one lacks its token.", 403)
    g.csrf = gate.csrf(session)
    g.person = unquote(request.cookies.get(cookies.name, ""))[:LONGEST_NAME]
    g.blind = request.cookies.get(cookies.blind) == "1"
    if request.method == "POST":
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin" or not gate.is_from_our_page(
            session, request.form.get("csrf")
        ):
            return _refused("This change does not come from a page of this server: open it again.", 403)
        if not g.person and request.endpoint != "set_name":
            return _refused("Say who you are first: the audit trail names whoever decides.", 403)
    return None


def _entered(gate: Gate, cookies: Cookies) -> Response:
    """Give the cookie, by a page that goes on: a strict cookie is not sent along with a redirect from elsewhere."""
    response = make_response(render_page("review/entered.html.j2"))
    response.set_cookie(cookies.session, gate.new_session(), httponly=True, samesite="Strict")
    return response


def _refused(reason: str, status: int) -> Response:
    return make_response(render_page("review/problem.html.j2", title="Not let in", reason=reason, home=False), status)


def _said(error: Exception, app: Flask) -> Response:
    """Turn an error into a page: one sentence, and the way back."""
    if isinstance(error, HTTPException):
        reason = {404: "There is no such page.", 405: "That can't be done here."}.get(
            error.code or 500, error.description or error.name
        )
        status, title = error.code or 500, error.name
    elif isinstance(error, StaleDecisionError):
        reason, status, title = str(error), 409, "Somebody was faster"
    elif isinstance(error, GraderError):
        reason, status, title = str(error), 503, "This can't be shown"
    else:
        app.logger.error("a page failed", exc_info=error)
        reason, status, title = "A fault of the grader's own; what it was is in the terminal.", 500, "Something broke"
    return make_response(render_page("review/problem.html.j2", title=title, reason=reason, home=True), status)


# ---------------------------------------------------------------- the entrance, names, assets
def _add_entrance(app: Flask, cookies: Cookies) -> None:
    @app.get("/")
    def enter() -> Response:
        return redirect("/queue", 303)  # type: ignore[return-value]

    @app.get("/assets/<name>")
    def asset(name: str) -> Response:
        if name not in ASSETS:
            return make_response(
                page("review/problem.html.j2", title="Not found", reason="No such file.", home=True), 404
            )
        response = make_response(_asset(name))
        response.headers["Content-Type"] = f"{ASSETS[name]}; charset=utf-8"
        return response

    @app.get("/name")
    def name_page() -> str:
        return page("review/name.html.j2")

    @app.post("/name")
    def set_name() -> Response:
        name = " ".join(request.form.get("name", "").split())[:LONGEST_NAME]
        response = redirect("/queue" if name else "/name", 303)
        if name:
            response.set_cookie(cookies.name, quote(name), max_age=YEAR_S, httponly=True, samesite="Strict")
        return response  # type: ignore[return-value]

    @app.post("/blind")
    def set_blind() -> Response:
        response = redirect(looking.way_back(request.form), 303)
        blind = "1" if request.form.get("blind") == "1" else "0"
        response.set_cookie(cookies.blind, blind, max_age=YEAR_S, httponly=True, samesite="Strict")
        return response  # type: ignore[return-value]


def _asset(name: str) -> str:
    folder = shipped("templates")
    files = ("style.css", "review/review.css") if name == "review.css" else (f"review/{name}",)
    return "\n".join((folder / item).read_text(encoding="utf-8") for item in files)

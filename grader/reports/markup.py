"""Students' code and markdown as HTML that can do nothing: no scripts, no pictures from elsewhere, no own styles."""

from __future__ import annotations

import html
import keyword
import re
from collections.abc import Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

from grader.reports.language import say, told
from grader.reports.text import LONGEST_SOURCE, phrase, shorten, visible

ALLOWED_TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "a", "ul", "ol", "li"),
    *("table", "thead", "tbody", "tr", "th", "td", "span"),
}
ALLOWED_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
ALLOWED_CLASSES = {"p": {f"heading-{level}" for level in range(1, 7)}, "span": {"left-out-picture"}}


def highlighted(source: str) -> Markup:
    """Return Python source as HTML with tokens in classed spans, everything escaped.

    Colours only: keywords, names that are defined, strings, numbers and comments, by one regular expression, which
    takes a tenth of a full lexer's time and does not mind code that can't be parsed.
    """
    text = visible(shorten(source, LONGEST_SOURCE))
    parts: list[str] = []
    end = 0
    for match in _TOKENS.finditer(text):
        parts.append(html.escape(text[end : match.start()], quote=False))
        parts.append(f'<span class="{match.lastgroup}">{html.escape(match[0], quote=False)}</span>')
        end = match.end()
    parts.append(html.escape(text[end:], quote=False))
    return Markup("".join(parts))  # noqa: S704 - every piece is escaped above


_KEYWORDS = "|".join(keyword.kwlist)
_TOKENS = re.compile(
    r"(?P<c1>\#[^\n]*|^[ \t]*[%!][^\n]*)"
    r"|(?P<s>\b[rRbBfFuU]{1,2}(?=[\"'])"
    r'(?:"""(?:[^"\\]|\\.|"(?!""))*(?:"""|\Z)|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*(?:\'\'\'|\Z)'
    r'|"(?:[^"\\\n]|\\.)*"?|\'(?:[^\'\\\n]|\\.)*\'?)'
    r'|"""(?:[^"\\]|\\.|"(?!""))*(?:"""|\Z)|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*(?:\'\'\'|\Z)'
    r'|"(?:[^"\\\n]|\\.)*"?|\'(?:[^\'\\\n]|\\.)*\'?)'
    rf"|(?P<k>\b(?:{_KEYWORDS})\b)"
    r"|(?P<nf>(?<=\bdef )\w+|(?<=\bclass )\w+|(?<![\w.])@[\w.]+)"
    r"|(?P<mi>(?<![\w.])(?:0[xXbBoO][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d+)(?:[eE][+-]?\d+)?j?))",
    re.MULTILINE | re.DOTALL,
)
"""Comments and shell lines, strings (open ones end with their line or the cell), keywords, definitions, numbers."""


def rendered_markdown(source: str) -> Markup:
    """Return markdown as sanitised HTML. Pictures become their names; headings become paragraphs that look like ones.

    A student's headings would break the order of the report's own.
    """
    written = _MARKDOWN.render(visible(shorten(source, LONGEST_SOURCE)))
    clean = nh3.clean(
        written,
        tags=ALLOWED_TAGS,
        attributes={key: set(value) for key, value in ALLOWED_ATTRIBUTES.items()},
        allowed_classes=ALLOWED_CLASSES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return Markup(clean)  # noqa: S704 - sanitised in the line above


def descriptor_parts(descriptor: str) -> tuple[Markup, Markup]:
    """Return a level's descriptor word for word, its emphasis and code set as such: first sentence, and the rest.

    The rest explains and limits the first sentence; it is empty for most.
    """
    parts = re.split(r"(?<=[.!?])\s+(?=[A-Z(])", told(descriptor.strip()), maxsplit=1)
    return inline_marks(parts[0]), inline_marks(parts[1] if len(parts) > 1 else "")


def inline_marks(text: str) -> Markup:
    """Return one paragraph with `**strong**`, `*emphasis*` and backticks set; everything else is escaped."""
    return Markup("").join(_set_mark(part) for part in _MARKS.split(phrase(text)) if part)


_MARKS = re.compile(r"(\*\*[^*\n]+\*\*|\*[^*\s][^*\n]*\*|`[^`\n]+`)")


def _set_mark(part: str) -> Markup:
    if not _MARKS.fullmatch(part):
        return escape(part)
    if part.startswith("**"):
        return Markup("<strong>{}</strong>").format(part[2:-2])
    if part.startswith("`"):
        return Markup("<code>{}</code>").format(part[1:-1])
    return Markup("<em>{}</em>").format(part[1:-1])


def _render_heading(
    _renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType
) -> str:
    token = tokens[index]
    return f'<p class="heading-{token.tag[1:]}">' if token.nesting == 1 else "</p>\n"


def _render_link(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[index]
    # Only whole addresses lead somewhere. A notebook's own table of contents leads to headings that have no anchor
    # here; `data.csv` and `../ada/report.html` to files of the results; `//host` to a Windows share.
    if not _WHOLE_ADDRESS.match(str(token.attrs.get("href", ""))):
        token.attrs.pop("href", None)
    return renderer.renderToken(tokens, index, options, env)


_WHOLE_ADDRESS = re.compile(r"https?://[^/?#]|mailto:", re.IGNORECASE)


def _render_picture(
    _renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType
) -> str:
    name = tokens[index].content or say("without a name")
    return f'<span class="left-out-picture">[{say("picture")}: {escape(name)}]</span>'


def _make_markdown() -> MarkdownIt:
    # commonmark with HTML off; a nesting cap is part of the preset.
    markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable(["table", "strikethrough"])
    markdown.add_render_rule("heading_open", _render_heading)
    markdown.add_render_rule("heading_close", _render_heading)
    markdown.add_render_rule("link_open", _render_link)
    markdown.add_render_rule("image", _render_picture)
    return markdown


_MARKDOWN = _make_markdown()

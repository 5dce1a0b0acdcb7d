"""Reading a page the way a browser's parser does: elements, attributes, text, ids and links."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from html.parser import HTMLParser
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, get_args

from grader import model

MODEL = tuple(import_module(f"{model.__name__}.{item.name}") for item in iter_modules(model.__path__))

VOID = {"meta", "br", "hr", "img", "link", "input"}


@dataclass
class Page(HTMLParser):
    """A parsed page; `faults` holds tags that are not closed in order."""

    source: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    open_tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.source)
        self.close()
        self.faults += [f"<{name}> is never closed" for name in self.open_tags]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        self.faults += [f"<{tag}> has {name} twice" for name in set(names) if names.count(name) > 1]
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open_tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open_tags or self.open_tags[-1] != tag:
            self.faults.append(f"</{tag}> at line {self.getpos()[0]} closes {self.open_tags[-1:]}")
        if tag in self.open_tags:
            while self.open_tags.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open_tags[-1] if self.open_tags else "", data))

    def tags(self, *names: str) -> list[dict[str, str | None]]:
        """The attributes of every element of these names, in order."""
        return [attributes for tag, attributes in self.elements if tag in names]

    @property
    def text(self) -> str:
        """What can be read, styles and scripts left out."""
        return " ".join(" ".join(data for tag, data in self.texts if tag not in {"style", "script"}).split())

    @property
    def ids(self) -> list[str]:
        return [str(attributes["id"]) for _, attributes in self.elements if "id" in attributes]

    @property
    def headings(self) -> list[int]:
        return [int(tag[1]) for tag, _ in self.elements if tag in {"h1", "h2", "h3", "h4", "h5", "h6"}]


def literal_values() -> set[str]:
    """Every word the model's Literal types allow: these are the grader's own, never a student's."""
    found: set[str] = set()
    for module in MODEL:
        for value in vars(module).values():
            if all(isinstance(item, str) for item in get_args(value)):
                found |= set(get_args(value))
    for module in MODEL:
        for kind in vars(module).values():
            if dataclasses.is_dataclass(kind) and isinstance(kind, type):
                for hint in kind.__annotations__.values():
                    if "Literal" in str(hint):
                        found |= set(str(hint).replace('"', "'").split("'")[1::2])
    return found


def poisoned(value: Any, attack: str, spared: set[str]) -> Any:
    """Return plain data or dataclasses with the attack appended to every text that is not one of the grader's words."""
    if isinstance(value, str):
        return value if value in spared else value + attack
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {
            item.name: poisoned(getattr(value, item.name), attack, spared)
            for item in dataclasses.fields(value)
            if item.name != "picture"
        }
        return dataclasses.replace(value, **changes)
    if isinstance(value, dict):
        return {key: poisoned(item, attack, spared) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(poisoned(item, attack, spared) for item in value)
    return value

"""Reading a command line as lenient programs do: options anywhere, joined or apart. Standard library only."""

from __future__ import annotations

from collections.abc import Collection


class Arguments:
    """What was given: `words` in order, and `options` by name (with their dashes) to values, empty for plain flags."""

    def __init__(self, given: list[str], valued: Collection[str]) -> None:
        """Read `given`; options of `valued` take the next word, or what is joined to them, as their value."""
        self.words: list[str] = []
        self.options: dict[str, list[str]] = {}
        rest = list(given)
        while rest:
            item = rest.pop(0)
            if item == "--":
                self.words += rest
                break
            if item.startswith("--"):
                name, joined, value = item.partition("=")
                self._keep(name, value if joined else (rest.pop(0) if name in valued and rest else ""))
            elif item.startswith("-") and item != "-":
                self._read_letters(item[1:], rest, valued)
            else:
                self.words.append(item)

    def _read_letters(self, letters: str, rest: list[str], valued: Collection[str]) -> None:
        while letters:
            name, letters = f"-{letters[0]}", letters[1:]
            if name in valued:
                self._keep(name, letters or (rest.pop(0) if rest else ""))
                return
            self._keep(name, "")

    def _keep(self, name: str, value: str) -> None:
        self.options.setdefault(name, []).append(value)

    def value(self, *names: str) -> str | None:
        """Return the last value of an option under any of its names, None where it was not given."""
        found = [value for name in names for value in self.options.get(name, ())]
        return found[-1] if found else None

    def has(self, *names: str) -> bool:
        """Tell whether an option was given under any of its names."""
        return any(name in self.options for name in names)

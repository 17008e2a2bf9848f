"""The words of one line of the scenario language, and what to say when one of them is wrong."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn


class ScenarioError(ValueError):
    """A line that is not in the language: place, word, what is allowed there, the nearest allowed word."""

    def __init__(self, name: str, line: int, text: str, column: int, length: int, message: str):
        marker = " " * column + "^" * max(length, 1)
        where = f"{name}:{line}: " if line else f"{name}: " if name else ""
        super().__init__(f"{where}{message}\n    {text}\n    {marker}" if text else f"{where}{message}")
        self.line, self.column, self.message = line, column, message


@dataclass(frozen=True)
class Place:
    name: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.name}:{self.line}" if self.line else self.name


@dataclass(frozen=True)
class Word:
    text: str
    column: int
    quoted: bool = False


# A '#' is a comment at the start of a line or before a blank: "1 dial 100#" and "1 dial #31#" are digits.
_WORD = re.compile(r'\s*(?:(?P<comment>#(?=\s).*)|"(?P<quoted>[^"]*)"|(?P<open>".*)|(?P<word>\S+))')


class Words:
    """The words of one line, taken from left to right."""

    def __init__(self, place: Place):
        self.place = place
        self.rest: list[Word] = []
        text = place.text
        if text.lstrip().startswith("#"):
            return
        at = 0
        while found := _WORD.match(text, at):
            at = found.end()
            kind = found.lastgroup or ""
            if kind == "comment":
                break
            word = Word(found.group(kind), found.start(kind), kind == "quoted")
            if kind == "open":
                self.fail("a quotation mark is missing at the end", word)
            self.rest.append(word)

    def __bool__(self) -> bool:
        return bool(self.rest)

    def fail(self, message: str, word: Word | None = None) -> NoReturn:
        column, length = (word.column, len(word.text)) if word else (len(self.place.text.rstrip()) + 1, 1)
        raise ScenarioError(self.place.name, self.place.line, self.place.text, column, length, message)

    def unknown(self, word: Word, allowed: Sequence[str], what: str = "word") -> NoReturn:
        spelling = {name.lower(): name for name in allowed}
        near = difflib.get_close_matches(word.text.lower(), spelling, 1, 0.5)
        hint = f'; did you mean "{spelling[near[0]]}"?' if near else ""
        self.fail(f'unknown {what} "{word.text}": allowed here: {", ".join(allowed)}{hint}', word)

    def peek(self) -> str:
        return self.rest[0].text if self.rest else ""

    def take(self, what: str) -> Word:
        if not self.rest:
            self.fail(f"the line ends too early: {what} is missing")
        return self.rest.pop(0)

    def accept(self, *texts: str) -> str:
        """Take the next word if it is one of `texts`, else give ""."""
        if self.rest and not self.rest[0].quoted and self.rest[0].text.lower() in texts:
            return self.rest.pop(0).text.lower()
        return ""

    def choice(self, allowed: Sequence[str], what: str = "word") -> str:
        word = self.take(f"one of {', '.join(allowed)}")
        for name in allowed:
            if name.lower() == word.text.lower():
                return name
        self.unknown(word, allowed, what)

    def port(self) -> int:
        word = self.take("a port (1 or 2)")
        if word.text not in ("1", "2"):
            self.fail(f'"{word.text}" is not a port: 1 or 2', word)
        return int(word.text)

    def number(self, what: str, low: float, high: float) -> float:
        word = self.take(what)
        try:
            value = float(word.text)
        except ValueError:
            self.fail(f'"{word.text}" is not a number: {what}', word)
        self.check(value, what, low, high, word)
        return value

    def check(self, value: float, what: str, low: float, high: float, word: Word) -> None:
        if not low <= value <= high:
            self.fail(f"{what} = {word.text}: {low:g} to {high:g} is allowed", word)

    def duration(self, what: str, unit: str = "s", high: float = 3600.0) -> float:
        """Seconds from "0.5", "0.5 s", "80ms" or "80 ms"; a bare number is in `unit`."""
        word = self.take(what)
        found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)(ms|s)?", word.text)
        if not found:
            self.fail(f'"{word.text}" is not a time: {what}, for example 0.5 or 80 ms', word)
        unit = found.group(2) or self.accept("ms", "s") or unit
        value = float(found.group(1)) * (1.0 if unit == "s" else 1e-3)
        if not 0 <= value <= high:
            self.fail(f"{what} = {word.text}: at most {high:g} s is allowed", word)
        return round(value, 6)

    def options(self, allowed: dict[str, tuple[float, float]]) -> dict[str, float]:
        """Any `name=number` that follow, each within its range."""
        found: dict[str, float] = {}
        while self.rest and "=" in self.rest[0].text:
            word = self.rest.pop(0)
            name, _, text = word.text.partition("=")
            if name not in allowed:
                self.unknown(Word(name, word.column), list(allowed), "option")
            try:
                value = float(text)
            except ValueError:
                self.fail(f'"{text}" is not a number: {name}=…', word)
            low, high = allowed[name]
            if not low <= value <= high:
                self.fail(f"{name} = {text}: {low:g} to {high:g} is allowed", word)
            found[name] = value
        return found

    def end(self, also: str = "") -> None:
        if self.rest:
            hint = f" (allowed here: {also})" if also else ""
            self.fail(f'"{self.rest[0].text}" is too much: the statement ends before it{hint}', self.rest[0])

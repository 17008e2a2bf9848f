"""The boards that the firmware knows: boards/<name>.json, read, and checked against boards/schema.json and
the rules of the ESP32's pins.

load("esp32-wrover") -> Board          BoardError names board, field, value and what is allowed
Board.device_json() -> bytes           what the device gets as /board.json
"""

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from host_tools.boards.pins import Signal, check_pins, signals_of
from host_tools.boards.problem import BoardError

__all__ = ["FOLDER", "VIRTUAL", "Board", "BoardError", "Signal", "load", "names", "read"]

FOLDER = Path(__file__).resolve().parents[2] / "boards"
VIRTUAL = "virtual"
_HOST_ONLY = ("title", "comment", "stock")  # nothing on the device reads these
_NOT_BOARDS = ("schema.json", "sizes.json")


@dataclass(frozen=True)
class Board:
    """A checked board. `data`: the JSON object."""

    data: dict[str, Any]

    @property
    def name(self) -> str:
        return self.data["name"]

    @property
    def title(self) -> str:
        return self.data["title"]

    @property
    def virtual(self) -> bool:
        return self.data["mcu"] == VIRTUAL

    @property
    def flash_bytes(self) -> int:
        return self.data["flash_mb"] << 20

    def signals(self) -> list[Signal]:
        """What hangs on which pin, in the order of the JSON file; none for the virtual board."""
        return [] if self.virtual else signals_of(self.data)

    def device_json(self) -> bytes:
        """The board as the device reads it: minified, without what only the host wants."""
        kept = {key: value for key, value in self.data.items() if key not in _HOST_ONLY}
        return json.dumps(kept, separators=(",", ":")).encode()


def names(folder: Path = FOLDER) -> list[str]:
    """The boards of the repository."""
    return sorted(path.stem for path in folder.glob("*.json") if path.name not in _NOT_BOARDS)


def load(name: str, folder: Path = FOLDER) -> Board:
    """A board by its name. Raises BoardError if there is none of that name or its file is wrong."""
    known = names(folder)
    if name not in known:
        raise BoardError(
            name, "", None, f"no such board{_nearest(name, known)}; there are: {', '.join(known)}"
        )
    return read(folder / f"{name}.json")


def read(path: Path) -> Board:
    """A board from a file. Raises BoardError with everything a person needs to put it right."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # JSON or UTF-8
        raise BoardError(path.stem, "", None, f"{path.name} is not JSON: {error}") from None
    problem = best_match(_validator().iter_errors(data))
    if problem is not None:
        raise _told(path.stem, problem)
    if data["name"] != path.stem:
        raise BoardError(path.stem, "name", data["name"], f"must be as the file: {path.stem}")
    if data["mcu"] != VIRTUAL:
        check_pins(data)
    return Board(data)


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads((FOLDER / "schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def _told(board: str, problem: ValidationError) -> BoardError:
    """A schema's complaint in the words of a board."""
    field = ".".join(str(part) for part in problem.absolute_path)
    rule: Any = problem.validator_value
    value: Any = problem.instance
    schema: Any = problem.schema
    if problem.validator == "required":
        missing = next(name for name in rule if name not in value)
        return BoardError(board, f"{field}.{missing}".lstrip("."), None, "must be given")
    if problem.validator == "additionalProperties":
        known = list(schema["properties"])
        extra = next(name for name in value if name not in known)
        allowed = f"no such field{_nearest(extra, known)}; there are: {', '.join(known)}"
        return BoardError(board, f"{field}.{extra}".lstrip("."), value[extra], allowed)
    if problem.validator == "type":
        allowed = "must be " + (rule if isinstance(rule, str) else " or ".join(rule))
    elif problem.validator == "enum":
        allowed = "one of " + ", ".join(json.dumps(each) for each in rule)
    elif problem.validator == "const":
        allowed = f"must be {json.dumps(rule)}"
    elif problem.validator in ("minimum", "maximum") or schema.get("type") == "integer":
        allowed = f"a whole number, {schema.get('minimum')} to {schema.get('maximum')}"
    elif problem.validator in ("minItems", "maxItems"):
        allowed = f"a list of {schema.get('minItems', 0)} to {schema.get('maxItems', 'any number')}"
    else:
        allowed = problem.message
    return BoardError(board, field, value, allowed)


def _nearest(word: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(known), 1, 0.4)
    return f" (did you mean {found[0]}?)" if found else ""

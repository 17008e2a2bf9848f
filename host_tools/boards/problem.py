"""The error of a board's description."""

import json
from typing import Any


class BoardError(ValueError):
    """A board that cannot be. `field`: its place, such as "spi.cs.1", or ""; `value`: what stands there;
    `allowed`: what may."""

    def __init__(self, board: str, field: str, value: Any, allowed: str) -> None:
        self.board, self.field, self.value, self.allowed = board, field, value, allowed
        given = "" if value is None else f" = {json.dumps(value)}"
        super().__init__(
            f"board {board}: {field}{given}: {allowed}" if field else f"board {board}: {allowed}"
        )

# Names that the MicroPython compiler knows inside @micropython.viper functions, and what the stubs
# of `micropython` leave out of the built-ins.
from typing import Any

ptr8: Any
ptr16: Any
ptr32: Any
uint: Any

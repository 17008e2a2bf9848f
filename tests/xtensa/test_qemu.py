"""The simulator against qemu-xtensa: results and number of instructions of the firmware's kernels."""

import os

import pytest

from host_tools.xtensa import kernels, qemu, recorder
from host_tools.xtensa.recorder import Call
from host_tools.xtensa.sources import compiled
from host_tools.xtensa.viper_abi import ViperProgram

if not qemu.available() and not os.environ.get("CI"):
    pytest.skip(f"no {qemu.EMULATOR} (Debian: {' '.join(qemu.PACKAGES)})", allow_module_level=True)

# One call of each kernel; those that call others are left out, qemu would need the runtime's call helper.
_ROWS = "g711 mix level tones plc modem fsk vad rtp".split()


def _calls() -> dict[str, Call]:
    recorder.load()
    found: dict[str, Call] = {}
    for row in kernels.ROWS:
        if row.name.split()[0] in _ROWS or row.name == "dtmf voice":
            for step in row.steps():
                for call in recorder.record(step).calls:
                    found.setdefault(call.key, call)
    return found


def test_every_kernel_gives_the_same_and_takes_as_many_instructions_on_qemu() -> None:
    compared = {}
    simulated = {}
    for key, call in _calls().items():
        program = ViperProgram(compiled())
        arguments = call.arguments()
        call.check(arguments, program.call(key, arguments), "viper")
        if not program.inner_calls:
            simulated[key] = program.machine.count
            compared[key] = qemu.run(ViperProgram(compiled()), call)
    assert compared == simulated
    assert len(compared) > 20

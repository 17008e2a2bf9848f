"""Makes caller ID as a phone hears it, by running the firmware's own code on MicroPython: ata.line.callerid
says what is put on the line and when, ata.dsp.fsk and ata.dsp.tones make the sound.

    callerid_wav(Path("out.wav"), CallerId("ring bell202", number="5551212", name="Ann"))
"""

import json
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from host_tools.virtual_board.session import find_runtime

ROOT = Path(__file__).resolve().parents[2]
RATE = 8000
_INPUTS = ("method", "kind", "number", "name", "when", "lamp", "level", "name_max")


@dataclass
class CallerId:
    """One transmission. `method`: two words of ata.line.callerid.CallerIdSequence. `kind`: "call" (MDMF, ETSI
    call setup), "number" (SDMF), "lamp" (message waiting, MDMF, ETSI) or "number lamp" (SDMF). `number`:
    digits, "P" (private) or "O" (unavailable). `when`: month, day, hour, minute. `level` in dBm0, of the FSK.

    render() fills in the rest. `steps`: (ms, output) as CallerIdSequence.poll() gives them, bytes as hex.
    `pcm`: 16 bit, 8 kHz, little-endian; silence stands for ringing and for the waits.
    """

    method: str = "ring bell202"
    kind: str = "call"
    number: str = "O"
    name: str = ""
    when: tuple[int, int, int, int] = (1, 1, 0, 0)
    lamp: bool = True
    level: float = -13.5
    name_max: int = 50
    steps: list[tuple[int, list]] = field(default_factory=list, init=False)
    pcm: bytes = field(default=b"", init=False)


# What runs on MicroPython: argv 1 is a folder with orders.json, which it fills with N.pcm, one an order. It
# is the media step in small, 1 ms each. One line of JSON an order goes out.
_PROGRAM = r"""
import json, sys
from array import array
from binascii import hexlify
from ata.base.errors import ConfigError, LocalError
from ata.dsp.fsk import FskModulator
from ata.dsp.tone_script import compile_tone
from ata.dsp.tones import ToneGenerator, sine_table
from ata.line import callerid

def payload(o):
    when = tuple(o["when"])
    if o["method"].endswith(" dtmf"):
        return callerid.dtmf(o["number"])
    if o["kind"] == "call":
        return callerid.call_setup(when, o["number"], o["name"], o["name_max"])
    if o["kind"] == "number":
        return callerid.sdmf(when, o["number"])
    if o["kind"] == "lamp":
        return callerid.message_waiting(o["lamp"])
    if o["kind"] == "number lamp":
        return callerid.message_waiting(o["lamp"], None, True)
    raise ConfigError("kind", o["kind"], "one of call, number, lamp, number lamp")

def render(o, file):
    sequence = callerid.CallerIdSequence(o["method"], payload(o), 0)
    if o["method"].startswith("ring "):
        sequence.ring_off(4000, 0)
    else:
        sequence.begin(0)
    sine = sine_table()
    tones, fsk = ToneGenerator(sine), FskModulator(sine)
    steps = []
    now = 0
    ack = None
    while True:
        sequence.tick(now)
        output = sequence.poll()
        while output is not None:
            name = output[0]
            if name == "done":
                return steps
            steps.append((now, [hexlify(x).decode() if isinstance(x, bytes) else x for x in output]))
            if name == "tone":
                tones.start(compile_tone(output[1]))
                ack = now + 150
            elif name == "digit":
                tones.digit(output[1], output[2])
            elif name == "fsk":
                tones.stop()
                fsk.start(output[1], output[2], output[3], output[4], o["level"])
            output = sequence.poll()
        if now == ack:
            sequence.heard(15, now)  # the phone's ACK, if one is expected
        pcm = array("h", bytes(16))
        tones.mix(pcm, 8)
        fsk.mix(pcm, 8)
        file.write(pcm)
        now += 1

folder = sys.argv[1]
with open(folder + "/orders.json") as file:
    orders = json.load(file)
for number, order in enumerate(orders):
    with open("%s/%d.pcm" % (folder, number), "wb") as file:
        try:
            print(json.dumps({"steps": render(order, file)}))
        except (ConfigError, LocalError) as error:
            print(json.dumps({"refused": str(error)}))
"""


def render(wanted: Sequence[CallerId], runtime: str = "auto") -> None:
    """Fill in `steps` and `pcm` of each, in one run of MicroPython. Raises ValueError with the firmware's
    words if it refuses one, NotReady if there is no MicroPython, RuntimeError if it fails."""
    _name, program = find_runtime(runtime)
    with tempfile.TemporaryDirectory() as folder:
        orders = [{key: getattr(one, key) for key in _INPUTS} for one in wanted]
        (Path(folder) / "orders.json").write_text(json.dumps(orders))
        done = subprocess.run(
            [program, "-X", "heapsize=4M", "-c", _PROGRAM, folder],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env={"MICROPYPATH": f"{ROOT / 'firmware'}:.frozen"},
        )
        told = [json.loads(line) for line in done.stdout.splitlines()]
        if done.returncode or len(told) != len(wanted):
            raise RuntimeError(f"caller ID on MicroPython: {done.stderr or done.stdout}")
        for number, (one, answer) in enumerate(zip(wanted, told, strict=True)):
            if "refused" in answer:
                raise ValueError(answer["refused"])
            one.steps = [(ms, output) for ms, output in answer["steps"]]
            one.pcm = (Path(folder) / f"{number}.pcm").read_bytes()


def callerid_wav(path: Path, wanted: CallerId, runtime: str = "auto") -> None:
    """Write the sound of one transmission to `path`: mono, 16 bit, 8 kHz. Errors as of render()."""
    render([wanted], runtime)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(wanted.pcm)

"""`ata make`: sounds as the firmware makes them, as WAV files (8 kHz, 16 bit, mono)."""

import runpy
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from host_tools.commands.console import errors_told
from host_tools.countries import REGIONS, codes
from host_tools.virtual_board.speech import RATE, Samples, write_wav
from host_tools.voice import dtmf as sounds
from host_tools.voice.callerid_wav import CallerId, render

app = typer.Typer(no_args_is_help=True, help="Make a sound file with the firmware's own generators.")

Out = Annotated[Path, typer.Argument(help="the WAV file to write", metavar="OUT.wav")]
Region = Annotated[str, typer.Option(help="a code of `countries`")]

# A region's caller ID (ata.region) → how the phone is alerted and the modem, as ata.line.callerid has it;
# those that begin with "dtmf" have the start and the end digit as a second word.
_WAYS = {
    "bellcore": "ring bell202",
    "etsi": "ring v23",
    "etsi_dtas": "alert v23",
    "etsi_lr": "reverse v23",
    "etsi_rp": "pulse v23",
    "sin227": "reverse v23",
}
_BELLCORE_NAME = 15  # characters (GR-1188)
_DIGITS = "0123456789*#ABCD"


@app.command()
def tone(
    what: Annotated[str, typer.Argument(help="dial, ringback, busy … or a script: 350@-13+440@-13;.5/.5")],
    out: Out,
    region: Region = "us",
    seconds: Annotated[float, typer.Option(min=0.01, max=3600)] = 6,
) -> None:
    """A call-progress tone of a country, or one of your own."""
    with errors_told():
        _write(out, sounds.make_tone(region, what, seconds), what)


@app.command()
def dtmf(
    digits: Annotated[str, typer.Argument(help="of 0-9 * # A-D; spaces and - . ( ) are left out")],
    out: Out,
    on: Annotated[int, typer.Option(min=1, max=60_000, help="ms of a digit")] = 70,
    off: Annotated[int, typer.Option(min=0, max=60_000, help="ms of the pause after it")] = 70,
) -> None:
    """DTMF digits."""
    with errors_told():
        wanted = digits.upper().translate(dict.fromkeys(map(ord, " -.()")))
        if not wanted or any(char not in _DIGITS for char in wanted):
            raise ValueError(f"digits = {digits!r}: 0-9 * # A-D are wanted")
        _write(out, sounds.make_digits(wanted, on, off), f"DTMF {wanted}")


@app.command()
def callerid(
    out: Out,
    number: Annotated[str, typer.Option(help="of the caller; without one it is unavailable")] = "",
    name: Annotated[str, typer.Option(help="of the caller")] = "",
    private: Annotated[bool, typer.Option("--private", help="the caller withholds number and name")] = False,
    standard: Annotated[str, typer.Option(help="bellcore or etsi; else that of the region")] = "",
    region: Region = "us",
    when: Annotated[str, typer.Option(help="MM-DD HH:MM; now unless given")] = "",
    sdmf: Annotated[bool, typer.Option("--sdmf", help="Bellcore's short form: number only")] = False,
    waiting: Annotated[
        bool, typer.Option("--waiting", help="as in a call: after CAS and its answer")
    ] = False,
    level: Annotated[float, typer.Option(min=-50, max=0, help="dBm0 of the FSK")] = -13.5,
) -> None:
    """What a phone is told of the caller, by FSK or DTMF. Ringing is left out: silence stands for it."""
    with errors_told():
        way = standard or _region_way(region)
        sent = "P" if private else number or "O"
        if not private and number and not any(char.isdigit() for char in number):
            raise ValueError(f"number = {number!r}: there is no digit in it")
        if way.startswith("dtmf"):
            if sdmf or waiting:
                raise ValueError(f"region = {region}: DTMF caller ID has no short form and none in a call")
            samples = sounds.make_dtmf_callerid(way.split()[1], sent)
            _write(out, samples, f"caller ID, {way}, region {region}")
            return
        if way not in _WAYS or (standard and standard not in ("bellcore", "etsi")):
            raise ValueError(f"standard = {standard!r}: bellcore or etsi")
        wanted = CallerId(_WAYS[way], number=sent, name=name, when=_when(when), level=level)
        if way == "bellcore":
            wanted = replace(wanted, name_max=_BELLCORE_NAME)
        if sdmf:
            if way != "bellcore":
                raise ValueError(f"the short form is Bellcore's, and this is {way}")
            wanted = replace(wanted, kind="number")
        if waiting:
            wanted = replace(wanted, method="talking " + wanted.method.split()[1])
        render([wanted])
        _write(out, np.frombuffer(wanted.pcm, "<i2").astype(np.int16), f"caller ID, {wanted.method}")


def _region_way(region: str) -> str:
    if region not in codes():
        raise ValueError(f"region = {region!r}: one of {', '.join(codes())}")
    way = runpy.run_path(str(REGIONS / f"{region}.py"))["REGION"]["caller_id"]
    if not way:
        raise ValueError(f"region = {region}: the firmware has no caller ID for it; --standard chooses one")
    return way


def _when(text: str) -> tuple[int, int, int, int]:
    if not text:
        now = datetime.now()
        return (now.month, now.day, now.hour, now.minute)
    try:
        given = datetime.strptime(f"2000-{text}", "%Y-%m-%d %H:%M")  # a leap year: 02-29 is a date
    except ValueError:
        raise ValueError(f"when = {text!r}: MM-DD HH:MM is wanted, such as 09-30 12:24") from None
    return (given.month, given.day, given.hour, given.minute)


def _write(out: Path, samples: Samples, what: str) -> None:
    write_wav(out, samples)
    text = f"{out}: {what}, {len(samples) / RATE:.2f} s"
    Console(highlight=False).print(text, markup=False, soft_wrap=True)

"""The line echo canceller on the bench, after ITU-T G.168: `python -m host_tools.voice.echo_bench`.

The firmware's own kernels run on MicroPython. The echo, the near speech and the noise are known apart, so the
enhancement (ERLE) is the echo over all that is neither near speech nor noise, also in double talk. Tables to
the console, figures to build/voice/echo.json, a picture to build/voice/echo.png.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import matplotlib
import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from host_tools.voice import echo_signals as signals
from host_tools.voice.echo_signals import PATHS, RATE, EchoPath, at_level, dbm0, through_ulaw

matplotlib.use("Agg")
from matplotlib import pyplot

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build/voice"
SPEECH = Path("/usr/share/asterisk/sounds")  # Debian's asterisk-core-sounds-en-wav
NOISE = -70.0  # dBm0, of the phone
_WANTED = 26.0  # dB within a second
Kind = Callable[[int, int], np.ndarray]  # n, seed → a signal

_PROGRAM = """
import sys
from array import array
from ata.dsp.dtmf import BEGAN, DtmfDetector
from ata.dsp.echo import EchoCanceller
c = EchoCanceller(int(sys.argv[1]), int(sys.argv[2]))
c.suppress = sys.argv[3] == "1"
d = DtmfDetector()
f, n = array("h", bytes(320)), array("h", bytes(320))
heard = []
found_after = 0
frames = 0
with open("far", "rb") as far, open("near", "rb") as near, open("out", "wb") as out:
    while near.readinto(n) == 320:
        far.readinto(f)
        before = c.delay
        c.process(n, f, 160)
        frames += 1
        if c.delay != before:
            found_after = frames
        if d.process(n, 160) == BEGAN:
            heard.append("0123456789*#ABCD"[d.code])
        out.write(n)
print("".join(heard), c.delay, found_after)
"""


class Run:
    """One call: far and near as they are, what came out, and the echo alone."""

    def __init__(self, far: np.ndarray, echo: np.ndarray, talk: np.ndarray | float = 0.0,
                 suppress: bool = False, delay: int = 0, taps: int = 64) -> None:  # fmt: skip
        n = len(far)
        hiss = at_level(signals.noise(n, 77), NOISE)
        self.far, self.echo, self.talk = far, echo, np.broadcast_to(talk, (n,))
        near = np.clip(np.round(echo + self.talk + hiss), -32768, 32767)
        with tempfile.TemporaryDirectory() as folder:
            far.astype("<i2").tofile(f"{folder}/far")
            near.astype("<i2").tofile(f"{folder}/near")
            done = subprocess.run(
                [_runtime(), "-X", "heapsize=2M", "-c", _PROGRAM, str(taps), str(delay), str(int(suppress))],
                cwd=folder, env={"MICROPYPATH": f"{ROOT}/firmware:.frozen"},
                capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
            if done.returncode or done.stderr:
                raise RuntimeError(done.stderr or done.stdout)
            self.out = np.fromfile(f"{folder}/out", "<i2").astype(float)
        self.digits, found, frames = done.stdout.rstrip("\n").split(" ")
        self.delay, self.found_after = int(found), int(frames) * 0.02
        self.left = self.out - self.talk - hiss  # echo that is left, and what was done to talk and noise

    def erle(self, start: float, end: float) -> float:
        """dB, of this part of the call (seconds)."""
        part = slice(int(start * RATE), int(end * RATE))
        return dbm0(self.echo[part]) - dbm0(self.left[part])

    def course(self, window: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
        """(seconds, ERLE of this window), where there is an echo."""
        n = int(window * RATE)
        starts = np.arange(0, len(self.echo) - n, n // 2)
        loud = [at for at in starts if dbm0(self.echo[at : at + n]) > NOISE + 20]
        found = [dbm0(self.echo[at : at + n]) - dbm0(self.left[at : at + n]) for at in loud]
        return (np.array(loud) + n) / RATE, np.array(found)

    def reached(self, since: float = 0.0) -> float:
        """Seconds until 26 dB are there, as the mean of the next 300 ms; inf if never."""
        for at in np.arange(since, len(self.echo) / RATE - 0.5, 0.05):
            if self.erle(at, at + 0.3) >= _WANTED:
                return float(at - since)
        return float("inf")


def _runtime() -> Path | str:
    i386 = ROOT / "build/runtime/i386/micropython"
    wheel = Path(sys.executable).parent / "micropython"
    return wheel if wheel.exists() else i386 if i386.exists() else "micropython"


def through(far: np.ndarray, path: EchoPath, delay: int = 0) -> np.ndarray:
    return np.convolve(far, np.append(np.zeros(delay), path.response))[: len(far)]


def _far(kind: Kind, seconds: float, seed: int) -> np.ndarray:
    """−15 dBm0, as G.711 brings it."""
    return through_ulaw(at_level(kind(int(seconds * RATE), seed), -15))


Rows = Iterator[tuple[list[str], dict[str, Any]]]


def convergence(kinds: dict[str, Kind], runs: dict[str, Run]) -> Rows:
    """ERLE without the suppressor, residual level with it."""
    for name, kind in kinds.items():
        for path in PATHS:
            far = _far(kind, 5, 3)
            echo = through(far, path)
            run, quiet = Run(far, echo), Run(far, echo, suppress=True)
            runs[f"{name}, path {path.name}"] = run
            late = slice(1 * RATE, 5 * RATE)
            values = [run.erle(0.2, 0.5), run.erle(0.7, 1.0), run.erle(1.0, 1.3), run.erle(4, 5)]
            data = {"signal": name, "path": path.name, "erle_1s": values[2], "erle_5s": values[3],
                    "seconds_to_26_db": run.reached(), "residual_dbm0": dbm0(quiet.out[late]),
                    "noise_limit_db": dbm0(echo[late]) - NOISE}  # fmt: skip
            row = [name, path.name, *[f"{v:.1f}" for v in values], f"{run.reached():.2f}",
                   f"{data['residual_dbm0']:.1f}", f"{data['noise_limit_db']:.0f}"]  # fmt: skip
            yield row, data


def double_talk(kinds: dict[str, Kind], runs: dict[str, Run]) -> Rows:
    """2.5 s far alone, 4 s both, 1.5 s far alone."""
    talk_at = slice(int(2.5 * RATE), int(6.5 * RATE))
    for name, kind in kinds.items():
        for level in (-12, -18, -24, -30):
            for path in (PATHS[0], PATHS[4]):
                far = _far(kind, 8, 5)
                talk = np.zeros(len(far))
                other = kinds.get("recorded speech", signals.speech)
                talk[talk_at] = at_level(other(len(far), 11), level)[talk_at]
                echo = through(far, path)
                run, full = Run(far, echo, talk), Run(far, echo, talk, suppress=True)
                if level == -18:
                    runs[f"{name}, double talk, path {path.name}"] = run
                worst = min(run.erle(at, at + 0.5) for at in np.arange(2.5, 6.5, 0.5)
                            if dbm0(echo[int(at * RATE) : int((at + 0.5) * RATE)]) > -45)  # fmt: skip
                same = float(np.corrcoef(full.out[talk_at], talk[talk_at])[0, 1])
                found = [run.erle(2, 2.5), run.erle(2.5, 6.5), worst, run.erle(6.5, 7)]
                data = {"signal": name, "path": path.name, "talk_dbm0": level, "erle_before": found[0],
                        "erle_during": found[1], "erle_worst_half_second": worst, "erle_after": found[3],
                        "correlation": same}  # fmt: skip
                yield [name, path.name, f"{level}", *[f"{v:.1f}" for v in found], f"{same:.4f}"], data


def path_change(kinds: dict[str, Kind], runs: dict[str, Run]) -> Rows:
    for name, kind in kinds.items():
        for old, new in ((PATHS[0], PATHS[5]), (PATHS[4], PATHS[0]), (PATHS[3], PATHS[4])):
            far = _far(kind, 7, 5)
            echo = through(far, old)
            echo[3 * RATE :] = through(far, new)[3 * RATE :]
            run = Run(far, echo)
            runs[f"{name}, path {old.name} → {new.name}"] = run
            values = [run.erle(2.5, 3), run.erle(3, 3.3), run.erle(4, 4.5), run.erle(6, 7)]
            data = {"signal": name, "change": f"{old.name} → {new.name}", "erle_before": values[0],
                    "erle_first_300_ms": values[1], "erle_1s": values[2], "erle_3s": values[3],
                    "seconds_to_26_db": run.reached(3.0)}  # fmt: skip
            yield [name, data["change"], *[f"{v:.1f}" for v in values], f"{run.reached(3.0):.2f}"], data


def tones(kinds: dict[str, Kind]) -> Rows:
    """Speech, 4 s of far tone, speech: the tone must not spoil what was learned."""
    n = 9 * RATE
    for parts in ((1004,), (2100,), (350, 440), (3990,)):
        name = "+".join(map(str, parts)) + " Hz"
        for path in (PATHS[0], PATHS[4]):
            far = at_level(kinds.get("recorded speech", signals.speech)(n, 5), -15)
            far[3 * RATE : 7 * RATE] = np.sum([signals.tone(4 * RATE, hz, -13) for hz in parts], axis=0)
            far = through_ulaw(far)
            run = Run(far, through(far, path))
            values = [run.erle(2, 3), run.erle(3.2, 4), run.erle(6, 7), run.erle(7, 7.5), run.erle(8, 9)]
            keys = ("erle_before", "erle_tone", "erle_tone_late", "erle_after", "erle_1s_after")
            data = {"tone": name, "path": path.name, **dict(zip(keys, values, strict=True))}
            yield [name, path.name, *[f"{v:.1f}" for v in values]], data


def near_digits(kinds: dict[str, Kind]) -> Rows:
    """Digits keyed at the phone while the far end speaks; the echo alone must give none."""
    text = "159D26*84073#ABC"
    for name, kind in kinds.items():
        for level in (-8, -14, -20):
            for path in (PATHS[0], PATHS[4]):
                far = _far(kind, 6.5, 5)
                keyed = signals.digits(text, len(far), 3 * RATE, level)
                run = Run(far, through(far, path), keyed, suppress=True)
                data = {"signal": name, "path": path.name, "level_dbm0": level, "heard": run.digits,
                        "right": run.digits == text}  # fmt: skip
                yield [name, path.name, f"{level}", run.digits, "yes" if data["right"] else "NO"], data


def delays(kinds: dict[str, Kind]) -> Rows:
    for name, kind in kinds.items():
        for delay in (85, 243, 403, 560):
            far = _far(kind, 10, 5)
            run = Run(far, through(far, PATHS[0], delay), delay=-1)
            data = {"signal": name, "delay": delay, "found": run.delay, "seconds": run.found_after,
                    "erle_end": run.erle(9, 10)}  # fmt: skip
            row = [name, f"{delay}", f"{run.delay}", f"{run.found_after:.1f}", f"{data['erle_end']:.1f}"]
            yield row, data


def draw(runs: dict[str, Run], file: Path) -> None:
    groups = [("double talk 2.5 … 6.5 s", "double talk"), ("path change at 3 s", "→"), ("convergence", "")]
    figure, axes = pyplot.subplots(3, 1, figsize=(10, 13), constrained_layout=True)
    for axis, (title, word) in zip(axes, groups, strict=True):
        for name in [n for n in runs if word in n and (word or not ("→" in n or "double" in n))]:
            axis.plot(*runs[name].course(), label=name, linewidth=0.9)
        axis.axhline(_WANTED, color="black", linestyle=":")
        axis.set(title=title, xlabel="s", ylabel="ERLE, dB (100 ms)", ylim=(-15, 60))
        axis.legend(fontsize=5, ncols=2)
        axis.grid(alpha=0.3)
    figure.savefig(file, dpi=130)
    pyplot.close(figure)


def main(
    speech: Annotated[Path, typer.Option(help="folder with 8 kHz WAV files of speech")] = SPEECH,
) -> None:
    """Measure, show, and write build/voice/echo.json and echo.png."""
    console = Console(highlight=False)
    kinds: dict[str, Kind] = {
        "noise": signals.noise, "composite": signals.composite, "synthetic speech": signals.speech,
    }  # fmt: skip
    if signals.recorded(speech, RATE, 0) is not None:
        kinds["recorded speech"] = lambda n, seed: np.asarray(signals.recorded(speech, n, seed))
    voices = {name: kind for name, kind in kinds.items() if name != "noise"}
    runs: dict[str, Run] = {}
    tests: list[tuple[str, str, Rows]] = [
        ("Convergence: ERLE, dB; with suppressor: level",
         "signal path 0.2-0.5s 0.7-1s 1-1.3s 4-5s to_26_dB,s left,dBm0 limit", convergence(kinds, runs)),
        ("Double talk: ERLE, dB", "signal path talk,dBm0 before during worst_0.5s after correlation",
         double_talk(voices, runs)),
        ("Changed path: ERLE, dB", "signal change before first_0.3s 1-1.5s 3-4s to_26_dB,s",
         path_change(kinds, runs)),
        ("Far tones: ERLE, dB", "tone path before begin end speech_again 1s_later", tones(kinds)),
        ("Digits of the phone in far speech", "signal path each,dBm0 heard right", near_digits(voices)),
        ("Unknown delay", "signal delay found after,s ERLE_at_end", delays(kinds)),
    ]  # fmt: skip
    figures: dict[str, list[dict[str, Any]]] = {}
    for title, columns, rows in tests:
        table = Table(*[column.replace("_", " ") for column in columns.split()], title=title)
        for row, data in track(rows, title, console=console, transient=True):
            table.add_row(*row)
            figures.setdefault(title, []).append(data)
        console.print(table)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "echo.json").write_text(json.dumps(figures, indent=1, default=float) + "\n")
    draw(runs, OUT / "echo.png")
    console.print(f"wrote {OUT / 'echo.json'} and {OUT / 'echo.png'}")


if __name__ == "__main__":
    typer.run(main)

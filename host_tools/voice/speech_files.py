"""Recorded human speech: the prompts of Asterisk as Debian packages them, 8 kHz."""

from pathlib import Path

import numpy as np

from host_tools.virtual_board.speech import PHRASES, RATE, Samples, say
from host_tools.voice.wav import Wav

FOLDER = Path("/usr/share/asterisk/sounds")
PACKAGE = "asterisk-core-sounds-en-wav"
_HEADER = 100  # bytes, more than a WAV file without sound has
_NO_SPEECH = ("beep", "tone", "monkeys", "silence")


def voices(folder: Path = FOLDER) -> dict[str, list[Path]]:
    """Voice (a folder of FOLDER) → its WAV files, the longest first; empty ones are left out."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*.wav"), key=lambda path: (-path.stat().st_size, path)):
        if path.stat().st_size > _HEADER:
            found.setdefault(path.relative_to(folder).parts[0], []).append(path)
    return dict(sorted(found.items()))


def everything(folder: Path = FOLDER) -> Samples:
    """All that is there, one after another."""
    parts = [Wav(path).samples() for files in voices(folder).values() for path in files]
    return np.concatenate([np.zeros(0, np.int16), *parts])


def clips(count: int, seconds: float = 8, folder: Path = FOLDER) -> list[Samples]:
    """`count` pieces of speech of equal length, in turn of each voice; a synthetic voice if there is none."""
    n = round(seconds * RATE)
    wanted = []
    files = [
        [
            path
            for path in one
            if path.stat().st_size > 2 * n and not any(word in str(path) for word in _NO_SPEECH)
        ]
        for one in voices(folder).values()
    ]
    for turn in range(count):
        for one in files:
            if turn < len(one) and len(wanted) < count:
                wanted.append(Wav(one[turn]).samples()[:n])
    if not wanted:
        said = np.concatenate([say(phrase) for phrase in PHRASES])
        wanted = [np.resize(np.roll(said, 4000 * k), n) for k in range(count)]
    return wanted

"""WAV files of any common kind, as blocks of 16-bit PCM at 8 kHz, so that hours need no memory.

PCM of 8 to 32 bit, IEEE float, G.711 A-law and µ-law, plain or WAVE_FORMAT_EXTENSIBLE, any number of channels
and any rate from 1 to 768 kHz.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from host_tools.virtual_board.speech import RATE, Samples, WavError, to_int16

_PCM, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_WIDTHS = {_PCM: (1, 2, 3, 4), _FLOAT: (4, 8), _ALAW: (1,), _MULAW: (1,)}
_STREAMED = 0x7FFFF000  # such sizes are written by programs that do not know how long it will be
_BLOCK = 10  # s read at once
_EDGE = 10  # input samples × the lower factor: more than half of resample_poly's filter


class Wav:
    """A WAV file that was opened and found in order, else WavError. `seconds`: its length."""

    def __init__(self, path: Path, channel: int = 0) -> None:
        """`channel`: 1 is the first one; 0: the mean of all."""
        self.path = path
        try:
            with path.open("rb") as file:
                size = path.stat().st_size
                self._offset, length = self._header(file, size)
        except OSError as error:
            raise WavError(f"{path}: {error.strerror}") from None
        if channel > self.channels:
            raise self._wrong(f"it has {self.channels} channel{'s' * (self.channels > 1)}, not {channel}")
        self._channel = channel
        frame = self._width * self.channels
        if length == 0:
            raise self._wrong("there is no sound in it (0 samples)")
        if length >= _STREAMED:
            length = min(length, size - self._offset)
        if self._offset + length > size:
            there = size - self._offset
            seconds = there // frame / self.rate
            raise self._wrong(
                f"cut off: {length} bytes of sound are announced, {there} are there ({seconds:.1f} s)"
            )
        self._frames = length // frame
        if not self._frames:
            raise self._wrong("there is no sound in it (0 samples)")
        self.seconds = self._frames / self.rate

    def blocks(self) -> Iterator[Samples]:
        """All of it as int16 at 8 kHz, about 10 s at a time."""
        common = int(np.gcd(self.rate, RATE))
        up, down = RATE // common, self.rate // common
        step = down * max(1, _BLOCK * self.rate // down)
        edge = down * _EDGE if down * up > 1 else 0
        held = np.zeros(edge)  # what came before
        cut = edge // down * up
        with self.path.open("rb") as file:
            file.seek(self._offset)
            left = self._frames
            ahead = np.zeros(0)
            while left or len(ahead):
                count = min(left, step + edge - len(ahead))
                left -= count
                ahead = np.concatenate([ahead, self._samples(file, count)])
                now = min(step, len(ahead)) if left else len(ahead)
                after = ahead[now : now + edge]
                part = np.concatenate([held, ahead[:now], after, np.zeros(edge - len(after))])
                out = resample_poly(part, up, down) if down * up > 1 else part
                yield to_int16(out[cut : cut + -(-now * up // down)])
                held = np.concatenate([held, ahead[:now]])[now:]
                ahead = ahead[now:]

    def samples(self) -> Samples:
        return np.concatenate(list(self.blocks()))

    def _samples(self, file: BinaryIO, count: int) -> NDArray:
        """`count` frames, one channel, full scale ±32768."""
        data = file.read(count * self._width * self.channels)
        if self._format == _FLOAT:
            values = np.nan_to_num(np.frombuffer(data, f"<f{self._width}").astype(float)) * 32768
        elif self._format in (_ALAW, _MULAW):
            values = g711_values(8 if self._format == _ALAW else 0)[np.frombuffer(data, np.uint8)]
        elif self._width == 1:  # unsigned
            values = np.frombuffer(data, np.uint8).astype(float) * 256 - 32768
        elif self._width == 3:
            wide = np.zeros((len(data) // 3, 4), np.uint8)
            wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
            values = wide.view("<i4").ravel() / 65536
        else:
            values = np.frombuffer(data, f"<i{self._width}") / (1 << (8 * self._width - 16))
        table = values.reshape(-1, self.channels)
        return table[:, self._channel - 1] if self._channel else table.mean(axis=1)

    def _header(self, file: BinaryIO, size: int) -> tuple[int, int]:
        """Where the samples are and how many bytes of them are announced."""
        if size == 0:
            raise self._wrong("the file is empty")
        start = file.read(12)
        if start[:4] != b"RIFF" or start[8:] != b"WAVE":
            raise self._wrong(f"not a WAV file: it begins with {start[:12]!r}, not with RIFF … WAVE")
        described = False
        while True:
            head = file.read(8)
            if len(head) < 8:
                missing = "samples (no data chunk)" if described else "description (no fmt chunk)"
                raise self._wrong(f"a broken WAV file: it ends before its {missing}")
            name, length = head[:4], struct.unpack("<I", head[4:])[0]
            if name == b"fmt ":
                start = file.tell()
                self._describe(file.read(min(length, 64)))
                described = True
                file.seek(start + length + (length & 1))
            elif name == b"data":
                if not described:
                    raise self._wrong("a broken WAV file: samples without a description (no fmt chunk)")
                return file.tell(), length
            else:
                file.seek(length + (length & 1), 1)

    def _describe(self, text: bytes) -> None:
        if len(text) < 16:
            raise self._wrong(f"a broken WAV file: a description of {len(text)} bytes")
        self._format, self.channels, self.rate, _, frame, bits = struct.unpack("<HHIIHH", text[:16])
        if self._format == _EXTENSIBLE and len(text) >= 26:
            self._format = struct.unpack("<H", text[24:26])[0]
        if not self.channels or frame % self.channels or not 1000 <= self.rate <= 768_000:
            what = f"{self.channels} channels, {frame} bytes a frame, {self.rate} Hz"
            raise self._wrong(f"a broken WAV file: {what}")
        self._width = frame // self.channels
        if self._width not in _WIDTHS.get(self._format, ()):
            raise self._wrong(
                f"samples of a kind that is not read here: format {self._format}, {bits} bit "
                "(PCM, float, A-law and µ-law are)"
            )

    def _wrong(self, what: str) -> WavError:
        return WavError(f"{self.path}: {what}")


def g711_values(payload_type: int) -> NDArray:
    """Code → sample, ITU-T G.711. 0: µ-law, 8: A-law."""
    a_law = payload_type == 8
    codes = np.arange(256) ^ (0x55 if a_law else 0xFF)
    segment, step = (codes >> 4) & 7, 2 * (codes & 15) + 1
    if a_law:
        size = np.where(segment == 0, step << 3, (step + 32) << (np.maximum(segment, 1) + 2))
        return np.where(codes & 0x80, size, -size).astype(float)
    size = ((step + 32) << (segment + 2)) - 132
    return np.where(codes & 0x80, -size, size).astype(float)

"""The echo canceller against a plain one, bit for bit: on CPython and on both MicroPythons.

The reference is written from the text of ata/dsp/echo.py: convolutions over the whole signal instead of
windows, coefficients in their natural order, no pointers, no ring.
"""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from ata.dsp.echo import EchoCanceller
from support.runtimes import micropythons

ROOT = Path(__file__).resolve().parents[2]
CHUNK = 80
LEARNED = (1, 3, 6, 8, 10, 13, 15)  # of a block of 16

ON_MICROPYTHON = """
import sys
from array import array
from ata.dsp.echo import EchoCanceller
def load(name):
    with open(name, "rb") as f:
        return array("h", f.read())
far, near = load(sys.argv[1]), load(sys.argv[2])
c = EchoCanceller(int(sys.argv[3]), int(sys.argv[4]))
c.suppress = sys.argv[5] == "1"
f, n = array("h", bytes(320)), array("h", bytes(320))
with open(sys.argv[6], "wb") as out:
    for at in range(0, len(near), 160):
        for i in range(160):
            f[i] = far[at + i]
            n[i] = near[at + i]
        c.process(n, f, 160)
        out.write(n)
    out.write(c._tracking)
    out.write(c._safe)
"""


def wrapped(value):
    """As 32 bits hold it."""
    return ((np.asarray(value) + 2**31) % 2**32) - 2**31


class Reference:
    def __init__(self, taps, delay, suppress):
        self.taps, self.delay, self.suppress = taps, delay, suppress
        self.far = np.zeros(delay, np.int64)
        self.x = np.zeros(taps, np.int64)
        self.p = np.zeros(taps, np.int64)
        self.energy = [(0, 0)] * (taps // 16)
        self.tracking = np.zeros(taps, np.int64)
        self.safe = np.zeros(taps, np.int64)
        self.peaks, self.levels = [0] * 3, [0] * 3
        self.safe_mode = self.wait = self.better = self.phase = self.talk = self.seed = self.count = 0
        self.tracked = self.kept = self.heard = 0
        self.leak, self.noise, self.gain, self.low = 8192, 200, 4096, 1500

    def process(self, near, far):
        return np.concatenate(
            [self.chunk(near[i : i + CHUNK], far[i : i + CHUNK]) for i in range(0, len(near), CHUNK)]
        )

    def chunk(self, near, far):
        self.far = np.concatenate([self.far, far])
        start = len(self.x)
        new = self.far[start - self.taps : start - self.taps + CHUNK] >> 2
        before = np.concatenate([self.x[-1:], new[:-1]])
        self.x = np.concatenate([self.x, new])
        p = (8 * new - 5 * before) >> 4
        self.p = np.concatenate([self.p, p])
        for i in range(0, CHUNK, 16):
            self.energy.append((int(((p[i : i + 16] ** 2) >> 3).sum()), int(p[i : i + 16].sum())))
        some = np.abs(new[3::4])
        self.peaks = [int(some.max()), *self.peaks[:2]]
        self.levels = [int(some.sum()) * 13 >> 6, *self.levels[:2]]
        peak = max(self.peaks)
        if self.leak < 2048:
            peak -= peak >> 2
        if int(np.abs(near[::2]).max()) > 4 * peak + (self.noise >> 1) + 64:
            self.wait = 6
        elif self.wait:
            self.wait -= 1

        learn = not self.wait and self.peaks[0] >= 24
        if self.safe_mode:
            e = self.cancel(self.safe, near, (0, 16, 32, 48, 64), False)
            if learn:
                test = self.phase == 0
                self.phase = 2 if test else self.phase - 1
                t = self.cancel(self.tracking, near, (16, 64), not test)
                if test:
                    self.judge(t, e, near, (16, 64))
        else:
            e = self.cancel(self.safe, near, (32,), False)
            t = self.cancel(self.tracking, near, (0, 16, 32, 48, 64), learn)
            if self.judge(t, e, near, (32,)):
                e = self.cancel(self.safe, near, (0, 16, 32, 48, 64), False)
            else:
                e = t
        return self.finish(e, near)

    def cancel(self, h, near, blocks, learn):
        """h[k] · x[n − k]; h is changed in place."""
        e = np.zeros(CHUNK, np.int64)
        start = len(self.x) - CHUNK
        for block in blocks:
            for n in range(block, block + 16):
                at = start + n
                total = wrapped((h * self.x[at - self.taps + 1 : at + 1][::-1]).sum() + 4096)
                e[n] = near[n] - (int(total) >> 13)
            if not learn:
                continue
            first = (start - self.taps) // 16 + block // 16
            window = self.energy[first : first + self.taps // 16 + 1]
            common = sum(mean for _, mean in window) >> 5
            c = sum(energy for energy, _ in window) + common**2 + (common**2 >> 1) + 1024
            s = 2
            while c > 4095:
                c, s = c >> 2, s + 2
            c = 0x800000 // c
            change = np.full(self.taps, 4096, np.int64)
            for n in LEARNED:
                error = (8 * int(e[block + n]) - 5 * int(e[block + n - 1])) >> 3
                error = max(-16383, min(16383, error))
                g = max(-8191, min(8191, (error * c + (1 << (s - 1))) >> s))
                at = start + block + n
                change += g * self.p[at - self.taps + 1 : at + 1][::-1]
            assert np.abs(change).max() < 2**31
            h[:] = wrapped(h + (change >> 13))
        return e

    def judge(self, t, e, near, blocks):
        a, b, d = (sum(int(np.abs(v[i : i + 16]).sum()) for i in blocks) // len(blocks) for v in (t, e, near))
        from_safe = to_safe = False
        far = max(self.levels[:2])
        if far > 40:
            loud = b > 3 * ((self.leak * far >> 11) + self.noise)
            a = self.tracked + ((a - self.tracked) >> 2)
            d = self.heard + ((d - self.heard) >> 2)
            k = self.kept + ((b - self.kept) >> 2)
            if self.safe_mode:
                clear = (a * 3 < k * 2 and a * 3 < d) or (k * 4 > d * 5 and a * 4 < d * 5)
                if clear:
                    self.better += 4
                elif loud or a * 16 > k * 17:
                    self.better = 0
                else:
                    self.better += 3
                if self.better >= 12:
                    self.safe_mode = self.better = 0
                    to_safe = clear
                if to_safe:
                    while self.leak < 16384 and self.leak * far >> 11 < a:
                        self.leak *= 2
                elif a > 2 * k:
                    from_safe = True
            elif loud or k * 5 < a * 3:
                self.safe_mode, self.better, from_safe = 1, 0, True
            elif a * 10 < k * 9:
                self.better += 1
                if self.better > 3:
                    self.better, to_safe = 0, True
            else:
                self.better = 0
            if to_safe:
                h = self.tracking
                if h.min() < -32768 or h.max() > 32767 or np.abs(h).sum() > 2**17:
                    to_safe, from_safe, self.safe_mode = False, True, 1
            self.tracked = k if from_safe else a
            self.kept = a if to_safe else k
            self.heard = d
        if self.wait:
            self.safe_mode, self.better = 1, 0
        if from_safe:
            self.tracking = self.safe.copy()
        elif to_safe:
            self.safe = self.tracking.copy()
        return self.safe_mode

    def finish(self, e, near):
        if self.kept * 4 > self.heard * 5:
            e = near
        level = int(np.abs(e[::2]).sum()) * 13 >> 5
        far = max(self.levels)
        usual = self.leak * far >> 11
        target = 4096
        noise = self.noise
        if far <= 10:
            self.talk = 0
            self.low = min(self.low, level)
            self.count += 1
            if self.count == 32:
                noise = max(noise, self.low)
                self.count, self.low = 0, 1500
        elif self.wait:
            self.talk = 3
        else:
            if level < usual:
                self.leak -= self.leak >> 5
            elif level < (usual + noise) * 4:
                self.leak += (self.leak >> 6) + 1
            else:
                self.leak += self.leak >> 8
            if level > 3 * (usual + noise):
                self.talk = 3
            elif self.talk:
                self.talk -= 1
            elif self.suppress:
                target = 0
        if level < noise:
            noise -= (noise - level) >> 2
        self.noise = noise
        self.leak = max(32, min(16384, self.leak))
        comfort = noise * 41 >> 8
        out = []
        fading = self.gain != 4096 or target != 4096
        for v in e.tolist():
            if fading:
                self.gain += 128 * ((self.gain < target) - (self.gain > target))
                self.seed = (self.seed * 1109 + 12345) % 2**20
                hiss = ((self.seed >> 5) - 16384) * comfort >> 14
                v = (v * self.gain + hiss * (4096 - self.gain)) >> 12
            out.append(max(-32768, min(32767, v)))
        return np.array(out)


def signals(seed, delay=0, loud=False):
    """Far and near, 2 s: bursts of coloured noise and silence, an echo path that changes, double talk."""
    random = np.random.default_rng(seed)

    def bursts(peak):
        sound = random.normal(size=16000)
        sound = sound + 0.9 * np.roll(sound, 1) + 0.5 * np.roll(sound, 2)
        level = np.repeat(random.choice([0, 0.02, 0.3, 1], 40), 400)
        return np.clip(sound / 3 * level * peak, -32768, 32767).astype(np.int64)

    if loud:  # the extremes of every sum
        far = np.where(np.arange(16000) // random.integers(1, 60, 16000) % 2, 32767, -32768)
        near = np.where(random.random(16000) < 0.5, 32767, -32768) * (np.arange(16000) // 2000 % 2)
        near[:8000] = np.clip(-far[:8000] * 0.6, -32768, 32767)
        return far.astype(np.int64), near.astype(np.int64)
    far, talk = bursts(9000), bursts(6000) * (np.arange(16000) // 3000 % 2)
    paths = [random.normal(size=40) * np.exp(-np.arange(40) / 8) / 6 for _ in "ab"]
    echoes = [np.convolve(far, np.append(np.zeros(delay), path))[:16000] for path in paths]
    change = int(random.integers(9000, 15000))
    near = np.concatenate([echoes[0][:change], echoes[1][change:]]) + talk + random.normal(size=16000) * 8
    return far, np.clip(np.round(near), -32768, 32767).astype(np.int64)


CASES = [
    (1, 64, 0, True, False), (2, 64, 0, False, False), (3, 64, 123, True, False), (4, 128, 80, True, False),
    (5, 64, 0, True, True), (6, 128, 0, False, True),
]  # fmt: skip


@pytest.mark.parametrize(("seed", "taps", "delay", "suppress", "loud"), CASES)
def test_every_sample_and_coefficient_is_that_of_the_reference(tmp_path, seed, taps, delay, suppress, loud):
    far, near = signals(seed, delay, loud)
    reference = Reference(taps, delay, suppress)
    expected = reference.process(near, far)
    names = [str(tmp_path / name) for name in ("far", "near", "out")]
    far.astype("<i2").tofile(names[0])
    near.astype("<i2").tofile(names[1])
    script = tmp_path / "run.py"
    script.write_text(ON_MICROPYTHON)
    found = micropythons()
    assert found
    for runtime, program in found.items():
        arguments = [names[0], names[1], str(taps), str(delay), str(int(suppress)), names[2]]
        subprocess.run(
            [program, "-X", "heapsize=2M", script, *arguments], check=True, timeout=60,
            env={"MICROPYPATH": f"{ROOT}/firmware:.frozen"},
        )  # fmt: skip
        data = Path(names[2]).read_bytes()
        out = np.frombuffer(data[: 2 * len(near)], "<i2")
        differ = np.flatnonzero(out != expected)
        assert not len(differ), (runtime, int(differ[0]))
        coefficients = np.frombuffer(data[2 * len(near) :], "<i4").reshape(2, taps)
        assert np.array_equal(coefficients[0][::-1], reference.tracking), runtime
        assert np.array_equal(coefficients[1][::-1], reference.safe), runtime
    assert np.abs(reference.safe).sum() <= 2**17  # what keeps its sums below 2**31
    if not loud:
        assert np.abs(reference.safe).sum() > 1000  # something was learned and kept


def test_the_kernels_do_the_same_on_cpython():
    far, near = (signal[:3200] for signal in signals(7))
    expected = Reference(64, 40, True).process(near, far)
    canceller = EchoCanceller(64, 40)
    for at in range(0, len(near), 160):
        frame = near[at : at + 160].astype(np.int16)
        heard = bytearray(frame.tobytes())
        canceller.process(heard, bytearray(far[at : at + 160].astype(np.int16).tobytes()), 160)
        assert np.array_equal(np.frombuffer(heard, np.int16), expected[at : at + 160]), at

"""How good a call sounds: the E-model (ITU-T G.107) for G.711, all its other inputs at their default values.

    R = 93.2 − Id(one-way delay) − Ie,eff        Ie,eff = 95 · Ppl / (Ppl / BurstR + Bpl)
    MOS = 1 + 0.035 R + R (R − 60) (100 − R) · 7·10⁻⁶

Bpl is 25.1 for G.711 with concealment after its Appendix I, 4.3 without (G.113 Appendix I). BurstR is the
mean length of a run of losses beside that of random ones. Lost is what was not played: packets that never
came and those that the jitter buffer discarded.

    R     90 … very satisfied   80 … satisfied   70 … some not   60 … many not   50 … nearly all not (G.109)

Integers only: R in tenths, MOS in hundredths, ratios in hundredths, loss in hundredths of a percent.
"""

from micropython import const

_CLEAN = const(932)
_BPL = const(2510)
# Id · 5 for each 25 ms of delay, from the equations of G.107 §7.4 (echo at TELR = 65 dB)
_DELAY = (
    b"\x00\x04\x07\x0a\x0d\x0f\x12\x19\x25\x35\x46\x57\x67\x75\x83\x8f\x9b\xa5\xaf\xb8\xc0\xc8\xce\xd5\xdb"
    b"\xe0\xe5\xea\xee\xf2\xf5\xf9\xfc"
)


def r_factor(lost, discarded, burst, delay, bpl=_BPL):
    """R in tenths, 0 … 932. Of 10000 packets: `lost` in the network, `discarded` by the jitter buffer (late).
    `burst`: BurstR · 100, at least 100 (Meter.burst()); `delay`: mouth to ear, one way, in ms (no more than
    800 counts); `bpl` in hundredths."""
    place, rest = divmod(min(max(delay, 0), 799), 25)
    impairment = (_DELAY[place] * (25 - rest) + _DELAY[place + 1] * rest) * 2 // 25
    loss = min(lost + discarded, 10000)
    impairment += 950 * loss // (loss * 100 // max(burst, 100) + bpl)
    return max(0, _CLEAN - impairment)


def mos(r):
    """The mean opinion score in hundredths, 100 … 450, of R in tenths (G.107 annex B)."""
    if r <= 65:  # below R = 6.5 the formula falls below 1
        return 100
    if r >= 1000:
        return 450
    return (1000000 + 3500 * r + r * (r - 600) * (1000 - r) * 7 // 1000 + 5000) // 10000


class Meter:
    """Counts played and missing frames and the runs of missing ones; play() does not allocate."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.frames = self.missing = self.bursts = 0
        self._heard = True

    def play(self, heard):
        """Once a frame: it was played (comfort noise counts too), or it was missing and concealed."""
        self.frames += 1
        if not heard:
            self.missing += 1
            if self._heard:
                self.bursts += 1
        self._heard = heard

    def loss(self):
        """Of 10000."""
        return self.missing * 10000 // max(self.frames, 1)

    def burst(self):
        """BurstR · 100: the mean run of missing frames, times the share of those that were played."""
        if not self.missing:
            return 100
        played = self.frames - self.missing
        return max(100, self.missing * 100 * played // (self.bursts * self.frames))

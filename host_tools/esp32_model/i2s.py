"""One I2S unit of the ESP32, a frame (two slots) at a time: clock, TX, RX, and what of it reaches the pads.

A frame is one integer, its first bit the highest, from the beginning of the slot in which TX holds frame sync
low. Registers and bits: TRM, "I2S Controller", and the vendor's i2s_reg.h; the order of the words in memory
for 32-bit slots (MSB_RIGHT = 0: the first slot's word comes first) is what the vendor's driver and
MicroPython's machine.I2S rely on.
"""

from collections import deque
from collections.abc import Callable

import numpy as np

from host_tools.esp32_model.dma import InLink, OutLink
from host_tools.esp32_model.gpio import Matrix
from host_tools.esp32_model.window import Window

PLL = 160e6
CONF, INT_RAW, INT_ST, INT_ENA, INT_CLR = 0x08, 0x0C, 0x10, 0x14, 0x18
FIFO_CONF, RXEOF_NUM, CONF_CHAN, OUT_LINK, IN_LINK = 0x20, 0x24, 0x2C, 0x30, 0x34
LC_CONF, CONF1, CONF2, CLKM_CONF, SAMPLE_RATE, PDM_CONF = 0x60, 0xA0, 0xA8, 0xAC, 0xB0, 0xB4
READ_ONLY = {INT_RAW, INT_ST, 0x38, 0x3C, 0x40, 0x48, 0x4C, 0x50, 0x54, 0x58, 0x5C, 0x6C, 0x70, 0xBC}
DEFAULTS = {
    CONF: 0x30300,
    FIFO_CONF: 1 << 12 | 32 << 6 | 32,
    RXEOF_NUM: 64,
    LC_CONF: 1 << 8,
    CONF1: 0x89,
    0xA4: 0x0A,
    CLKM_CONF: 4,
    SAMPLE_RATE: 16 << 18 | 16 << 12 | 6 << 6 | 6,
    PDM_CONF: 0x1550020,
    0xBC: 7,
}
BASES = (0x3FF4F000, 0x3FF6D000)
_BCK_OUT, _WS_OUT, _DATA_OUT, _DATA_IN = (23, 24), (25, 26), (163, 189), (155, 181)
_WORD = 0xFFFFFFFF
_FRAME = 0xFFFFFFFFFFFFFFFF
_HALF = 0x00000000FFFFFFFF


class I2s:
    """`tell(text)` is called with what is wrong in a way that silicon would not tell."""

    def __init__(self, number: int, memory: Window, matrix: Matrix, tell: Callable[[str], None]) -> None:
        self.number, self.base = number, BASES[number]
        self._memory, self._matrix, self.tell = memory, matrix, tell
        common = (memory, self._put, self._interrupt, tell)
        self.out, self.into = OutLink(*common), InLink(*common)
        self.clocked = False  # DPORT gives it a clock
        # Faults: of the chip, in case it is not as its manual says, and of the board
        self.wrong_side: set[str] = set()  # "rx", "tx": MSB_RIGHT works the other way round
        self.wrong_shift: set[str] = set()  # "rx", "tx": and so does MSB_SHIFT
        self.stuck: dict[int, int] = {}  # pin -> 0 or 1, whatever drives it
        self.late_bits = 0  # data to the own input comes so many bits late
        self.stopped = False  # the clock fails
        self.heard: deque[int] = deque(maxlen=480_000)
        self.said: deque[int] = deque()
        self.power_up()

    # ---- registers ----------------------------------------------------------------------------------

    def power_up(self) -> None:
        for offset in range(0, 0x100, 4):
            self._put(offset, DEFAULTS.get(offset, 0))
        self.out.reset()
        self.into.reset()
        self.out.eof_when_sent, self.out.write_back = True, False
        self.out.check_owner = self.into.check_owner = False
        self.into.eof_words = DEFAULTS[RXEOF_NUM]
        self._before = self._heard_before = self._tx_before = self._said_before = self._due = 0
        self._rx_frames = 0

    def get(self, offset: int) -> int:
        return self._memory.load(self.base + offset)

    def _put(self, offset: int, value: int) -> None:
        self._memory.store(self.base + offset, value)

    def _interrupt(self, bits: int) -> None:
        self._put(INT_RAW, self.get(INT_RAW) | bits)
        self._put(INT_ST, self.get(INT_RAW) & self.get(INT_ENA))

    def write(self, offset: int, value: int) -> None:
        if not self.clocked:
            self.tell(f"I2S{self.number}: write to {offset:#x} while it has no clock")
        elif offset in READ_ONLY:
            self.tell(f"I2S{self.number}: write to read-only register {offset:#x}")
        elif offset == INT_CLR:
            self._put(INT_RAW, self.get(INT_RAW) & ~value)
            self._interrupt(0)
        elif offset in (OUT_LINK, IN_LINK):
            link = self.out if offset == OUT_LINK else self.into
            self._put(offset, value & 0x000FFFFF)
            if value & 1 << 28:
                link.running = False
            if value & 1 << 29:
                link.start(0x3FF00000 | value & 0xFFFFF)
        else:
            self._put(offset, value)
            self._apply(offset, value)

    def _apply(self, offset: int, value: int) -> None:
        if offset == LC_CONF:
            if value & 1:
                self.into.reset()
            if value & 2:
                self.out.reset()
            self.out.check_owner = self.into.check_owner = bool(value & 1 << 12)
            self.out.write_back, self.out.eof_when_sent = bool(value & 1 << 6), bool(value & 1 << 8)
        elif offset == RXEOF_NUM:
            self.into.eof_words = value
        elif offset == CONF:
            if value & 0x05:
                self.out.fifo.clear()
                self._tx_before = 0
            if value & 0x0A:
                self._rx_frames = 0
        elif offset == INT_ENA:
            self._interrupt(0)

    # ---- clock --------------------------------------------------------------------------------------

    @property
    def bck_hz(self) -> float:
        """0 without a clock."""
        clock, rate = self.get(CLKM_CONF), self.get(SAMPLE_RATE)
        n, b, a = clock & 0xFF, clock >> 8 & 0x3F, clock >> 14 & 0x3F
        divider = n + (b / a if a else 0)
        if self.stopped or not self.clocked or not clock & 1 << 20 or clock & 1 << 21 or divider < 2:
            return 0
        return PLL / divider / max(rate & 0x3F, 1)

    @property
    def frame_hz(self) -> float:
        """Rate of frame sync; 0 while TX does not run as master."""
        conf, bits = self.get(CONF), self.get(SAMPLE_RATE) >> 12 & 0x3F
        if not conf & 1 << 4 or conf & 0x41 or not bits:
            return 0
        return self.bck_hz / (2 * bits)

    @property
    def port_hz(self) -> tuple[float, float]:
        """(BCLK, frame sync) at the pads."""
        bck, sync = (self._matrix.pad(signal[self.number]) for signal in (_BCK_OUT, _WS_OUT))
        hz = self.frame_hz
        return (self.bck_hz if bck and hz else 0, hz if sync else 0)

    def advance(self, frames: float) -> None:
        """Time goes on by so many 1/8000 s."""
        self._due += frames * self.frame_hz / 8000
        while self._due >= 1:
            self._due -= 1
            self._frame()

    # ---- a frame ------------------------------------------------------------------------------------

    def _frame(self) -> None:
        conf = self.get(CONF)
        sent = self._send(conf)
        sync = _HALF if not conf & 1 << 8 else _HALF ^ _FRAME
        self._to_pads(sent, sync)
        came = self._hear(sent, sync)
        self._receive(conf, came)

    def _send(self, conf: int) -> int:
        bits, mode = self.get(SAMPLE_RATE) >> 12 & 0x3F, self.get(FIFO_CONF) >> 13 & 7
        fifo_conf, out = self.get(FIFO_CONF), self.out
        if fifo_conf & 1 << 12:
            out.fill()
        if self.get(CONF2) or self.get(PDM_CONF) & 0x0F or not self.get(CONF1) & 1 << 3 or conf & 1 << 14:
            self.tell(f"I2S{self.number}: CONF, CONF1, CONF2 or PDM_CONF is not for plain samples")
            first = second = 0x5A5A5A5A
        elif not fifo_conf & 1 << 19:
            self.tell(f"I2S{self.number}: TX_FIFO_MOD_FORCE_EN is 0")
            first = second = 0
        elif mode == 2:
            first, second = out.pop(), out.pop()
        elif mode == 0:
            word = out.pop()
            first, second = word & 0xFFFF0000, word << 16 & _WORD
        else:
            first = second = out.pop()
        channels = self.get(CONF_CHAN) & 7
        if channels in (1, 3):
            first = second if channels == 1 else first & 0
        elif channels in (2, 4):
            second = first if channels == 2 else second & 0
        if bool(conf & 1 << 16) != ("tx" in self.wrong_side):
            first, second = second, first
        if bits != 32:  # only a caricature: slots of another width do not line up with anything here
            first, second = first >> (32 - bits), second >> (32 - bits)
        now = first << 32 | second
        shift = int(bool(conf & 1 << 10) != ("tx" in self.wrong_shift))
        stream = self._tx_before << 64 | now
        self._tx_before = now
        return stream >> shift & _FRAME

    def _hear(self, sent: int, sync: int) -> int:
        source = self._matrix.source(_DATA_IN[self.number])
        if source is None:
            return 0
        pin, inverted = source
        driver = self._matrix.drives(pin)
        if pin in self.stuck:
            came = _FRAME * self.stuck[pin]
        elif pin >= 40:
            came = _FRAME if pin == 0x38 else 0
        elif driver is None:
            came = self._from_wire()
        else:
            own = {_DATA_OUT[self.number]: sent, _WS_OUT[self.number]: sync}
            came = own.get(driver & 0x1FF, 0) ^ (_FRAME if driver & 1 << 9 else 0)
            if self.late_bits:
                stream = self._said_before << 64 | came
                self._said_before = came
                came = stream >> self.late_bits & _FRAME
        return came ^ (_FRAME if inverted else 0)

    def _receive(self, conf: int, came: int) -> None:
        stream = self._before << 64 | came
        self._before = came
        if not conf & 1 << 5 or conf & 0x0A:
            return
        if not conf & 1 << 7 or not conf & 1 << 18:
            self.tell(f"I2S{self.number}: RX does not share the clock of TX")
            return
        self._rx_frames += 1
        if self._rx_frames == 1:
            return  # its last bit comes with the next frame
        bits, fifo_conf = self.get(SAMPLE_RATE) >> 18 & 0x3F, self.get(FIFO_CONF)
        shift = int(bool(conf & 1 << 11) != ("rx" in self.wrong_shift))
        if bool(conf & 1 << 9) != bool(conf & 1 << 8):
            shift += 32
        frame = stream >> (64 - shift) & _FRAME
        first, second = frame >> 32, frame & _WORD
        if bool(conf & 1 << 17) != ("rx" in self.wrong_side):
            first, second = second, first
        if bits != 32:
            first, second = first >> (32 - bits), second >> (32 - bits)
        if not self.get(CONF1) & 1 << 7 or conf & 1 << 15:
            self.tell(f"I2S{self.number}: CONF or CONF1 is not for plain samples")
            first ^= 0x55555555
        mode, channels = fifo_conf >> 16 & 3, self.get(CONF_CHAN) >> 3 & 3
        if not fifo_conf & 1 << 12 or not fifo_conf & 1 << 20:
            self.tell(f"I2S{self.number}: DSCR_EN or RX_FIFO_MOD_FORCE_EN is 0")
        elif mode == 2 and channels == 0:
            self.into.push(first)
            self.into.push(second)
        elif mode == 0 and channels == 0:
            self.into.push(first & 0xFFFF0000 | second >> 16)
        else:
            self.into.push(second if channels == 1 else first)

    # ---- the wire to the SLIC -----------------------------------------------------------------------

    def _layout(self) -> tuple[int, int] | None:
        """(bit of a frame at which frame sync rises at its pad, bits by which the SLIC is beside); None if it
        has no clock."""
        clock, sync = (self._matrix.pad(signal[self.number]) for signal in (_BCK_OUT, _WS_OUT))
        if clock is None or sync is None or clock[0] in self.stuck or sync[0] in self.stuck:
            return None
        low_first = not self.get(CONF) & 1 << 8
        # The SLIC shifts when PCLK rises; without the inversion it takes each bit while it changes.
        return (32 if low_first != sync[1] else 0), (0 if clock[1] else 1)

    def _to_pads(self, sent: int, sync: int) -> None:
        layout = self._layout()
        data = self._matrix.pad(_DATA_OUT[self.number])
        stream = self._heard_before << 64 | sent
        self._heard_before = sent
        if layout is None:
            return
        if data is None or data[0] in self.stuck:
            self.heard.append(_FRAME * self.stuck.get(data[0], 0) if data else 0)
            return
        rise, beside = layout
        frame = stream >> (64 - rise + beside) & _FRAME
        self.heard.append(frame ^ (_FRAME if data[1] else 0))

    def _from_wire(self) -> int:
        layout = self._layout()
        if layout is None:
            return 0
        rise, beside = layout
        now = self.said.popleft() if self.said else 0
        stream = self._said_before << 64 | now
        self._said_before = now
        return stream >> ((rise + beside) & 63) & _FRAME if rise + beside else now

    def frames_out(self, count: int | None = None) -> np.ndarray:
        """What the SLIC received since the last call (at most the last minute): uint64 per frame, bit 63 the
        PCLK after which frame sync rose. A SLIC without clock receives nothing."""
        count = len(self.heard) if count is None else min(count, len(self.heard))
        return np.array([self.heard.popleft() for _ in range(count)], np.uint64)

    def frames_in(self, frames: np.ndarray) -> None:
        """What the SLIC is to send next, in the same form. After the last one it is silent."""
        self.said.extend(int(frame) for frame in frames)


def slot(frames: np.ndarray, start: int) -> np.ndarray:
    """The 16 bits of each frame that begin at PCLK `start` after frame sync: uint16."""
    return (frames >> np.uint64(48 - start)).astype(np.uint16)


def join(words: dict[int, np.ndarray]) -> np.ndarray:
    """Frames with uint16 words at their PCLK counts, e.g. {33: port 1, 1: port 2}; 0 elsewhere."""
    frames = np.zeros(len(next(iter(words.values()))), np.uint64)
    for start, values in words.items():
        frames |= values.astype(np.uint16).astype(np.uint64) << np.uint64(48 - start)
    return frames

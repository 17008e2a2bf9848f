"""Brings the PCM unit of ata/hal/esp32_pcm.py up: memory, registers, pins, self-test. Needed at start only.

Registers and bits: ESP32 Technical Reference Manual, "I2S Controller", "DMA Controller", "IO_MUX and GPIO
Matrix"; the values are those that the vendor's driver uses for full duplex on this chip. Everything goes
through machine.mem32.

Memory. The DMA reaches internal RAM only. It comes from the buffers that a stock machine.I2S object of the
same unit allocates for itself: that is internal RAM on every board, it does not fragment the Python heap, and
at a soft reset the object is finalised, which stops the unit before anybody else gets the memory. If that
fails, a bytearray serves where the heap is internal RAM (a board without PSRAM); then stop() has to come
before a soft reset.

Self-test. Two passes, with the unit's own signals routed to its data input through the pads that it drives
(no wire; the SLIC is in reset and hears nothing). Frame sync as data shows where the receiver's slots begin
and which side it takes for left; a pattern sent to itself then shows the same of the sender, and how many
frames the way back takes. A wrong side or a shift of one bit is put right by the bits that are there for it.
"""

import struct
import time

import uctypes
from machine import mem32
from micropython import const

from ata.base.errors import HardwareFault
from ata.hal.esp32_pcm import (
    IN_BLOCKS,
    IN_DESCRIPTORS,
    IN_SLOTS,
    OUT_BLOCKS,
    OUT_DESCRIPTORS,
    OUT_SLOTS,
)

_BLOCK_BYTES = const(640)  # 80 frames × 2 slots × 32 bits
_DESCRIPTOR_BYTES = const(12)
_IN_BUFFERS = const(11)
_OUT_BUFFERS = const(9)
_BLOCKS = const(21)  # those of both rings and one of silence
_DESCRIPTORS = const(69)
_AREA = const(14336)  # 7 stock buffers, 256 frames of 8 bytes: in each 3 blocks and 10 descriptors
_RAM_FROM = const(0x3FFAE000)  # internal RAM that a DMA reaches (TRM, "Embedded Memory")
_RAM_TO = const(0x40000000)

# Word 7 of the state, see esp32_pcm
_SILENCE = const(7)

# Registers of the unit, by offset.
_CONF = const(0x08)
_INT_ENA = const(0x14)
_INT_CLR = const(0x18)
_FIFO_CONF = const(0x20)
_RXEOF_NUM = const(0x24)
_CONF_CHAN = const(0x2C)
_OUT_LINK = const(0x30)
_IN_LINK = const(0x34)
_IN_FINISHED = const(0x3C)
_LC_CONF = const(0x60)
_CONF1 = const(0xA0)
_CONF2 = const(0xA8)
_CLKM_CONF = const(0xAC)
_SAMPLE_RATE = const(0xB0)
_PDM_CONF = const(0xB4)

_STOP_LINK = const(1 << 28)
_START_LINK = const(1 << 29)
_RESETS = const(0x0F)  # CONF: TX, RX and their FIFOs
_STARTS = const(0x30)  # CONF: TX and RX, in one write, so that they begin with the same frame
_TX_MSB_SHIFT = const(1 << 10)
_RX_MSB_SHIFT = const(1 << 11)
_TX_MSB_RIGHT = const(1 << 16)
_RX_MSB_RIGHT = const(1 << 17)
# RX_SLAVE_MOD, both MSB_SHIFT (Philips), SIG_LOOPBACK; left is the first word in memory without MSB_RIGHT
_FULL_DUPLEX = const(1 << 7 | 1 << 10 | 1 << 11 | 1 << 18)
# DSCR_EN, both FIFO_MOD_FORCE_EN, both MOD 2 (32 bits, two channels), both DATA_NUM 32
_FIFO_32_DUAL = const(1 << 20 | 1 << 19 | 2 << 16 | 2 << 13 | 1 << 12 | 32 << 6 | 32)
_OUT_EOF_MODE = const(1 << 8)  # LC_CONF: finished is what has left the FIFO
_LINK_RESETS = const(0x0F)
_BYPASS = const(1 << 7 | 1 << 3)  # CONF1: no companding
_CLOCK_FIRST = const(1 << 20 | 47 << 14 | 3 << 8 | 7)  # the vendor's driver writes this before a slow clock
_CLOCK = const(1 << 20 | 8 << 14 | 1 << 8 | 78)  # 160 MHz / (78 + 1/8) = 2.048 MHz
_BITS = const(32 << 18 | 32 << 12 | 4 << 6 | 4)  # 32-bit slots, BCLK = 2.048 MHz / 4
_READY = const(1 << 30 | _BLOCK_BYTES << 12 | _BLOCK_BYTES)  # descriptor: end of frame, length, size

# Per unit: bit in DPORT's clock and reset registers, signals of the GPIO matrix
_PERIPHERAL = (1 << 4, 1 << 21)
_BCK_OUT = (23, 24)
_WS_OUT = (25, 26)
_DATA_OUT = (163, 189)
_DATA_IN = (155, 181)
_PERIP_CLK_EN = const(0xC0)
_PERIP_RST_EN = const(0xC4)
_GPIO_ENABLE_SET = const(0x24)  # pins 32 and more: 12 bytes further
_GPIO_ENABLE_CLEAR = const(0x28)
_IN_SEL = const(0x130)
_OUT_SEL = const(0x530)
_FROM_MATRIX = const(1 << 7)
_INVERT = const(1 << 9)
_PAD_OUT = const(2 << 12 | 2 << 10)  # IO_MUX: function GPIO, 20 mA
_PAD_IN = const(2 << 12 | 1 << 9)  # function GPIO, FUN_IE
# Offset of each pin's register in IO_MUX, by 4
_MUX = (
    b"\x11\x22\x10\x21\x12\x1b\x18\x19\x1a\x15\x16\x17\x0d\x0e\x0c\x0f\x13\x14\x1c\x1d"
    b"\x1e\x1f\x20\x23\x24\x09\x0a\x0b\x00\x00\x00\x00\x07\x08\x05\x06\x01\x02\x03\x04"
)

_TRIES = const(4)  # three corrections
_PATTERN_SLOT = const(3)
_PATTERN_FRAMES = const(8)
_WORD = const(0xFFFFFFFF)


def bring_up(pcm, bases, s, owner):
    """Start the unit. `s`: the state of esp32_pcm; `owner`: a list that keeps the owner of the memory. Gives
    the unit's base address and the frames from TX to RX."""
    unit = _Unit(pcm, bases)
    if s[_SILENCE] == 0:
        owner.append(_get_memory(unit, s))
    try:
        return unit.base, _self_test(unit, s)
    except HardwareFault:
        unit.halt()
        raise


def shut_down(pcm, bases):
    _Unit(pcm, bases).halt()


class _Unit:
    """The registers of one I2S unit, and the pins it uses."""

    def __init__(self, pcm, bases):
        self.number = pcm["unit"]
        self.pcm = pcm
        self.base, self._dport, self._gpio, self._mux = bases or (
            0x3FF6D000 if self.number else 0x3FF4F000,
            0x3FF00000,
            0x3FF44000,
            0x3FF49000,
        )

    def halt(self):
        base = self.base
        mem32[base + _INT_ENA] = 0
        mem32[base + _CONF] = 0
        mem32[base + _OUT_LINK] = _STOP_LINK
        mem32[base + _IN_LINK] = _STOP_LINK

    def run(self, conf, s):
        """Everything from power-up on, with CONF = `conf`. Both directions begin with slot 0."""
        base = self.base
        bit = _PERIPHERAL[self.number]
        mem32[self._dport + _PERIP_CLK_EN] |= bit
        mem32[self._dport + _PERIP_RST_EN] |= bit
        mem32[self._dport + _PERIP_RST_EN] &= ~bit
        self.halt()
        mem32[base + _CLKM_CONF] = _CLOCK_FIRST
        mem32[base + _CLKM_CONF] = _CLOCK
        mem32[base + _SAMPLE_RATE] = _BITS
        mem32[base + _CONF2] = 0  # neither camera nor display
        mem32[base + _PDM_CONF] &= ~0x0F
        mem32[base + _CONF1] = _BYPASS
        mem32[base + _CONF_CHAN] = 0  # both channels
        mem32[base + _FIFO_CONF] = _FIFO_32_DUAL
        mem32[base + _RXEOF_NUM] = _BLOCK_BYTES // 4
        mem32[base + _LC_CONF] = _OUT_EOF_MODE | _LINK_RESETS
        mem32[base + _LC_CONF] = _OUT_EOF_MODE
        mem32[base + _CONF] = conf | _RESETS
        mem32[base + _CONF] = conf
        mem32[base + _INT_CLR] = 0x1FFFF
        mem32[base + _OUT_LINK] = s[OUT_DESCRIPTORS] & 0xFFFFF | _START_LINK
        mem32[base + _IN_LINK] = s[IN_DESCRIPTORS] & 0xFFFFF | _START_LINK
        mem32[base + _CONF] = conf | _STARTS

    def wait(self, blocks):
        """Until so many blocks have come in, at most twice their time. HardwareFault if they do not."""
        at = seen = mem32[self.base + _IN_FINISHED]
        for _ in range(20 * blocks + 20):
            time.sleep_ms(1)
            at = mem32[self.base + _IN_FINISHED]
            if at != seen:
                seen = at
                blocks -= 1
                if blocks == 0:
                    return
        raise HardwareFault("PCM self-test: the clock does not run (no block came in)")

    def outputs(self):
        """BCLK inverted: the SLIC shifts when it rises and samples when it falls, I2S the other way round."""
        pcm = self.pcm
        self._output(pcm["bclk"], _BCK_OUT[self.number] | _INVERT)
        self._output(pcm["fsync"], _WS_OUT[self.number])
        self._output(pcm["tx"], _DATA_OUT[self.number])

    def input(self, pin, own):
        """Take the data in from `pin`; `own`: one that the unit drives itself."""
        mem32[self._mux + 4 * _MUX[pin]] = _PAD_IN | (_PAD_OUT if own else 0)
        if not own:
            self._enable(pin, _GPIO_ENABLE_CLEAR)
        mem32[self._gpio + _IN_SEL + 4 * _DATA_IN[self.number]] = _FROM_MATRIX | pin

    def _output(self, pin, signal):
        mem32[self._gpio + _OUT_SEL + 4 * pin] = signal
        mem32[self._mux + 4 * _MUX[pin]] = _PAD_OUT
        self._enable(pin, _GPIO_ENABLE_SET)

    def _enable(self, pin, register):
        if pin < 32:
            mem32[self._gpio + register] = 1 << pin
        else:
            mem32[self._gpio + register + 12] = 1 << (pin - 32)


def _get_memory(unit, s):
    """Fill the addresses of the state and write the descriptors. Gives the owner of the memory."""
    areas, owner, reason = _borrow(unit)
    places = _carve(areas)
    if places is None:
        if owner:
            owner.deinit()
        owner = bytearray(_AREA)
        address = uctypes.addressof(owner)
        if not address & 3 and _is_internal(address, _AREA):
            places = _carve([(address, _AREA)])
    if places is None:
        raise HardwareFault("PCM: no memory for the DMA: %s, and the heap is not internal" % reason)
    blocks, descriptors = places
    for i in range(IN_SLOTS):
        s[IN_DESCRIPTORS + i] = descriptors[i]
        s[IN_BLOCKS + i] = blocks[i % _IN_BUFFERS]
    for i in range(OUT_SLOTS):
        s[OUT_DESCRIPTORS + i] = descriptors[IN_SLOTS + i]
        s[OUT_BLOCKS + i] = blocks[_IN_BUFFERS + i % _OUT_BUFFERS]
    s[_SILENCE] = blocks[_BLOCKS - 1]
    return owner


def _borrow(unit):
    """The DMA buffers of a stock I2S object: [(address, size)], the object or None, and what to say of them
    if they do not serve."""
    from machine import I2S, Pin

    pcm = unit.pcm
    try:
        owner = I2S(
            unit.number,
            sck=Pin(pcm["bclk"]),
            ws=Pin(pcm["fsync"]),
            sd=Pin(pcm["tx"]),
            mode=I2S.TX,
            bits=32,
            format=I2S.STEREO,
            rate=8000,
            ibuf=_AREA,
        )
    except (OSError, ValueError, MemoryError, RuntimeError) as error:
        return [], None, "machine.I2S: %r" % error
    # From here on the object's interrupt is masked and its DMA stands still: only its memory is of use.
    link = mem32[unit.base + _OUT_LINK]
    unit.halt()
    first = at = 0x3FF00000 | link & 0xFFFFF
    areas = []
    while len(areas) < 64:
        if at & 3 or not _is_internal(at, _DESCRIPTOR_BYTES):
            return [], owner, "machine.I2S has a descriptor at 0x%08x" % at
        size = mem32[at] & 0xFFF
        buffer = mem32[at + 4]
        if buffer & 3 or not _is_internal(buffer, size):
            return [], owner, "machine.I2S has a buffer at 0x%08x" % buffer
        areas.append((buffer, size))
        at = mem32[at + 8]
        if at == first:
            break
    return areas, owner, "machine.I2S has %d buffers of %d bytes" % (len(areas), areas[0][1])


def _is_internal(address, size):
    return _RAM_FROM <= address and address + size <= _RAM_TO


def _carve(areas):
    """Blocks and, in what is left of each area, descriptors: two lists of addresses; None if it is too
    little."""
    blocks = []
    descriptors = []
    for at, size in areas:
        end = at + size
        while len(blocks) < _BLOCKS and at + _BLOCK_BYTES <= end:
            blocks.append(at)
            at += _BLOCK_BYTES
        while len(descriptors) < _DESCRIPTORS and at + _DESCRIPTOR_BYTES <= end:
            descriptors.append(at)
            at += _DESCRIPTOR_BYTES
    if len(blocks) < _BLOCKS or len(descriptors) < _DESCRIPTORS:
        return None
    return blocks, descriptors


def _prepare(s):
    """Both rings as after power-up: all is silence, and the DMA owns every descriptor."""
    for at in [s[_SILENCE]] + [s[IN_BLOCKS + i] for i in range(_IN_BUFFERS)]:
        _memory(at)[:] = bytes(_BLOCK_BYTES)
    for i in range(IN_SLOTS):
        _describe(s[IN_DESCRIPTORS + i], s[IN_BLOCKS + i], s[IN_DESCRIPTORS + (i + 1) % IN_SLOTS])
    for i in range(OUT_SLOTS):
        _describe(s[OUT_DESCRIPTORS + i], s[_SILENCE], s[OUT_DESCRIPTORS + (i + 1) % OUT_SLOTS])


def _describe(at, block, following):
    mem32[at] = _READY | 0x80000000  # owner: the DMA
    mem32[at + 4] = block
    mem32[at + 8] = following


def _memory(block):
    return uctypes.bytearray_at(block, _BLOCK_BYTES)


def _self_test(unit, s):
    """Leaves the unit running with its pins connected; the frames from TX to RX."""
    conf = _FULL_DUPLEX
    said = ""
    unit.outputs()
    for _ in range(_TRIES):
        _prepare(s)
        unit.input(unit.pcm["fsync"], True)
        unit.run(conf, s)
        unit.wait(4)
        left, right = struct.unpack("<II", _memory(s[IN_BLOCKS + 2]))
        said = "frame sync sent, 00000001 fffffffe expected, %08x %08x came" % (left, right)
        wrong = _rx_wrong(left << 32 | right)
        if wrong is None:
            break
        if wrong:
            conf ^= wrong
            continue
        words = _pattern()
        _prepare(s)
        _memory(s[OUT_BLOCKS + _PATTERN_SLOT])[: 8 * _PATTERN_FRAMES] = struct.pack("<16I", *words)
        mem32[s[OUT_DESCRIPTORS + _PATTERN_SLOT] + 4] = s[OUT_BLOCKS + _PATTERN_SLOT]
        unit.input(unit.pcm["tx"], True)
        unit.run(conf, s)
        unit.wait(_PATTERN_SLOT + 3)
        frame, wrong, said = _find(s, words)
        if wrong is None:
            break
        if wrong:
            conf ^= wrong
            continue
        mem32[s[OUT_DESCRIPTORS + _PATTERN_SLOT] + 4] = s[_SILENCE]
        _connect(unit)
        return frame - 80 * ((frame + 40) // 80)
    raise HardwareFault("PCM self-test: " + said)


def _connect(unit):
    unit.outputs()  # takes the input off the pads that the test used
    mem32[unit._mux + 4 * _MUX[unit.pcm["tx"]]] = _PAD_OUT
    unit.input(unit.pcm["rx"], False)


def _pattern():
    """16 words, left and right of 8 frames, no two alike and no turn of each other."""
    return [(0xB5297A4D + i * 0x3C6EF35F) & _WORD for i in range(2 * _PATTERN_FRAMES)]


def _rx_wrong(came):
    """The bits of CONF that are wrong if frame sync is received as the 64 bits `came`: it is low for the left
    slot, which begins one bit later (Philips). None: no bit of CONF puts that right."""
    for turn in (0, 1, 63, 32, 31, 33):
        if (0x1FFFFFFFE >> turn | 0x1FFFFFFFE << (64 - turn)) & 0xFFFFFFFFFFFFFFFF == came:
            return (_RX_MSB_SHIFT if turn & 31 else 0) | (_RX_MSB_RIGHT if 31 <= turn <= 33 else 0)
    return None


def _find(s, words):
    """(frame that the pattern begins in, the bits of CONF that are wrong or None if it is not there, what was
    sent and what came)."""
    came = []
    for i in range(_PATTERN_SLOT - 1, _PATTERN_SLOT + 2):
        came.extend(struct.unpack("<160I", _memory(s[IN_BLOCKS + i])))
    first = 0
    while first < len(came) - 1 and came[first] == 0:
        first += 1
    shown = words[:3] + (came + [0, 0])[first : first + 3]
    said = "%08x %08x %08x sent, %08x %08x %08x came" % tuple(shown)
    first = max(first // 2 - 1, 0)  # the frame before: the pattern may begin in its last bit
    stretch = _joined(came[2 * first : 2 * first + 2 * _PATTERN_FRAMES + 4])
    for wrong in (0, _TX_MSB_RIGHT):
        sent = _joined(words)
        for turn in (0, 1, 63):
            for frame in (0, 1):
                # The stretch is two frames longer than the pattern.
                if stretch >> (128 - 64 * frame - turn) & ((1 << 64 * _PATTERN_FRAMES) - 1) == sent:
                    frame += (_PATTERN_SLOT - 1) * 80 + first
                    return frame, wrong | (_TX_MSB_SHIFT if turn else 0), said
        words = [words[i ^ 1] for i in range(len(words))]
    return 0, None, said


def _joined(words):
    """All their bits as one number, the first the highest."""
    bits = 0
    for word in words:
        bits = bits << 32 | word
    return bits

"""Full-duplex PCM on one I2S unit of the ESP32: ata.hal.contract.PcmPort over two DMA rings.

How it works. One unit makes BCLK and frame sync and sends (TX, master) and receives with the same clock (RX,
slave of its own unit), 32 bits a slot, Philips framing: port 1 left, port 2 right, the sample in the upper
half of its slot. Each direction is a ring of DMA descriptors of 10 ms that never stops and never interrupts;
where the hardware stands is read from its position registers (the descriptor of the last finished block).
Registers, memory and the self-test are in ata/hal/esp32_pcm_setup.py, which is needed at start only.

Rings. Receiving: 33 descriptors, three for each of 11 buffers, so that the position is certain for 330 ms.
Sending: 36 descriptors that point to one block of silence; a block that is written is put into one of 9
buffers, and its descriptor points there until it was played. So what comes too late is silence and not old
sound, for any stall shorter than 280 ms.

Time. The block that answers the block read as number n plays while block n + 9 comes in: always, so the echo
delay is constant. A frame of two blocks that is written at once thus begins 7 blocks ahead of its time:

    read      n n+1 |
    comes in        | n+2 n+3 n+4 n+5 n+6 n+7 n+8 n+9 n+10
    played          | now                         answers of n and n+1

After a stall the reader finds up to 9 blocks waiting; of more, the oldest are skipped. An answer whose time
has passed is dropped: there was silence in its place, and the delay is the nominal one at once. Both are
counted in `lost`. With a step every 10 ms a stall of 50 ms loses nothing; one of 80 ms loses up to 30 ms of
what is played and nothing of what comes in.

How to use it: start() before the SLIC's reset is released, then read() and write(), as many of one as of the
other. clock_stopped(now) every 20 ms or so tells when the unit stands still. Blocks must be aligned to words
(a bytearray is, and so are its parts of 320 bytes).
"""

# pyright: reportCallIssue=false, reportIndexIssue=false, reportOptionalSubscript=false

import time
from array import array

import micropython
from micropython import const

from ata.base.clock import diff
from ata.base.unload import forget

IN_SLOTS = const(33)
OUT_SLOTS = const(36)
_MOST_WAITING = const(9)  # blocks to read; beside them one that is being filled and one to spare
_KEPT = const(5)  # of them after an overrun: older ones would be answered too late anyway
_AHEAD = const(9)  # blocks from the one that is read to the one that comes in while its answer plays
_LEAST_AHEAD = const(2)  # the DMA may have fetched the descriptor after the one that is played
_MOST_AHEAD = const(8)  # OUT_BUFFERS less the one that is played
_MOST_OWED = const(4)  # blocks read and not answered: more is a caller who left some out
_MOST_DRIFT = const(3)  # blocks that may be played between reading and writing a frame
_STILL = const(60)  # ms without a new block: the clock has stopped
_GAP = const(40)  # ms: a longer pause between two looks tells nothing
_FRAMES = const(80)
_UNKNOWN = const(1024)  # instead of a slot

# Words of the state that the kernels share. Addresses are below 2**30, small integers.
_FILLING = const(0)  # slot that the DMA is filling,
_NEXT_IN = const(1)  # that is read next
_PLAYING = const(2)  # slot that the DMA is playing,
_PLAYED = const(3)  # that was silenced last, and one more
_TWIN = const(4)  # slot that plays while _NEXT_IN comes in
_OWED = const(5)  # blocks that were read and not answered
_LOST = const(6)
_SILENCE = const(7)
IN_DESCRIPTORS = const(8)  # address of each descriptor, in the order of the ring,
IN_BLOCKS = const(41)  # and of its buffer
OUT_DESCRIPTORS = const(74)
OUT_BLOCKS = const(110)
STATE_WORDS = const(146)


@micropython.viper
def next_in(s: ptr32, finished: ptr32) -> int:
    """The address of the oldest block that is not read yet, and take it as read; 0 if there is none.
    `finished` is the register IN_SUC_EOF_DES_ADDR."""
    at = int(finished[0])
    i = int(s[_FILLING])
    tries = IN_SLOTS
    while tries:  # in the usual case found at the first try (nothing new) or the second
        before = i - 1
        if before < 0:
            before = IN_SLOTS - 1
        if int(s[before + IN_DESCRIPTORS]) == at:
            s[_FILLING] = i
            tries = 0
        else:
            i += 1
            if i == IN_SLOTS:
                i = 0
            tries -= 1
    i = int(s[_NEXT_IN])
    waiting = int(s[_FILLING]) - i
    if waiting < 0:
        waiting += IN_SLOTS
    if waiting == 0:
        return 0
    twin = int(s[_TWIN]) + 1
    if waiting > _MOST_WAITING:
        waiting -= _KEPT
        s[_LOST] = int(s[_LOST]) + waiting
        twin += waiting
        i += waiting
        if i >= IN_SLOTS:
            i -= IN_SLOTS
    if twin >= OUT_SLOTS:
        twin -= OUT_SLOTS
    s[_TWIN] = twin
    s[_OWED] = int(s[_OWED]) + 1
    at = int(s[i + IN_BLOCKS])
    i += 1
    if i == IN_SLOTS:
        i = 0
    s[_NEXT_IN] = i
    return at


@micropython.viper
def next_played(s: ptr32, finished: ptr32) -> int:
    """The address of a descriptor that was played and still points to its block, 0 if there is none (left).
    `finished` is the register OUT_EOF_DES_ADDR."""
    at = int(finished[0])
    i = int(s[_PLAYING])
    tries = OUT_SLOTS
    while tries:
        before = i - 1
        if before < 0:
            before = OUT_SLOTS - 1
        if int(s[before + OUT_DESCRIPTORS]) == at:
            s[_PLAYING] = i
            tries = 0
        else:
            i += 1
            if i == OUT_SLOTS:
                i = 0
            tries -= 1
    i = int(s[_PLAYED])
    if i == int(s[_PLAYING]):
        return 0
    at = int(s[i + OUT_DESCRIPTORS])
    i += 1
    if i == OUT_SLOTS:
        i = 0
    s[_PLAYED] = i
    return at


@micropython.viper
def place_out(s: ptr32) -> int:
    """The slot for the next answer; −1 if it is too late for it, or if there was no block to answer."""
    owed = int(s[_OWED])
    lost = int(s[_LOST]) + 1
    slot = int(s[_TWIN])
    if owed < 1 or slot == _UNKNOWN:
        s[_LOST] = lost
        return -1
    if owed > _MOST_OWED:
        lost += owed - 2
        s[_LOST] = lost - 1
        owed = 2
    s[_OWED] = owed - 1
    slot += _AHEAD - owed
    if slot >= OUT_SLOTS:
        slot -= OUT_SLOTS
    ahead = slot - int(s[_PLAYING])
    if ahead < 0 - (OUT_SLOTS >> 1):
        ahead += OUT_SLOTS
    if ahead >= OUT_SLOTS >> 1:
        ahead -= OUT_SLOTS
    waiting = int(s[_FILLING]) - int(s[_NEXT_IN])
    if waiting < 0:
        waiting += IN_SLOTS
    drift = _AHEAD - owed - waiting - ahead
    if drift < -1 or drift > _MOST_DRIFT:
        # After 330 ms the two positions do not tell the same time any more.
        s[_TWIN] = _UNKNOWN
        ahead = 0
    if ahead < _LEAST_AHEAD or ahead > _MOST_AHEAD:
        s[_LOST] = lost
        return -1
    return slot


@micropython.viper
def point(descriptor: ptr32, block: int):
    """Let the descriptor (TRM, DMA: word 1 is the address of the buffer) send `block`."""
    descriptor[1] = block


@micropython.viper
def unpack(dma: ptr32, block: ptr32):
    """80 frames from slots of 32 bits (left, right) to samples of 16 (port 1, port 2)."""
    n = _FRAMES >> 2
    while n:
        block[0] = ((dma[0] >> 16) & 0xFFFF) | ((dma[1] >> 16) << 16)
        block[1] = ((dma[2] >> 16) & 0xFFFF) | ((dma[3] >> 16) << 16)
        block[2] = ((dma[4] >> 16) & 0xFFFF) | ((dma[5] >> 16) << 16)
        block[3] = ((dma[6] >> 16) & 0xFFFF) | ((dma[7] >> 16) << 16)
        dma = ptr32(uint(dma) + 32)
        block = ptr32(uint(block) + 16)
        n -= 1


@micropython.viper
def pack(dma: ptr32, block: ptr32):
    """The other way round; what is below the sample is 0."""
    n = _FRAMES >> 2
    while n:
        dma[0] = block[0] << 16
        dma[1] = (block[0] >> 16) << 16
        dma[2] = block[1] << 16
        dma[3] = (block[1] >> 16) << 16
        dma[4] = block[2] << 16
        dma[5] = (block[2] >> 16) << 16
        dma[6] = block[3] << 16
        dma[7] = (block[3] >> 16) << 16
        dma = ptr32(uint(dma) + 32)
        block = ptr32(uint(block) + 16)
        n -= 1


class Esp32PcmPort:
    """`pcm`: the "pcm" part of the board description: unit 0 or 1, pins bclk, fsync, tx, rx. `bases`: where
    the registers are, for tests: (of the unit, DPORT, GPIO, IO_MUX); None for the chip's own."""

    clock_hz = 512000
    slots = (33, 1)  # Philips framing: right begins one clock after frame sync rises, left half a frame later
    echo_delay = 560  # (_AHEAD − 2) · 80; start() adds what the unit itself takes from TX to RX

    def __init__(self, pcm, bases=None):
        self._pcm = pcm
        self._bases = bases
        self._state = array("i", bytes(4 * STATE_WORDS))
        self._in_finished = 0  # addresses of the position registers; 0: not started
        self._out_finished = 0
        self._owner = []  # of the memory: must live as long as the DMA runs
        self._seen = -1
        self._still = 0
        self._looked = 0

    @property
    def lost(self):
        return self._state[_LOST]

    def start(self):
        """Clock, self-test and both rings. HardwareFault with what was sent and what came, or why there is no
        memory for the DMA."""
        from ata.hal.esp32_pcm_setup import bring_up

        self.stop()
        s = self._state
        try:
            unit, offset = bring_up(self._pcm, self._bases, s, self._owner)
        finally:
            forget("ata.hal.esp32_pcm_setup")
        self._in_finished = unit + 0x3C  # IN_SUC_EOF_DES_ADDR
        self._out_finished = unit + 0x38  # OUT_EOF_DES_ADDR
        self.echo_delay = 560 + offset
        s[_TWIN] = _UNKNOWN
        self._seen = -1

    def read(self, block):
        finished = self._in_finished
        if finished:
            s = self._state
            if s[_TWIN] == _UNKNOWN and not self._align():
                return False
            source = next_in(s, finished)
            if source:
                unpack(source, block)
                return True
        return False

    def write(self, block):
        finished = self._out_finished
        if not finished:
            return
        s = self._state
        self._silence()
        slot = place_out(s)
        if slot >= 0:
            target = s[OUT_BLOCKS + slot]
            pack(target, block)
            point(s[OUT_DESCRIPTORS + slot], target)

    def _silence(self):
        s = self._state
        played = next_played(s, self._out_finished)
        while played:
            point(played, s[_SILENCE])
            played = next_played(s, self._out_finished)

    def _align(self):
        """Find out which slots belong together: those in which the DMA is after both directions went on
        (within 20 ms): True. What waited to be read is dropped."""
        s = self._state
        lost = s[_LOST]
        filling = playing = -1
        for _ in range(30):
            while next_in(s, self._in_finished):
                pass
            self._silence()
            if filling < 0:
                filling = s[_FILLING]
                playing = s[_PLAYING]
            elif filling != s[_FILLING] and playing != s[_PLAYING]:
                s[_TWIN] = s[_PLAYING]
                s[_OWED] = 0
                s[_LOST] = lost
                return True
            s[_TWIN] = _UNKNOWN
            time.sleep_ms(1)
        s[_LOST] = lost
        return False

    def stop(self):
        """Stop the clock and both rings. The memory is kept for the next start."""
        if self._in_finished:
            from ata.hal.esp32_pcm_setup import shut_down

            shut_down(self._pcm, self._bases)
            forget("ata.hal.esp32_pcm_setup")
            self._in_finished = self._out_finished = 0

    def clock_stopped(self, now):
        """True if no block came in for 60 ms (the SLIC then needs a reset). Ask every 20 ms or so, after the
        reads; `now` in ms (ata.base.clock)."""
        filling = self._state[_FILLING]
        passed = diff(now, self._looked)
        self._looked = now
        if filling != self._seen or not self._in_finished:
            self._seen = filling
            self._still = 0
        elif 0 < passed < _GAP:
            self._still += passed
        return self._still >= _STILL

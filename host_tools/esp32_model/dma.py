"""The two DMA channels of an I2S unit: they walk the linked lists of descriptors in the shared memory.

A descriptor is three words (TRM, "DMA Controller"): owner 31 (1: the DMA), eof 30, length 23:12, size 11:0;
address of the buffer; address of the next descriptor, 0 at the end.
"""

from collections import deque
from collections.abc import Callable

from host_tools.esp32_model.window import Window

OWNER = 1 << 31
EOF = 1 << 30
FIFO_WORDS = 64

# Bits of the interrupt registers
IN_DONE, IN_SUC_EOF, OUT_DONE, OUT_EOF = 1 << 8, 1 << 9, 1 << 11, 1 << 12
IN_DSCR_ERR, OUT_DSCR_ERR, IN_DSCR_EMPTY, OUT_TOTAL_EOF = 1 << 13, 1 << 14, 1 << 15, 1 << 16


class Link:
    """What both directions share: the current descriptor. `put(offset, value)` shows a read-only register,
    `interrupt(bits)` raises flags, `tell(text)` notes what real hardware would answer with silence."""

    def __init__(
        self,
        memory: Window,
        put: Callable[[int, int], None],
        interrupt: Callable[[int], None],
        tell: Callable[[str], None],
    ) -> None:
        self.memory, self.put, self.interrupt, self.tell = memory, put, interrupt, tell
        self.check_owner = False
        self.next = 0
        self.reset()

    def reset(self) -> None:
        self.running = False
        self.at = 0  # the current descriptor; 0: none loaded
        self.head = self.buffer = 0
        self.done = 0  # bytes of it

    def start(self, address: int) -> None:
        self.next, self.at, self.running = address, 0, True

    def load(self, name: str, error: int) -> bool:
        """The next descriptor; False if the channel stops here."""
        at, memory = self.next, self.memory
        if not memory.is_ram(at, 12):
            return self._refuse(f"{name} descriptor at {at:#x}, where a DMA cannot reach", error)
        head, buffer = memory.load(at), memory.load(at + 4)
        if not head & OWNER:
            if self.check_owner:
                return self._refuse(f"{name} descriptor {at:#x} belongs to the CPU", error)
            self.tell(f"{name} descriptor {at:#x} belongs to the CPU, and the owner is not checked")
        if not memory.is_ram(buffer, head & 0xFFF):
            return self._refuse(f"{name} buffer at {buffer:#x}, where a DMA cannot reach", error)
        self.at, self.head, self.buffer, self.done = at, head, buffer, 0
        self.next = memory.load(at + 8)
        return True

    def _refuse(self, text: str, error: int) -> bool:
        self.tell(text)
        self.interrupt(error)
        self.running = False
        return False


class OutLink(Link):
    """Memory to the TX FIFO."""

    def __init__(self, *common) -> None:
        super().__init__(*common)
        self.eof_when_sent = True  # LC_CONF OUT_EOF_MODE
        self.write_back = False

    def reset(self) -> None:
        super().reset()
        self.fifo: deque[tuple[int, int]] = deque()  # (word, descriptor that ends with it or 0)

    def fill(self) -> None:
        while self.running and len(self.fifo) < FIFO_WORDS:
            if not self.at:
                if not self.load("OUT", OUT_DSCR_ERR):
                    return
                self.put(0x54, self.at)
            length = self.head >> 12 & 0xFFF
            if length > self.head & 0xFFF or length & 3:
                self.tell(f"OUT descriptor {self.at:#x} has length {length} and size {self.head & 0xFFF}")
            if self.done < length:
                word = self.memory.load(self.buffer + self.done)
                self.done += 4
                if self.done < length:
                    self.fifo.append((word, 0))
                    continue
                self.fifo.append((word, self.at if self.head & EOF else 0))
            self._finish()

    def _finish(self) -> None:
        if self.write_back:
            self.memory.store(self.at, self.head & ~OWNER)
        self.interrupt(OUT_DONE)
        if self.head & EOF and not self.eof_when_sent:
            self._ended(self.at)
        self.at = 0
        if not self.next:
            self.running = False
            self.interrupt(OUT_TOTAL_EOF)

    def _ended(self, descriptor: int) -> None:
        self.put(0x38, descriptor)
        self.interrupt(OUT_EOF)

    def pop(self) -> int:
        """The next word to send; 0 when there is none."""
        if not self.fifo:
            return 0
        word, ended = self.fifo.popleft()
        if ended and self.eof_when_sent:
            self._ended(ended)
        return word


class InLink(Link):
    """The RX FIFO to memory."""

    def __init__(self, *common) -> None:
        super().__init__(*common)
        self.eof_words = 0  # RXEOF_NUM

    def reset(self) -> None:
        super().reset()
        self.count = 0

    def push(self, word: int) -> None:
        if not self.running:
            return
        if not self.at:
            if not self.next:
                self.running = False
                self.interrupt(IN_DSCR_EMPTY)
                return
            if not self.load("IN", IN_DSCR_ERR):
                return
            self.put(0x48, self.at)
        if self.done + 4 <= self.head & 0xFFF:
            self.memory.store(self.buffer + self.done, word)
            self.done += 4
        self.count += 1
        ended = self.eof_words and self.count >= self.eof_words
        if ended or self.done + 4 > self.head & 0xFFF:
            # The descriptor goes back with what came. The owner stays as it is where nobody checks it: the
            # vendor's driver gives its own back to the DMA nowhere, and its ring goes on.
            head = self.head & 0x3F000FFF | self.done << 12 | (EOF if ended else 0)
            self.memory.store(self.at, head | (0 if self.check_owner else self.head & OWNER))
            self.interrupt(IN_DONE)
            if ended:
                self.count = 0
                self.put(0x3C, self.at)
                self.interrupt(IN_SUC_EOF)
            self.at = 0

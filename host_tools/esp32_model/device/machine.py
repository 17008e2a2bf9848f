"""Model of the ESP32's `machine` for MicroPython's Unix port: as much of it as the firmware uses.

Pins are those of board.json: a chip select and SPI reach the virtual board's chips, the reset and interrupt
pins its wires. A wrong SPI mode or speed, or two chips selected at once, reads as garbage, as on a board.

Timer: a thread calls micropython.schedule, so that callbacks run between two bytecodes of the main thread and
overtake asyncio, as soft timers do on the ESP32. What differs: the thread runs beside the interpreter rather
than in an interrupt, ticks jitter with the machine's scheduler, and nothing is slower than the PC.
"""

import _thread
import os
import sys
import time

import micropython
import model
from umachine import idle, mem8, mem16, mem32  # noqa: F401

if os.getenv("ATA_ESP32_REGISTERS"):
    from model_registers import I2S, mem32  # noqa: F401

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5
RESTARTED = 42  # exit code of the process
_TICK_MS = 10
_FASTEST_SPI = 16100000  # datasheet: a clock period of 62 ns


class Pin:
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    made = {}  # number → the levels it had, newest last

    def __init__(self, number, mode=-1, pull=-1, value=None):
        if number in (34, 35, 36, 37, 38, 39) and (mode == Pin.OUT or pull > 0):
            raise ValueError("GPIO %d is an input without pull resistor" % number)
        self.number = number
        self._levels = Pin.made.setdefault(number, [1])
        if value is not None:
            self(value)

    def __call__(self, value=None):
        board = model.shared().board
        if value is None:
            if self.number == board["slic"]["irq"]:
                return 0 if model.shared().interrupt() else 1
            if self.number == board.get("button"):
                return 0 if model.shared().faults[model.FAULT_BUTTON] else 1
            return self._levels[-1]
        self._levels.append(value)
        del self._levels[:-8]
        if self.number == board["slic"]["reset"]:
            model.shared().frame(model.SELECT_RESET, bytes((0 if value else 1,)), bytearray(1))
        return None

    value = __call__


class SPI:
    MSB = 0
    LSB = 1

    def __init__(
        self, id, baudrate=1000000, polarity=0, phase=0, bits=8, firstbit=MSB, sck=None, mosi=None, miso=None
    ):
        wiring = model.shared().board["spi"]
        self._understood = (
            polarity == 1 and phase == 1 and bits == 8 and firstbit == SPI.MSB and baudrate <= _FASTEST_SPI
            and id == wiring["id"] and sck.number == wiring["sck"]
            and mosi.number == wiring["mosi"] and miso.number == wiring["miso"]
        )  # fmt: skip
        self._selects = [Pin(number) for number in wiring["cs"]]

    def write_readinto(self, tx, rx):
        assert len(tx) == len(rx)
        chosen = [index for index in range(len(self._selects)) if self._selects[index]() == 0]
        if not self._understood or len(chosen) != 1:
            for i in range(len(rx)):
                rx[i] = 0xFF
        elif model.shared().board["slic"]["daisy_chain"]:
            self._chained(tx, rx)
        else:
            model.shared().frame(chosen[0], tx, rx)

    def _chained(self, tx, rx):
        """Two chips one behind the other: each passes the first byte of three on, shifted by one."""
        answer = bytearray(len(rx))
        for place in (0, 1):
            seen = bytearray(tx)
            if len(tx) == 3:
                seen[0] = tx[0] >> place
            model.shared().frame(place, seen, answer)
            for i in range(len(rx)):
                rx[i] = answer[i] if place == 0 else rx[i] & answer[i]


class Timer:
    ONE_SHOT = 0
    PERIODIC = 1
    running = {}  # number → Timer
    late = [0]  # callbacks that found the queue full

    def __init__(self, number):
        self.number = number
        self.period = self.callback = None
        self.next = 0

    def init(self, mode=PERIODIC, period=-1, callback=None, hard=False):
        assert mode == Timer.PERIODIC and period >= _TICK_MS and not hard
        self.period = period
        self.callback = callback
        self.next = time.ticks_add(time.ticks_ms(), period)
        Timer.running[self.number] = self
        _start_thread()

    def deinit(self):
        Timer.running.pop(self.number, None)


class WDT:
    fed = []  # [timeout in ms, tick of the last feed]

    def __init__(self, id=0, timeout=5000):
        WDT.fed[:] = [timeout, time.ticks_ms()]
        _start_thread()

    def feed(self):
        WDT.fed[1] = time.ticks_ms()


def _stall(ms):
    time.sleep_ms(ms)


def _block_ctrl_c():
    """On the Unix port Ctrl-C raises in the thread that gets the signal: let it be the main one."""
    import ffi

    signals = bytearray(128)
    signals[0] = 1 << 1  # SIGINT is 2
    ffi.open("libpthread.so.0").func("i", "pthread_sigmask", "ipp")(0, signals, None)


def _run(faults):
    _block_ctrl_c()
    number = missing = 0
    due = time.ticks_ms()
    while True:
        due = time.ticks_add(due, _TICK_MS)
        wait = time.ticks_diff(due, time.ticks_ms())
        if wait > 0:
            time.sleep_ms(wait)
        model.shared().look_for_faults()
        if faults[model.FAULT_NUMBER] != number:
            number = faults[model.FAULT_NUMBER]
            missing = faults[model.FAULT_MISSED]
            if faults[model.FAULT_STALL]:
                micropython.schedule(_stall, 10 * faults[model.FAULT_STALL])
        if missing:
            missing -= 1
        else:
            for each in list(Timer.running.values()):
                if time.ticks_diff(due, each.next) >= 0:
                    each.next = time.ticks_add(each.next, each.period)
                    try:
                        micropython.schedule(each.callback, each)
                    except RuntimeError:
                        Timer.late[0] += 1
        if WDT.fed and time.ticks_diff(time.ticks_ms(), WDT.fed[1]) > WDT.fed[0]:
            _restart(WDT_RESET)


def _start_thread():
    if not _threads:
        sys.atexit(model.stop_process)  # or the C library waits for the thread
        _threads.append(_thread.start_new_thread(_run, (model.shared().faults,)))


def freq(hz=None):
    if hz is not None:
        _frequency[0] = hz
    return _frequency[0]


def unique_id():
    return b"\x24\x0a\xc4\x00\x01\x02"


def reset_cause():
    try:
        file = open("reset_cause")
    except OSError:
        return PWRON_RESET
    cause = int(file.read())
    file.close()
    os.remove("reset_cause")
    return cause


def reset():
    _restart(HARD_RESET)


def _restart(cause):
    file = open("reset_cause", "w")
    file.write(str(cause))
    file.close()
    print("model: reset")
    model.stop_process(RESTARTED)


_frequency = [160000000]
_threads = []

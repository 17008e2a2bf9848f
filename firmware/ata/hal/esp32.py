"""An ESP32 board on the stock MicroPython image: what ata.hal.contract asks for, on `machine`.

The pins and the wiring come from the board's description, a dict (boards/schema.json). Sound is in
esp32_pcm, the network in esp32_net, files in esp32_store.
"""

import os
import select
import sys
import time

from machine import SPI, WDT, Pin, Timer, freq, reset, unique_id
from micropython import const

from ata.hal.esp32_net import Net
from ata.hal.esp32_pcm import Esp32PcmPort
from ata.hal.esp32_store import Store

_CPU_HZ = const(240000000)  # the stock image starts with 160 MHz
_PUMP_MS = const(10)
_MOST_PAUSE_MS = const(30)  # less than the rings of the PCM port hold
_WATCHDOG_MS = const(8000)
_FEED_MS = const(2000)
_PUMP_TIMER = const(0)
_FEED_TIMER = const(1)
_LONGEST_LINE = const(200)
_PIECE = const(64)  # characters: 6 ms on a serial line of 115200 Bd
_CHAIN_MODE = const(0x80)  # register 0, SPIDC


class SpiBus:
    """One chip with a chip select of its own. `select`: its pin, low for the time of a transfer."""

    def __init__(self, bus, select):
        self._bus = bus
        self._select = select

    def transfer(self, tx, rx):
        self._select(0)
        self._bus.write_readinto(tx, rx)
        self._select(1)


class DaisyChain:
    """What all chips of a daisy chain share: one chip select, and the mode that a reset ends.

    Datasheet, serial peripheral interface: register 0 bit 7, written to all chips at once, makes every access
    three bytes long: which chip (bit 0 is the first; each passes the byte on shifted by one), register, data.
    """

    def __init__(self, bus, select):
        self.bus = SpiBus(bus, select)
        self.on = False

    def begin(self):
        self.on = True
        self.bus.transfer(b"\x00\x80", bytearray(2))


class ChainedBus:
    """The chip at `place` (0 is the first) of a DaisyChain."""

    def __init__(self, chain, place):
        self._chain = chain
        self._out = bytearray(3)
        self._in = bytearray(3)
        self._out[0] = 1 << place

    def transfer(self, tx, rx):
        chain = self._chain
        if not chain.on:
            chain.begin()
        self._out[1] = tx[0]
        self._out[2] = tx[1]
        chain.bus.transfer(self._out, self._in)
        rx[0] = self._in[1]
        rx[1] = self._in[2]


class IrqLine:
    """The chips' open-drain interrupt outputs on one pin. Without a pin the chips are always asked."""

    def __init__(self, pin):
        self._line = pin

    def active(self):
        return self._line is None or self._line() == 0


class Identity:
    def __init__(self):
        self.mac = unique_id()

    def random(self, count):
        return os.urandom(count)


class Esp32Hal:
    """`board`: the description. `guard`: ata.hal.esp32_guard.Guard of this start."""

    ports = (1, 2)

    def __init__(self, board, guard):
        freq(_CPU_HZ)
        self.name = board["name"]
        self.start_cause = guard.cause
        self.pump_faults = 0  # exceptions that came out of the pump's step
        slic = board["slic"]
        # Held in reset until the PCM clock runs.
        self._slic_reset = Pin(slic["reset"], Pin.OUT, value=0)
        self._buses = self._spi_buses(board["spi"], slic["daisy_chain"])
        line = slic["irq"]
        self.irq = IrqLine(None if line is None else _input(line))
        self.pcm = Esp32PcmPort(board["pcm"])
        self.identity = Identity()
        self.net = Net(board.get("lan"), self.identity.random)
        self.store = Store("")
        self._guard = guard
        self._dog = None  # type: Any
        self._step = None  # type: Any
        self._pause = None  # type: Any  # the tick at which the pump goes on
        self._timer = None  # type: Any
        self._leds = ()  # type: Any  # status, port 1, port 2; None for one that is not there
        found = board.get("led")
        if found:
            self._leds = tuple(
                [None if n is None else Pin(n, Pin.OUT, value=0) for n in [found["status"]] + found["ports"]]
            )
        button = board.get("button")
        self._key = None if button is None else _input(button)
        self._typed = select.poll()
        self._typed.register(sys.stdin, select.POLLIN)
        self._line = b""  # what was typed of the present line
        self._interrupted = False  # Ctrl-C came while the pump ran

    def _spi_buses(self, spi, daisy_chain):
        """Mode 3 (datasheet: clock idle high, data taken on its rising edge), most significant bit first."""
        bus = SPI(spi["id"], baudrate=spi["hz"], polarity=1, phase=1,
                  sck=Pin(spi["sck"]), mosi=Pin(spi["mosi"]), miso=Pin(spi["miso"]))  # fmt: skip
        selects = [Pin(number, Pin.OUT, value=1) for number in spi["cs"]]
        self._chain = None
        if daisy_chain:
            chain = self._chain = DaisyChain(bus, selects[0])
            return [ChainedBus(chain, place) for place in range(len(self.ports))]
        return [SpiBus(bus, select_pin) for select_pin in selects]

    def ticks(self):
        ticks = time.ticks_ms()  # type: Any
        return ticks & 0x3FFFFFFF

    def wall_time(self):
        now = time.localtime()
        return (now[1], now[2], now[3], now[4]) if now[0] >= 2024 else None  # 2000 until somebody sets it

    def spi(self, port):
        return self._buses[port - 1]

    def slic_reset(self, asserted):
        self._slic_reset(0 if asserted else 1)
        if self._chain is not None:
            self._chain.on = False

    # The pump

    def pump(self, step):
        self._step = step
        timer = self._timer = Timer(_PUMP_TIMER)
        try:
            timer.init(mode=Timer.PERIODIC, period=_PUMP_MS, callback=self._tick, hard=False)
        except TypeError:  # before 1.27 there are no other than soft timers, and no such parameter
            timer.init(mode=Timer.PERIODIC, period=_PUMP_MS, callback=self._tick)
        return True

    def _tick(self, _timer):
        # A step that takes longer than its period, because much has come or the audio is more than the core
        # can do, would leave no time at all for the rest of the program.
        began = time.ticks_ms()
        if self._pause is not None:
            if time.ticks_diff(self._pause, began) > 0:
                return
            self._pause = None
        # Nothing may come out of a timer's callback: it would be printed and forgotten.
        try:
            self._step()
        except KeyboardInterrupt:
            self._interrupted = True  # console_read() raises it again where it ends the service
        except Exception as error:
            self.pump_faults += 1
            if self.pump_faults == 1:
                sys.print_exception(error)  # type: ignore
        now = time.ticks_ms()
        took = time.ticks_diff(now, began)
        if took > _PUMP_MS:
            self._pause = time.ticks_add(now, min(took, _MOST_PAUSE_MS))

    # The serial console

    def console_read(self):
        if self._interrupted:
            self._interrupted = False
            raise KeyboardInterrupt
        # Byte by byte: reading a line that is only half typed would wait for its end, and all calls with it.
        while self._can_read():
            byte = sys.stdin.buffer.read(1)
            if not byte:
                self._typed.unregister(sys.stdin)  # no more to come
                return None
            if byte == b"\r" or byte == b"\n":  # a terminal sends the one, a program the other
                line, self._line = self._line, b""
                if line:
                    return "".join([chr(code) for code in line if 32 <= code < 127]).strip()
            elif len(self._line) < _LONGEST_LINE:
                self._line += byte
        return None

    def _can_read(self):
        for _stream, event in self._typed.ipoll(0):
            if event & select.POLLIN:
                return True
            self._typed.unregister(sys.stdin)
        return False

    def console_write(self, text, end="\n"):
        # In pieces, as nothing else happens while the serial line takes one: the audio must have its turn.
        for begin in range(0, len(text), _PIECE):
            sys.stdout.write(text[begin : begin + _PIECE])
        sys.stdout.write(end)

    # The case: watchdog, lamps, button

    def feed_watchdog(self):
        """The first call starts the watchdog: a program that never gets so far can be mended at the prompt.
        Nothing stops it again (a property of the chip), see rest()."""
        if self._dog is None:
            self._dog = WDT(timeout=_WATCHDOG_MS)
        self._dog.feed()

    def rest(self):
        """The service has ended and somebody is at the prompt: no pump, and a watchdog that is fed."""
        if self._timer is not None:
            self._timer.deinit()
        if self._dog is not None:
            dog = self._dog
            Timer(_FEED_TIMER).init(mode=Timer.PERIODIC, period=_FEED_MS, callback=lambda _timer: dog.feed())

    def led(self, number, on):
        if number < len(self._leds) and self._leds[number] is not None:
            self._leds[number](1 if on else 0)

    def button(self):
        return self._key is not None and self._key() == 0

    def steady(self):
        self._guard.forgive()

    def restart(self):
        self._guard.expect()
        reset()

    def crashed(self):
        """Start again after a mistake of ours that ended the service: it counts as a crash."""
        reset()


def _input(number):
    """An input with a pull-up where the chip has one: GPIO 34 to 39 do not, the board has to."""
    return Pin(number, Pin.IN) if number >= 34 else Pin(number, Pin.IN, Pin.PULL_UP)

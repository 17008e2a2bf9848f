"""The rules of the ESP32's pins (ESP32 datasheet, "Pin Definitions" and "Strapping Pins"; ESP32 technical
reference manual, "IO_MUX and GPIO Matrix"; ESP-IDF, "Ethernet"), applied to a board's description.

A signal says which way it goes, and what level hangs on its wire while the ESP32 is in reset (resistors of
the wiring table, the chips' outputs): the strapping pins are read at that moment.
"""

from dataclasses import dataclass
from typing import Any

from host_tools.boards.problem import BoardError

IN, OUT, BOTH = "in", "out", "in/out"
LOW, HIGH, FREE, DRIVEN = "low", "high", "", "driven"  # on the wire while the ESP32 is in reset

INPUT_ONLY = (34, 35, 36, 37, 38, 39)
FLASH = (6, 7, 8, 9, 10, 11)
PSRAM = (16, 17)
CONSOLE = (1, 3)
MISSING = (20, 24, 28, 29, 30, 31)
NOT_LED_OUT = (37, 38)  # of the WROOM and WROVER modules
# pin → levels at reset with which the board still starts and can be flashed, and why.
STRAPPING = {
    0: ((HIGH, FREE), "low at reset starts the serial loader instead of the firmware"),
    2: ((LOW, FREE), "high at reset keeps the serial loader from starting, so the board cannot be flashed"),
    5: ((HIGH, LOW, FREE, DRIVEN), "timing of SDIO only"),
    12: ((LOW, FREE), "high at reset (MTDI) feeds the flash chip with 1.8 V, and the board does not start"),
    15: ((HIGH, LOW, FREE, DRIVEN), "low at reset silences the loader's log"),
}
# What RMII has on this chip, and nowhere else.
RMII = {19: "TXD0", 21: "TX_EN", 22: "TXD1", 25: "RXD0", 26: "RXD1", 27: "CRS_DV"}
_CHIPS = ("port 1's chip", "port 2's chip")
OUTPUTS = "2 4 5 12 to 15 18 19 21 to 23 25 to 27 32 33"
PULL_UP, PULL_DOWN = "10 kΩ to 3.3 V", "10 kΩ to ground"


@dataclass(frozen=True)
class Signal:
    """`field`: where it stands in the JSON file; `goes`: seen from the ESP32; `to`: the wire's other end;
    `at_reset`: the level of the wire while the ESP32 is in reset; `with_`: the resistor that goes with it."""

    field: str
    pin: int
    goes: str
    to: str
    at_reset: str = FREE
    with_: str = ""


def signals_of(data: dict[str, Any]) -> list[Signal]:
    """Every pin in use, those of RMII too, from a board that fits the schema."""
    slic, spi, pcm = data["slic"], data["spi"], data["pcm"]
    chained = slic["daisy_chain"]
    ends = ("the first chip", "the last chip") if chained else ("both chips", "both chips")
    found = [
        Signal("slic.reset", slic["reset"], OUT, "RESET of both chips", LOW, PULL_DOWN),
        *_maybe("slic.irq", slic["irq"], IN, "INT of both chips (open drain)", HIGH, PULL_UP),
        Signal("spi.sck", spi["sck"], OUT, "SCLK of both chips"),
        Signal("spi.mosi", spi["mosi"], OUT, f"SDI of {ends[0]}"),
        Signal("spi.miso", spi["miso"], IN, f"SDO of {ends[1]}", DRIVEN),
        *(
            Signal(f"spi.cs.{i}", pin, OUT, f"CS of {whose}", HIGH, PULL_UP)
            for i, (pin, whose) in enumerate(zip(spi["cs"], ["both chips"] if chained else _CHIPS))
        ),
        Signal("pcm.bclk", pcm["bclk"], OUT, "PCLK of both chips, inverted by the firmware"),
        Signal("pcm.fsync", pcm["fsync"], OUT, "FSYNC of both chips"),
        Signal("pcm.tx", pcm["tx"], OUT, "DRX of both chips"),
        Signal("pcm.rx", pcm["rx"], IN, "DTX of both chips", DRIVEN),
    ]  # fmt: skip
    lan = data.get("lan")
    if lan:
        out = lan["ref_clk_out"]
        found += [Signal(f"lan.rmii.{name}", pin, *_rmii(name)) for pin, name in RMII.items()]
        found += [
            Signal("lan.ref_clk", lan["ref_clk"], OUT, "CLKIN of the PHY, 50 MHz")
            if out
            else Signal("lan.ref_clk", lan["ref_clk"], IN, "50 MHz oscillator, off at reset", HIGH, PULL_UP),
            Signal("lan.mdc", lan["mdc"], OUT, "MDC of the PHY"),
            Signal("lan.mdio", lan["mdio"], BOTH, "MDIO of the PHY", HIGH, "1.5 kΩ to 3.3 V"),
            *_maybe(
                "lan.power", lan["power"], OUT, "enable of the PHY's oscillator, high: on", LOW, PULL_DOWN
            ),
        ]
    led = data.get("led")
    if led:
        found += _maybe("led.status", led["status"], OUT, "status LED to ground", LOW, "1 kΩ in series")
        for i, pin in enumerate(led["ports"]):
            found += _maybe(
                f"led.ports.{i}", pin, OUT, f"LED of port {i + 1} to ground", LOW, "1 kΩ in series"
            )
    found += _maybe("button", data.get("button"), IN, "push button to ground", HIGH, PULL_UP)
    return found


def _maybe(field: str, pin: int | None, *rest: str) -> list[Signal]:
    return [] if pin is None else [Signal(field, pin, *rest)]


def _rmii(name: str) -> tuple[str, str, str]:
    goes = OUT if name[0] == "T" else IN
    return goes, f"{name} of the PHY", FREE if goes == OUT else DRIVEN


def check_pins(data: dict[str, Any]) -> None:
    """Raises BoardError for what cannot work on an ESP32, or cannot be started or flashed."""
    board = data["name"]
    _check_lan(board, data)
    cs = data["spi"]["cs"]
    if len(cs) != (1 if data["slic"]["daisy_chain"] else 2):
        allowed = "one chip select for a daisy chain, else one for each of the two ports"
        raise BoardError(board, "spi.cs", cs, allowed)
    used: dict[int, str] = {}
    for signal in signals_of(data):
        wrong = _wrong(signal, data["psram"])
        if wrong is None and signal.pin in used:
            wrong = f"GPIO {signal.pin} is {used[signal.pin]} already"
        if wrong is not None:
            raise BoardError(board, signal.field, signal.pin, wrong)
        used[signal.pin] = signal.field


def _wrong(signal: Signal, psram: bool) -> str | None:
    pin = signal.pin
    if pin in MISSING:
        return f"the ESP32 has no GPIO {pin}"
    if pin in FLASH:
        return "GPIO 6 to 11 belong to the flash chip"
    if pin in PSRAM and psram:
        return "GPIO 16 and 17 belong to the PSRAM of this module"
    if pin in CONSOLE:
        return "GPIO 1 and 3 are the serial console, which flashes the board and shows its log"
    if pin in NOT_LED_OUT:
        return f"GPIO {pin} is not led out of the module"
    if pin in INPUT_ONLY and signal.goes != IN:
        return f"GPIO 34 to 39 are inputs only (and have no pull-up); outputs: {OUTPUTS}"
    if pin in STRAPPING:
        allowed, why = STRAPPING[pin]
        if signal.at_reset not in allowed:
            return f"GPIO {pin} is a strapping pin, and this wire is {signal.at_reset} at reset: {why}"
    return None


def _check_lan(board: str, data: dict[str, Any]) -> None:
    lan = data.get("lan")
    if not lan:
        return
    clock, out, psram = lan["ref_clk"], lan["ref_clk_out"], data["psram"]
    if clock in PSRAM and psram:
        allowed = "GPIO 16 and 17 belong to the PSRAM of this module; 0 is left, with an oscillator"
        raise BoardError(board, "lan.ref_clk", clock, allowed)
    if not out and clock != 0:
        raise BoardError(board, "lan.ref_clk", clock, "the clock can come in at GPIO 0 only")
    if not out and lan["power"] is None:
        allowed = "a pin must switch the oscillator on: a clock on GPIO 0 at reset starts the serial loader"
        raise BoardError(board, "lan.power", None, allowed)
    if out and clock == 0:
        allowed = "false for GPIO 0: ESP-IDF calls its output there experimental and unstable beside Wi-Fi"
        raise BoardError(board, "lan.ref_clk_out", out, allowed)

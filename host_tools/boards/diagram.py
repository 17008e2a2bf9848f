"""The block diagram of boards/README.md: what is joined to what, for every board alike, as SVG."""

from xml.sax.saxutils import escape

_WIDTH, _HEIGHT = 940, 560
# x, y, width, height, lines of text; the first is bold
_BLOCKS = (
    (40, 100, 200, 330, ("ESP32 module", "MicroPython + firmware")),
    (430, 120, 190, 130, ("Si3210/Si3215", "port 1", "slot at PCLK 33")),
    (430, 320, 190, 130, ("Si3210/Si3215", "port 2", "slot at PCLK 1")),
    (700, 120, 200, 60, ("line driver, DC-DC", "TIP / RING 1")),
    (700, 320, 200, 60, ("line driver, DC-DC", "TIP / RING 2")),
    (700, 210, 200, 40, ("telephone 1 (RJ11)",)),
    (700, 410, 200, 40, ("telephone 2 (RJ11)",)),
    (40, 30, 200, 60, ("3.3 V regulator", "0.8 A or more")),
    (430, 30, 190, 60, ("5 to 12 V input", "1 A a ringing port")),
    (40, 480, 200, 50, ("USB serial (GPIO 1, 3)", "flash and console")),
    (430, 490, 190, 50, ("LAN8720 PHY (option)", "RMII, 50 MHz")),
)
# y at the ESP32, label, y of each chip's pin, arrow: to the chips, back, or an open drain back
_BUSES = (
    (165, "SPI: SCLK, SDI", (140, 340), "to"),
    (198, "CS 1, CS 2 (one each)", (160, 360), "to"),
    (231, "SDO", (178, 378), "back"),
    (270, "PCLK 512 kHz, inverted", (196, 396), "to"),
    (303, "FSYNC 8 kHz, DRX", (212, 412), "to"),
    (336, "DTX", (226, 426), "back"),
    (375, "RESET (pulled down)", (236, 436), "to"),
    (410, "INT (open drain, pulled up)", (245, 445), "back"),
)  # fmt: skip
_SPINE = 258  # x where the first bus turns towards the chips; the next ones stand to its right
_STEP = 19


def svg() -> str:
    """The picture, the same bytes every time."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="#234"/></marker></defs>',
    ]
    parts += [_block(*block) for block in _BLOCKS]
    for number, bus in enumerate(_BUSES):
        parts += _bus(number, *bus)
    parts += [
        _line((240, 60), (430, 60), "back", ""),
        _line((140, 90), (140, 100), "to", ""),
        _line((140, 430), (140, 480), "both", ""),
        _line((525, 90), (525, 120), "to", "3.3 V logic, supply of the DC-DC converters"),
        _line((620, 150), (700, 150), "both", ""),
        _line((620, 350), (700, 350), "both", ""),
        _line((800, 180), (800, 210), "both", "48 V, ringing 45 V~"),
        _line((800, 380), (800, 410), "both", "48 V, ringing 45 V~"),
        '<path d="M215 430V460H330V515H430" fill="none" stroke="#234" stroke-dasharray="5 3" '
        'marker-end="url(#a)" marker-start="url(#a)"/>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _block(x: int, y: int, width: int, height: int, lines: tuple[str, ...]) -> str:
    weights = ' font-weight="bold"', *([""] * len(lines))
    text = "".join(
        f'<text x="{x + width // 2}" y="{y + 22 + 17 * i}" text-anchor="middle"{weight}>{escape(line)}</text>'
        for i, (line, weight) in enumerate(zip(lines, weights))
    )
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="#eef3f8" stroke="#234"/>{text}'
    )


def _bus(number: int, y: int, label: str, ends: tuple[int, int], way: str) -> list[str]:
    x = _SPINE + _STEP * number
    marker = 'marker-end="url(#a)"' if way == "to" else ""
    first, second = (f'<path d="M{x} {y}V{end}H430" fill="none" stroke="#234" {marker}/>' for end in ends)
    start = 'marker-start="url(#a)"' if way == "back" else ""
    return [
        f'<path d="M240 {y}H{x}" stroke="#234" {start}/>',
        first,
        second,
        f'<circle cx="{x}" cy="{y}" r="3" fill="#234"/>',
        f'<text x="232" y="{y + 4}" text-anchor="end" font-size="10">{escape(label)}</text>',
    ]


def _line(start: tuple[int, int], end: tuple[int, int], way: str, label: str) -> str:
    markers = {"to": 'marker-end="url(#a)"', "back": 'marker-start="url(#a)"'}
    marker = markers.get(way, f"{markers['to']} {markers['back']}")
    middle = f'x="{(start[0] + end[0]) // 2 + 8}" y="{(start[1] + end[1]) // 2 + 4}"'
    text = f'<text {middle} font-size="10">{escape(label)}</text>' if label else ""
    return f'<path d="M{start[0]} {start[1]}L{end[0]} {end[1]}" stroke="#234" {marker}/>{text}'

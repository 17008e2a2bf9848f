"""One picture of a call: the voltages on both wires, what was spoken and heard, and the SIP ladder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # no display

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch
from matplotlib.transforms import blended_transform_factory

from host_tools.virtual_board.history import CADENCED, LONGEST_PAUSE, PORTS, Entry, tone_names
from host_tools.virtual_board.ladder import Message, ladder, lanes_of
from host_tools.virtual_board.play import Figure
from host_tools.virtual_board.speech import levels_dbm0
from host_tools.virtual_board.traces import PortTrace

INK, FAINT, GRID = "#1d2733", "#7b8794", "#e4e8ec"
TIP, RING = "#2a9d8f", "#c8553d"
MIC, EAR = "#e9a13b", "#3a6ea5"
TONE_COLOURS = {
    "dial": "#8ecae6",
    "ringback": "#b9a3e3",
    "busy": "#f4a3a3",
    "congestion": "#f4a3a3",
    "stutter": "#8ecae6",
    "call_waiting": "#ffd166",
    "howler": "#ef767a",
    "confirm": "#a8dadc",
    "speech": "#b7e4c7",
    "echo": "#e3f1e8",
}
_FLOOR = -60.0  # dBm0, of the level panels


def draw(
    path: Path,
    title: str,
    entries: Sequence[Entry],
    traces: Mapping[int, PortTrace],
    figures: Sequence[Figure],
    numbers: Mapping[str, int],
    begin: float,
    end: float,
    lead_in: float = 0.3,
) -> None:
    """Write the picture as PNG. Takes a second: not on the event loop.

    It shows board time `begin` − `lead_in` … `end` (s); the time axis has its 0 at `begin`. `numbers`: the
    user part of each port's own SIP address → port.
    """
    messages = [m for m in ladder(entries, numbers) if begin - lead_in <= m.time <= end]
    with plt.rc_context(
        {
            "font.family": "DejaVu Sans",
            "font.size": 8.5,
            "axes.edgecolor": FAINT,
            "axes.linewidth": 0.7,
            "text.color": INK,
            "axes.labelcolor": INK,
            "xtick.color": FAINT,
            "ytick.color": FAINT,
            "xtick.labelcolor": INK,
            "ytick.labelcolor": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    ):
        figure = plt.figure(figsize=(17, 10.4), dpi=120, facecolor="white")
        grid = figure.add_gridspec(
            5,
            2,
            width_ratios=(2.55, 1),
            height_ratios=(1.25, 1.25, 1.25, 1.25, 0.55),
            left=0.052,
            right=0.985,
            top=0.885,
            bottom=0.055,
            hspace=0.16,
            wspace=0.07,
        )
        panels = [figure.add_subplot(grid[row, 0]) for row in range(5)]
        for i, port in enumerate(PORTS):
            _wire(panels[2 * i], port, traces[port], entries, begin)
            _sound(panels[2 * i + 1], port, traces[port], entries, begin, end)
        _strip(panels[4], messages, begin)
        for panel in panels:
            panel.set_xlim(-lead_in, end - begin)
            panel.grid(axis="x", color=GRID, linewidth=0.8)
            panel.set_axisbelow(True)
            panel.tick_params(axis="x", labelbottom=panel is panels[-1])
            for message in messages:
                if message.request and not message.again and message.method in ("INVITE", "BYE", "CANCEL"):
                    panel.axvline(message.time - begin, color="#6d597a", linewidth=0.8, alpha=0.5, zorder=1)
        panels[4].set_xlabel("seconds")
        _phases(panels[0], entries, title, begin, end)
        right = grid[:, 1].subgridspec(2, 1, height_ratios=(3.0, 1.2), hspace=0.08)
        _ladder(figure.add_subplot(right[0]), messages, begin)
        _table(figure.add_subplot(right[1]), figures)
        figure.text(0.052, 0.962, title, fontsize=16, fontweight="bold", va="center")
        figure.text(
            0.052,
            0.934,
            "virtual board, MicroPython firmware, SIP and RTP over loopback sockets",
            fontsize=9,
            color=FAINT,
            va="center",
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)
        plt.close(figure)


# ---- the panels ----


def _name(panel: Axes, text: str, colour: str = INK) -> None:
    panel.text(
        0.005,
        0.96,
        text,
        transform=panel.transAxes,
        va="top",
        fontweight="bold",
        fontsize=9,
        color=colour,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.5},
        zorder=6,
    )


def _wire(panel: Axes, port: int, trace: PortTrace, entries: Sequence[Entry], begin: float) -> None:
    at = trace.wire_start - begin + np.arange(len(trace.tip)) / trace.wire_rate
    panel.plot(at, trace.tip, color=TIP, linewidth=0.8, label="tip")
    panel.plot(at, trace.ring, color=RING, linewidth=0.8, label="ring")
    both = np.clip(
        np.concatenate((trace.tip, trace.ring, [0.0])), -150, 60
    )  # a fault may be beyond the sheet
    low, high = min(-70.0, float(np.min(both))), max(6.0, float(np.max(both)))
    panel.set_ylim(low - 8, high + 22)
    panel.set_ylabel("volts to ground")
    _name(panel, f"port {port}   wire")
    panel.legend(loc="upper right", ncols=2, frameon=False, fontsize=8, borderaxespad=0.1, handlelength=1.2)
    for entry in entries:
        if entry.port != port:
            continue
        if entry.kind in ("lift", "hang"):
            _flag(panel, entry.time - begin, "off-hook" if entry.kind == "lift" else "on-hook")
        elif entry.kind == "ring" and entry.detail["on"]:
            text = f"{entry.detail['volts']:.0f} Vrms  {entry.detail['hz']:.0f} Hz"
            panel.text(entry.time - begin + 0.02, high + 3, text, fontsize=7.5, color=RING, va="bottom")
    _ring_trip_inset(panel, port, trace, entries, begin)


def _flag(panel: Axes, x: float, text: str) -> None:
    panel.axvline(x, color=INK, linewidth=0.9, linestyle=(0, (3, 2)), zorder=3)
    panel.annotate(
        text,
        (x, 0),
        xycoords=("data", "axes fraction"),
        xytext=(3, 4),
        textcoords="offset points",
        fontsize=7.5,
        color=INK,
        zorder=5,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.8},
    )


def _ring_trip_inset(
    panel: Axes, port: int, trace: PortTrace, entries: Sequence[Entry], begin: float
) -> None:
    """A magnified view of the moment the handset is lifted on ringing voltage."""
    ringing = False
    lifted = None
    for entry in entries:
        if entry.port == port and entry.kind == "ring":
            ringing = entry.detail["on"]
        elif entry.port == port and entry.kind == "lift" and ringing:
            lifted = entry.time
            break
    if lifted is None:
        return
    first = max(0, int((lifted - 0.2 - trace.wire_start) * trace.wire_rate))
    last = min(len(trace.tip), int((lifted + 0.25 - trace.wire_start) * trace.wire_rate))
    if last - first < 10:
        return
    ms = 1000 * (trace.wire_start + np.arange(first, last) / trace.wire_rate - lifted)
    span = panel.get_xlim()
    whole = trace.wire_start + len(trace.tip) / trace.wire_rate - begin
    left = (lifted - begin + 0.6 - span[0]) / max(whole, 1.0)
    inset = panel.inset_axes((min(max(left, 0.05), 0.7), 0.14, 0.25, 0.74), zorder=7)
    inset.plot(ms, trace.tip[first:last], color=TIP, linewidth=1)
    inset.plot(ms, trace.ring[first:last], color=RING, linewidth=1)
    inset.axvline(0, color=INK, linewidth=0.9, linestyle=(0, (3, 2)))
    inset.set_title("handset lifted while ringing (ms)", fontsize=7.5, pad=2, color=INK)
    inset.tick_params(labelsize=6.5, length=2, pad=1)
    inset.set_facecolor("#fbfcfd")
    for spine in inset.spines.values():
        spine.set_visible(True)


def _sound(
    panel: Axes, port: int, trace: PortTrace, entries: Sequence[Entry], begin: float, end: float
) -> None:
    for samples, colour, label in ((trace.ear, EAR, "earpiece"), (trace.mic, MIC, "microphone")):
        level = np.maximum(levels_dbm0(samples), _FLOOR)
        at = trace.sound_start - begin + 0.02 * np.arange(len(level)) + 0.01
        panel.fill_between(at, _FLOOR, level, color=colour, alpha=0.45, linewidth=0, label=label, step="mid")
        panel.plot(at, np.where(level > _FLOOR, level, np.nan), color=colour, linewidth=0.7)
    panel.set_ylim(_FLOOR - 23, 8)
    panel.set_yticks([-60, -40, -20, 0])
    panel.set_ylabel("level, dBm0")
    _name(panel, f"port {port}   handset")
    panel.legend(loc="upper right", ncols=2, frameon=False, fontsize=8, borderaxespad=0.1, handlelength=1.2)
    for span in _spans(entries, port, end):
        colour = TONE_COLOURS.get(span.name, "#d8dee4")
        text = span.name.replace("_", " ")
        _bar(panel, span.start - begin, span.end - begin, _FLOOR - 21, 8.5, text, colour, end - begin)
    for entry in entries:
        if entry.port == port and entry.kind in ("dialled", "said") and entry.began is not None:
            what = entry.detail.get("digits") or entry.detail.get("what", "")
            _bar(
                panel,
                entry.detail.get("first", entry.began) - begin,
                entry.time - begin,
                _FLOOR - 10.5,
                8.5,
                f"dials {what}" if entry.kind == "dialled" else f"says “{what}”",
                "#fbe3bd",
                end - begin,
            )


@dataclass
class _Span:
    """A tone heard from `start` to `end`, the pauses of its cadence included."""

    name: str
    names: list[str]
    start: float
    end: float


def _spans(entries: Sequence[Entry], port: int, end: float) -> list[_Span]:
    spans: list[_Span] = []
    on = False
    for entry in entries:
        if entry.kind in ("lift", "hang") and entry.port == port:
            spans.append(_Span("", [], entry.time, entry.time))  # no cadence goes on over this
        if entry.kind != "tone" or entry.port != port or entry.detail["name"] == "silence":
            continue
        name, last = entry.detail["name"], spans[-1] if spans else _Span("", [], 0, 0)
        if not entry.detail["on"]:
            last.end, on = max(entry.time, last.start), False
            continue
        on = True
        label = "echo" if entry.detail.get("echo") else name
        if name in CADENCED and name in last.names and entry.time - last.end < LONGEST_PAUSE:
            last.name, last.names = label, tone_names(entry)
        else:
            spans.append(_Span(label, tone_names(entry), entry.time, entry.time))
    if on:
        spans[-1].end = end
    return [span for span in spans if span.end > span.start]


def _bar(
    panel: Axes, x0: float, x1: float, y: float, height: float, text: str, colour: str, span: float
) -> None:
    """A labelled bar; `span`: seconds over the width of the panel, to know if the label fits."""
    panel.add_patch(
        FancyBboxPatch(
            (x0, y),
            max(x1 - x0, 0.01),
            height,
            boxstyle="round,pad=0,rounding_size=0.03",
            facecolor=colour,
            edgecolor="none",
            mutation_aspect=height / 0.06,
            zorder=2,
        )
    )
    if (x1 - x0) / span > 0.0058 * len(text):
        panel.text((x0 + x1) / 2, y + height / 2, text, ha="center", va="center", fontsize=7.5, zorder=4)
    elif text.startswith("dials"):
        panel.text(x1 + 0.003 * span, y + height / 2, text, va="center", fontsize=7.5, zorder=4)


def _strip(panel: Axes, messages: Sequence[Message], begin: float) -> None:
    """All messages on the common time axis."""
    lanes = lanes_of(messages) or ["port 1", "port 2"]
    rows = {name: len(lanes) - 1 - i for i, name in enumerate(lanes)}
    for name, row in rows.items():
        panel.axhline(row, color=GRID, linewidth=1.4, zorder=1)
        panel.text(
            -0.006,
            row,
            name,
            transform=blended_transform_factory(panel.transAxes, panel.transData),
            ha="right",
            va="center",
            fontsize=7.5,
        )
    for message in messages:
        x = message.time - begin
        _arrow(panel, (x, rows[message.source]), (x, rows[message.target]), _message_colour(message), 1, 7)
    free = -1.0
    for message in messages:
        x = message.time - begin
        if message.request and message.method != "ACK" and x > free:
            panel.text(
                x, len(lanes) - 0.72, message.label, fontsize=7.5, color=_message_colour(message), va="bottom"
            )
            free = x + 0.9
    panel.set_ylim(-0.4, len(lanes) - 0.1)
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
    panel.set_title("SIP", loc="left", fontsize=9, fontweight="bold", pad=1)


def _phases(panel: Axes, entries: Sequence[Entry], title: str, begin: float, end: float) -> None:
    """The notes of the scenario as headings over the time axis."""
    notes = [e for e in entries if e.kind == "note" and e.time <= end and e.detail["text"] != title]
    for i, entry in enumerate(notes):
        start = entry.time - begin
        stop = (notes[i + 1].time if i + 1 < len(notes) else end) - begin
        panel.annotate(
            "",
            (start, 1.03),
            (stop, 1.03),
            xycoords=("data", "axes fraction"),
            textcoords=("data", "axes fraction"),
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "|-|,widthA=0.25,widthB=0.25",
                "color": FAINT,
                "linewidth": 0.8,
                "shrinkA": 1,
                "shrinkB": 1,
            },
        )
        panel.annotate(
            entry.detail["text"],
            ((start + stop) / 2, 1.05),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
            fontsize=8.5,
            color=INK,
            annotation_clip=False,
        )


def _message_colour(message: Message) -> str:
    if message.request:
        return "#6d597a"
    first = message.label[0]
    return {"1": "#7b8794", "2": "#2d8a4e"}.get(first, "#c1292e")


def _ladder(panel: Axes, messages: Sequence[Message], begin: float) -> None:
    """The classic ladder; a gap in time is a break in the lanes with its length."""
    panel.axis("off")
    panel.set_xlim(0, 1)
    panel.set_ylim(0, 1)
    panel.text(0, 1.0, "SIP ladder", fontweight="bold", fontsize=10, va="top")
    if not messages:
        panel.text(0.5, 0.5, "no messages", ha="center", color=FAINT)
        return
    lanes = lanes_of(messages)
    x = {name: 0.28 + 0.69 * (i / max(len(lanes) - 1, 1)) for i, name in enumerate(lanes)}
    rows: list[tuple[Message | None, float]] = []
    for i, message in enumerate(messages):
        gap = message.time - messages[i - 1].time if i else 0.0
        if gap > 0.25:
            rows.append((None, gap))
        rows.append((message, gap))
    step = min(0.082, 0.88 / len(rows))
    size = 8.5 if step > 0.035 else max(4.0, 240 * step)
    y = 0.9
    for name, at in x.items():
        panel.plot([at, at], [y - step * len(rows) - 0.02, 0.92], color=FAINT, linewidth=1)
        panel.text(at, 0.93, name, ha="center", va="bottom", fontsize=9, fontweight="bold")
    for message, gap in rows:
        y -= step
        if message is None:
            for at in x.values():
                panel.plot([at, at], [y - 0.2 * step, y + 0.5 * step], color="white", linewidth=3)
                panel.plot(
                    [at, at], [y - 0.2 * step, y + 0.5 * step], color=FAINT, linewidth=1, linestyle=":"
                )
            panel.text(
                0.625,
                y + 0.15 * step,
                f"{gap:.2f} s later",
                ha="center",
                va="center",
                style="italic",
                fontsize=size - 0.5,
                color=FAINT,
            )
            continue
        a, b, colour = x[message.source], x[message.target], _message_colour(message)
        line = "--" if message.again else "-"
        _arrow(panel, (a, y), (b, y), colour, 1.2, 11, line)
        panel.text(
            (a + b) / 2, y + 0.12 * step, message.label, ha="center", va="bottom", fontsize=size, color=colour
        )
        panel.text(
            0.0, y, f"{message.time - begin:6.3f}", va="center", fontsize=size - 0.5, family="monospace"
        )
        if 0 < gap <= 0.25:
            panel.text(
                0.235, y, f"+{1000 * gap:.0f} ms", va="center", ha="right", fontsize=size - 1, color=FAINT
            )


def _arrow(
    panel: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str,
    width: float,
    head: float,
    line: str = "-",
) -> None:
    style = {
        "arrowstyle": "-|>",
        "color": colour,
        "linewidth": width,
        "linestyle": line,
        "shrinkA": 0,
        "shrinkB": 0,
        "mutation_scale": head,
    }
    panel.annotate("", end, start, arrowprops=style)


def _table(panel: Axes, figures: Sequence[Figure]) -> None:
    panel.axis("off")
    panel.set_xlim(0, 1)
    panel.set_ylim(0, 1)
    panel.text(0, 1.0, "Measured", fontweight="bold", fontsize=10, va="top")
    step = min(0.105, 0.86 / max(len(figures), 1))
    for i, figure in enumerate(figures):
        y = 0.86 - i * step
        colour = FAINT if figure.bound is None else "#2d8a4e" if figure.within else "#c1292e"
        value = figure.value_text()
        panel.plot(0.008, y, "o", color=colour, markersize=5, clip_on=False)
        panel.text(0.035, y, figure.name, va="center", fontsize=8.5)
        panel.text(0.80, y, value, va="center", ha="right", fontsize=9, fontweight="bold", color=colour)
        panel.text(0.83, y, figure.bound_text(), va="center", fontsize=8, color=FAINT)

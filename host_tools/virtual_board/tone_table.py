"""The tones of a region as a recogniser needs them: which frequencies, and the on/off times.

Script text (the firmware's tone grammar): section *("|" section), section = freq@level[+freq@level…] ";"
on "/" off in seconds, "0/0" = for ever.
"""

import runpy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_REGIONS = Path(__file__).resolve().parents[2] / "firmware/ata/region"
_FOR_EVER = float("inf")


@dataclass(frozen=True)
class Section:
    """One part of a tone: frequencies in Hz (empty = silence), seconds on and off (inf on = for ever)."""

    hz: frozenset[float]
    on: float
    off: float


def parse_script(text: str) -> list[Section]:
    """Raises ValueError naming the section that cannot be read."""
    sections = []
    for part in text.split("|"):
        try:
            signal, _, cadence = part.strip().partition(";")
            on_text, _, off_text = (cadence or "0/0").partition("/")
            hz = set()
            for tone in signal.split("+"):
                frequency = tone.partition("@")[0].strip()
                carrier, _, modulation = frequency.partition("*")
                if modulation:
                    hz |= {
                        float(carrier) - float(modulation),
                        float(carrier),
                        float(carrier) + float(modulation),
                    }
                elif float(frequency) > 0:
                    hz.add(float(frequency))
            on, off = float(on_text), float(off_text or 0)
        except ValueError:
            raise ValueError(f"tone section {part!r}: expected freq@level[+freq@level];on/off") from None
        sections.append(Section(frozenset(hz), on or _FOR_EVER, off))
    return sections


def region_tones(region: str | Mapping[str, Any]) -> dict[str, str]:
    """Tone name -> script text, from a region's code ("us"), its record with "tones", or such a table itself.

    Raises ValueError for an unknown code.
    """
    if isinstance(region, str):
        path = _REGIONS / f"{region}.py"
        if not region.isalpha() or not path.exists():
            known = sorted(p.stem for p in _REGIONS.glob("[a-z]*.py"))
            raise ValueError(f"region {region!r}: one of {', '.join(known)}")
        region = runpy.run_path(str(path))["REGION"]
        assert not isinstance(region, str)
    return dict(region.get("tones", region))

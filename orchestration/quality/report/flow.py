"""The ledger as a picture: from what was read of each source to what became of it.

Widths are in proportion to records; what has any has at least a hair's breadth, so that a single
quarantined record among millions is still seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestration.quality.report.model import Flow
from orchestration.quality.status import FATES

HEIGHT = 320.0  # units of all records together, without the gaps
GAP = 14.0
LEAST = 1.5
LEFT, RIGHT = 190, 520  # the inner edges of both sides' bars
BAR = 8
SOURCES = 12
WHAT_BECAME = {
    "loaded": "loaded",
    "duplicate": "duplicates",
    "identity": "who is who",
    "filtered": "no event",
    "quarantined": "quarantined",
    "erased": "erased",
    "pending": "pending",
}


@dataclass(frozen=True)
class Bar:
    """A source or a fate: its name, records, top and height."""

    name: str
    label: str
    records: int
    y: float
    height: float

    @property
    def middle(self) -> float:
        """Where its label stands."""
        return round(self.y + self.height / 2, 1)


@dataclass(frozen=True)
class Ribbon:
    """Records of a source that came to a fate, as an SVG path."""

    source: str
    fate: str
    records: int
    path: str


@dataclass(frozen=True)
class FlowPicture:
    """Bars of both sides and the ribbons between them."""

    sources: tuple[Bar, ...]
    fates: tuple[Bar, ...]
    ribbons: tuple[Ribbon, ...]
    height: float


def picture_of(flows: Sequence[Flow]) -> FlowPicture | None:
    """The picture; None where nothing was read. The smallest beyond `SOURCES` are one bar."""
    flows = _together([flow for flow in flows if flow.read])
    if not flows:
        return None
    total = sum(flow.read for flow in flows)
    widths = {
        (flow.source, fate): max(LEAST, HEIGHT * flow.fates[fate] / total)
        for flow in flows
        for fate in FATES
        if flow.fates.get(fate)
    }
    sources = _bars([(flow.source, flow.source, flow.read) for flow in flows], widths, side=0)
    totals = [
        (fate, WHAT_BECAME[fate], sum(flow.fates.get(fate, 0) for flow in flows)) for fate in FATES
    ]
    fates = _bars([each for each in totals if each[2]], widths, side=1)
    tops = {bar.name: bar.y for bar in sources}
    fate_tops = {bar.name: bar.y for bar in fates}
    ribbons = []
    for flow in flows:
        for fate in FATES:
            width = widths.get((flow.source, fate))
            if width is not None:
                path = _ribbon(tops[flow.source], fate_tops[fate], width)
                ribbons.append(Ribbon(flow.source, fate, flow.fates[fate], path))
                tops[flow.source] += width
                fate_tops[fate] += width
    lowest = max(bar.y + bar.height for bar in (*sources, *fates))
    return FlowPicture(sources, fates, tuple(ribbons), round(lowest + GAP, 1))


def _together(flows: list[Flow]) -> list[Flow]:
    if len(flows) <= SOURCES:
        return flows
    largest = sorted(flows, key=lambda flow: -flow.read)
    rest = largest[SOURCES - 1 :]
    fates = {fate: sum(flow.fates.get(fate, 0) for flow in rest) for fate in FATES}
    others = Flow(f"{len(rest)} more sources", sum(flow.read for flow in rest), fates)
    return [*largest[: SOURCES - 1], others]


def _bars(
    named: Sequence[tuple[str, str, int]], widths: Mapping[tuple[str, str], float], *, side: int
) -> tuple[Bar, ...]:
    bars = []
    y = GAP / 2
    for name, label, records in named:
        height = sum(width for key, width in widths.items() if key[side] == name)
        bars.append(Bar(name, label, records, round(y, 1), round(max(height, LEAST), 1)))
        y += max(height, LEAST) + GAP
    return tuple(bars)


def _ribbon(top: float, target: float, width: float) -> str:
    middle = (LEFT + RIGHT) // 2
    return (
        f"M{LEFT} {top:.1f}C{middle} {top:.1f} {middle} {target:.1f} {RIGHT} {target:.1f}"
        f"v{width:.1f}C{middle} {target + width:.1f} {middle} {top + width:.1f}"
        f" {LEFT} {top + width:.1f}z"
    )

"""How do the pages compare at a glance? One line a peer: our throughput over its, on a logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from benchmarks.findings import Finding

_WIDTH: Final = 760
_LEFT: Final = 190
_ROW: Final = 34
_TOP: Final = 56
_LEAST: Final = 0.1
_MOST: Final = 1000.0
_COLOURS: Final = {1: "#1b6ca8", 32: "#d1662b"}


def _x(ratio: float) -> float:
    share = math.log10(min(max(ratio, _LEAST), _MOST) / _LEAST) / math.log10(_MOST / _LEAST)
    return _LEFT + share * (_WIDTH - _LEFT - 40)


def drawn(found: Sequence[Finding]) -> str:
    """The SVG of the findings about pages."""
    pages = [each for each in found if each.question == "pages"]
    peers = list(dict.fromkeys(each.against for each in pages))
    height = _TOP + _ROW * len(peers) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="13" role="img">',
        "<title>Our throughput over each peer's, on pages of 100 parcels with 16 fields</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        *_axis(height),
        *_legend(),
    ]
    for row, peer in enumerate(peers):
        y = _TOP + _ROW * row + _ROW / 2
        parts.append(f'<text x="{_LEFT - 12}" y="{y + 4:.0f}" text-anchor="end">{escape(peer)}</text>')
        for each in pages:
            if each.against == peer:
                at = y + (-5 if each.clients == 1 else 5)
                name = escape(f"{each.workload}, {each.clients} clients: {each.ratio}")
                parts.append(
                    f'<circle cx="{_x(each.ratio):.1f}" cy="{at:.1f}" r="4.5" fill="{_COLOURS[each.clients]}"><title>{name}</title></circle>'
                )
    return "\n".join([*parts, "</svg>", ""])


def _axis(height: int) -> list[str]:
    lines = []
    for tick in (0.1, 1, 10, 100, 1000):
        x = _x(tick)
        colour = "#444" if tick == 1 else "#ddd"
        lines.append(f'<line x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{height - 34}" stroke="{colour}"/>')
        lines.append(f'<text x="{x:.1f}" y="{height - 16}" text-anchor="middle" fill="#444">{tick:g}x</text>')
    return lines


def _legend() -> list[str]:
    parts = []
    for place, (clients, colour) in enumerate(_COLOURS.items()):
        x = _LEFT + 130 * place
        parts.append(f'<circle cx="{x}" cy="24" r="4.5" fill="{colour}"/>')
        parts.append(f'<text x="{x + 12}" y="28">{clients} {"client" if clients == 1 else "clients"}</text>')
    return parts

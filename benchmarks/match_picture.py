"""Draws how the cost of an item grows with the number of rules, as SVG; both axes logarithmic.

    python benchmarks/match_picture.py < figures.json > growth.svg

with what `match.py --json` wrote.
"""

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence

WIDTH, HEIGHT = 840, 420
LEFT, RIGHT, TOP, BOTTOM = 104, 610, 56, 362
CURVES = (
    ("one regex a rule", "#a3540a", lambda row: 1e6 / row["regex_items_per_second"]),
    ("matcher, every item hits", "#5b7fa6", lambda row: 1e6 / row["dense_items_per_second"]),
    ("matcher, one in fifty hits", "#0b5394", lambda row: 1e6 / row["items_per_second"]),
    ("bare minimum", "#6b6b6b", lambda row: 1e6 / row["bare_items_per_second"]),
)


def growth(rows: Sequence[Mapping[str, float]]) -> str:
    """The picture, from rows of figures, fewest rules first."""
    lowest = min(value(row) for _, _, value in CURVES for row in rows)
    highest = max(value(row) for _, _, value in CURVES for row in rows)
    x = _scale(rows[0]["rules"], rows[-1]["rules"], LEFT, RIGHT)
    y = _scale(10 ** math.floor(math.log10(lowest)), 10 ** math.ceil(math.log10(highest)), BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-size="13" '
        'font-family="system-ui, sans-serif">',
        "<title>Microseconds an item by number of rules</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="28" font-size="16" fill="#222">Microseconds an item, by number of rules</text>',
    ]
    for power in range(math.floor(math.log10(lowest)), math.ceil(math.log10(highest)) + 1):
        at = y(10**power)
        parts.append(f'<line x1="{LEFT}" x2="{RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end" fill="#555">{10**power:,} µs</text>')
    for row in rows:
        at = x(row["rules"])
        parts.append(f'<text x="{at:.1f}" y="{BOTTOM + 22}" text-anchor="middle" fill="#555">{row["rules"]:,}</text>')
    parts.append(f'<text x="{(LEFT + RIGHT) / 2}" y="{BOTTOM + 44}" text-anchor="middle" fill="#555">rules</text>')
    last = 0.0  # names stand below one another also where their curves end close together
    for name, colour, value in CURVES:
        places = [(x(row["rules"]), y(value(row))) for row in rows]
        line = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{d:.1f}" r="3.5" fill="{colour}"/>' for a, d in places]
        end = last = max(places[-1][1] + 4, last + 16)
        parts.append(f'<text x="{RIGHT + 10}" y="{end:.1f}" fill="{colour}">{name}, {value(rows[-1]):,.0f} µs</text>')
    return "\n".join([*parts, "</svg>", ""])


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """Where a number stands on an axis from `low` to `high`, by its logarithm."""
    span = math.log(high / low) or 1.0
    return lambda number: start + (end - start) * math.log(number / low) / span


if __name__ == "__main__":
    sys.stdout.write(growth(json.load(sys.stdin)["rows"]))

"""The funnel as a picture: how many came in at each stage, how many went on, and why the rest did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

WIDTH, ROW, BAR = 1120, 30, 14
LEFT, LONGEST = 230, 300
COLOURS = {
    "files": "#868e96",
    "exams": "#1c7ed6",
    "reports": "#7048e8",
    "statements": "#0c8599",
    "findings": "#e8590c",
    "lesions": "#c2255c",
}
LOST = "#dee2e6"
MAX_REASONS = 3


def funnel_svg(stages: Sequence[Mapping[str, Any]]) -> str:
    """Draw the funnel.

    Parameters
    ----------
    stages : sequence of mapping
        Stages of ``funnel.json``: stage, unit, read, kept, dropped (reason to count).

    Returns
    -------
    str
        An SVG document that needs nothing else. Bars of one unit share one scale; equal funnels give equal bytes.
    """
    largest: dict[str, int] = {}
    for stage in stages:
        largest[stage["unit"]] = max(largest.get(stage["unit"], 1), stage["read"])
    height = ROW * len(stages) + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img"'
        ' font-family="system-ui, sans-serif" font-size="13">',
        "<title>Funnel: what each stage read, kept and dropped</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for number, stage in enumerate(stages):
        parts += _row(stage, largest[stage["unit"]], 8 + number * ROW)
    x = 10
    for unit in (unit for unit in COLOURS if unit in largest):
        parts.append(f'<rect x="{x}" y="{height - 20}" width="11" height="11" fill="{COLOURS[unit]}"/>')
        parts.append(f'<text x="{x + 16}" y="{height - 10}" fill="#495057">{unit}</text>')
        x += 30 + 8 * len(unit)
    parts.append(f'<rect x="{x}" y="{height - 20}" width="11" height="11" fill="{LOST}"/>')
    parts.append(f'<text x="{x + 16}" y="{height - 10}" fill="#495057">dropped; bars of one unit share one scale</text></svg>')
    return "\n".join(parts) + "\n"


def _row(stage: Mapping[str, Any], largest: int, y: int) -> list[str]:
    read, kept = int(stage["read"]), int(stage["kept"])
    full, went_on = (round(LONGEST * count / largest, 1) for count in (read, kept))
    reasons = sorted(stage["dropped"].items(), key=lambda item: (-item[1], item[0]))
    words = ", ".join(f"{reason.replace('_', ' ')} {count}" for reason, count in reasons[:MAX_REASONS])
    if len(reasons) > MAX_REASONS:
        words += f", … {sum(count for _, count in reasons[MAX_REASONS:])}"
    middle = y + BAR - 2
    row = [
        f'<text x="{LEFT - 8}" y="{middle}" text-anchor="end" fill="#212529">{escape(str(stage["stage"]))}</text>',
        f'<rect x="{LEFT}" y="{y}" width="{full}" height="{BAR}" fill="{LOST}"/>',
        f'<rect x="{LEFT}" y="{y}" width="{went_on}" height="{BAR}" fill="{COLOURS.get(str(stage["unit"]), "#868e96")}"/>',
        f'<text x="{LEFT + full + 6}" y="{middle}" fill="#212529">{kept}{f" of {read}" if kept != read else ""}</text>',
    ]
    if words:
        row.append(f'<text x="{LEFT + LONGEST + 104}" y="{middle}" font-size="11" fill="#868e96">{escape(words)}</text>')
    return row

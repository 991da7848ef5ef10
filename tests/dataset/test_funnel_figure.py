from __future__ import annotations

from xml.etree import ElementTree

from petarseg.dataset.funnel_figure import COLOURS, LEFT, LONGEST, funnel_svg

SVG = "{http://www.w3.org/2000/svg}"
STAGES = [
    {"stage": "convert", "unit": "exams", "read": 10, "kept": 10, "dropped": {}},
    {"stage": "match <&>", "unit": "findings", "read": 40, "kept": 20, "dropped": {"a_b": 11, "b": 5, "c": 2, "d": 1, "e": 1}},
]


def test_bars_are_as_long_as_the_counts():
    root = ElementTree.fromstring(funnel_svg(STAGES))
    bars = [(rect.get("fill"), float(rect.get("width"))) for rect in root.iter(f"{SVG}rect") if rect.get("x") == str(LEFT)]
    assert bars[1] == (COLOURS["exams"], LONGEST)
    assert bars[2][1] == LONGEST
    assert bars[3] == (COLOURS["findings"], LONGEST / 2)


def test_words():
    words = [text.text for text in ElementTree.fromstring(funnel_svg(STAGES)).iter(f"{SVG}text")]
    assert "match <&>" in words
    assert "20 of 40" in words
    assert "a b 11, b 5, c 2, … 2" in words


def test_nothing_is_loaded_and_an_empty_funnel_is_drawn():
    assert "href" not in funnel_svg(STAGES)
    assert ElementTree.fromstring(funnel_svg([])).tag == f"{SVG}svg"

"""The QA page shows what is in the tables, trusts none of it, and needs nothing from outside."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from chromium import Chromium
from matplotlib.image import imread
from tiny_dataset import VOLUMES, rows_of, write_tiny_dataset

from petarseg.dataset.funnel_figure import funnel_svg
from petarseg.quality.crops import lesion_png
from petarseg.quality.mip import COLOURS
from petarseg.quality.page import highlight_numbers, write_page
from petarseg.volume import Volume

HOSTILE = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script> \"'&{{ 7*7 }} SUVmax 5.4 (image 40)"
PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
FUNNEL = [{"stage": "match", "unit": "findings", "read": 12, "kept": 10, "dropped": "ambiguous 2"}]


@pytest.fixture
def dataset(tmp_path):
    return write_tiny_dataset(tmp_path / "d")


def make_page(dataset: Path, *, changes: dict[str, object] | None = None, with_crops: bool = False) -> Path:
    """Write the page again, with the first lesion changed."""
    lesions, exams, rejected = (rows_of(dataset, name) for name in ("lesions", "exams", "rejected"))
    lesions[0] |= changes or {}
    rejected.append({"exam_id": None, "stage": "join", "reason": "report_without_exam", "sentence": None, "evidence": '{"reports": 3}'})
    crops = {}
    if with_crops:
        for exam in exams:
            pet, ct, labels, _ = (Volume.load(dataset / exam[f"{name}_path"]) for name in VOLUMES)
            for lesion in (row for row in lesions if row["exam_id"] == exam["exam_id"]):
                crops[lesion["lesion_id"]] = f"{lesion['lesion_id']}.png"
                lesion_png(pet, ct, labels, lesion["mask_label"], dataset / "qa" / f"{lesion['lesion_id']}.png")
    write_page(
        dataset / "qa" / "index.html",
        name="tiny",
        version="v1-1",
        funnel=FUNNEL,
        exams=exams,
        lesions=lesions,
        rejected=rejected,
        pictures={exam["exam_id"]: f"{exam['exam_id']}.png" for exam in exams},
        crops=crops,
    )
    return dataset / "qa" / "index.html"


def test_text_is_escaped(dataset):
    text = make_page(dataset, changes={"findings": HOSTILE, "organ": "<b>lung</b>", "flags": ["<i>"]}).read_text()
    assert "&lt;script&gt;document.title" in text
    assert "<img src=x" not in text
    assert "<b>lung" not in text
    assert "<i>" not in text
    assert text.count("<script>") == 1


@pytest.mark.parametrize(
    ("sentence", "suv", "number", "marked"),
    [
        ("SUVmax 5.4 (image 40), 1.5 cm", 5.4, 40, ["5.4", "40"]),
        ("SUVmax 5,40 auf Bild 40", 5.4, 40, ["5,40", "40"]),
        ("SUV 12 image 140, was 12.5, 1.12", 12.0, 140, ["12", "140"]),
        ("SUVmax of 5.0 on slice 5", 5.0, 5, ["5.0", "5"]),
        ("L4 SUVmax 4.1, image 41", 4.1, 41, ["4.1", "41"]),
        ("<4.1> image 41", 4.1, 41, ["4.1", "41"]),
    ],
)
def test_numbers_of_the_finding_are_marked(sentence, suv, number, marked):
    html = highlight_numbers({"findings": sentence, "suv_max_report": suv, "axial_slice_report": number})
    assert re.findall("<mark>(.*?)</mark>", html) == marked
    assert (
        html.striptags().replace("&", "") == html.unescape().replace("<mark>", "").replace("</mark>", "").replace("<4.1>", "").strip()
        or "<4.1>" in sentence
    )


def test_everything_is_shown(dataset):
    text = make_page(dataset).read_text()
    for lesion in rows_of(dataset, "lesions"):
        assert f'data-lesion="{lesion["lesion_id"]}"' in text
    assert "ambiguous 2" in text
    assert "SUVmax was 7.0." in text  # the reject of an exam of the dataset
    assert "No exam of the archive belongs to this report." in text  # one without an exam
    assert "<em>reports 3</em>" in text  # and its evidence


def test_nothing_comes_from_outside(dataset):
    text = make_page(dataset, with_crops=True).read_text()
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", text)
    for address in re.findall(r'<img[^>]* src="([^"]+)"', text):
        assert (dataset / "qa" / address).is_file()


def test_equal_rows_give_equal_bytes(dataset):
    first = make_page(dataset).read_bytes()
    assert make_page(dataset).read_bytes() == first


@pytest.fixture
def browser(tmp_path):
    with Chromium(tmp_path / "profile") as chromium:
        yield chromium


@pytest.mark.browser
def test_browser_shows_the_lesions(dataset, browser, tmp_path):
    browser.open(make_page(dataset, changes={"findings": HOSTILE}, with_crops=True))
    assert browser.evaluate("document.title") == "tiny v1-1"  # the hostile sentence did not run
    assert browser.evaluate("document.images.length") == 15
    assert browser.evaluate("[...document.images].filter(i => i.naturalWidth > 100).length") == 15
    assert all(url.startswith(("file:", "about:")) for url in browser.requests), browser.requests
    assert browser.errors == []
    # What the reader sees: the picture of the first exam has the contours of both lesions, the upper one on the patient's left.
    browser.evaluate("document.querySelector('.exam img').scrollIntoView()")
    box = browser.evaluate(
        "(({x, y, width, height}) => [x, y, width, height])(document.querySelector('.exam img').getBoundingClientRect())"
    )
    x, y, width, height = (int(value) for value in box)
    shot = imread(browser.screenshot(tmp_path / "shot.png"))[..., :3]
    mip = shot[max(0, y) : y + height, x : x + width // 2]
    places = []
    for colour in COLOURS[:2]:
        rgb = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        rows, columns = (abs(mip - rgb).max(axis=-1) < 0.15).nonzero()
        assert rows.size > 10, colour
        places.append((rows.mean(), columns.mean()))
    assert places[0][0] < places[1][0]
    assert places[0][1] > places[1][1]


@pytest.mark.browser
def test_browser_reviews_sorts_and_filters(dataset, browser):
    page = make_page(dataset)
    browser.open(page)
    browser.evaluate("document.querySelector('#LE01 input[value=reject]').click()")
    browser.evaluate("document.querySelector('#LE12 input[value=accept]').click()")
    browser.evaluate("document.querySelector('#LE01 textarea').value = 'leaks <b>'")
    browser.evaluate("document.querySelector('#LE01 textarea').dispatchEvent(new Event('input', {bubbles: true}))")
    assert browser.evaluate("document.getElementById('progress').textContent") == "2 of 10 lesions judged"
    assert browser.evaluate("document.querySelector('[data-state=LE01]').textContent") == "reject"
    # The draft survives closing the page.
    browser.open(page)
    review = json.loads(browser.evaluate("JSON.stringify(review())"))
    assert review == {
        "format": "petarseg-review-1",
        "dataset": "tiny",
        "version": "v1-1",
        "reviewer": "",
        "decisions": [
            {"lesion_id": "LE01", "decision": "reject", "comment": "leaks <b>"},
            {"lesion_id": "LE12", "decision": "accept", "comment": ""},
        ],
    }
    browser.evaluate("[...document.querySelectorAll('#lesions th button')].find(b => b.textContent === 'SUVmax').click()")
    values = browser.evaluate("[...document.querySelectorAll('#lesions tbody tr')].map(r => Number(r.cells[5].textContent))")
    assert values == sorted(values)
    assert len(values) == 10
    browser.evaluate("filterRows('right test')")
    assert browser.evaluate("[...document.querySelectorAll('#lesions tbody tr')].filter(r => !r.hidden).length") == 1


@pytest.mark.browser
def test_browser_turns_pages_and_finds_what_is_open(tmp_path, browser):
    exams = [
        {"exam_id": f"E{n:03d}", "tracer": "FDG", "sex": None, "age_years": None, "manufacturer": None, "model": None, "suv_method": "bqml"}
        | {"split": "train", "n_lesions": 1}
        for n in range(45)
    ]
    lesions = [
        {
            "lesion_id": f"LE{n:03d}",
            "exam_id": f"E{n:03d}",
            "mask_label": 1,
            "findings": "Node, SUVmax 5.0 (image 4).",
            "suv_max_report": 5.0,
        }
        | {"axial_slice_report": 4, "region": "Chest", "organ": "lung", "laterality": "none", "suv_max": 5.0, "suv_mean": 3.0, "flags": []}
        | {"volume_ml": 2.0, "threshold_suv": 2.0, "anatomy_class": None, "split": "train"}
        for n in range(45)
    ]
    words = {"name": "many", "version": "v1", "funnel": FUNNEL, "rejected": [], "pictures": {exam["exam_id"]: PIXEL for exam in exams}}
    page = tmp_path / "index.html"
    write_page(page, exams=exams, lesions=lesions, figure=funnel_svg([{**FUNNEL[0], "dropped": {"ambiguous": 2}}]), **words)
    browser.open(page)
    shown = "[...document.querySelectorAll('section.case')].filter(s => s.checkVisibility()).map(s => s.querySelector('h2').id)"
    assert browser.evaluate("document.querySelectorAll('#figure svg rect').length") > 3
    assert browser.evaluate(shown) == [f"E{n:03d}" for n in range(20)]
    browser.evaluate("document.querySelector('button[data-turn=\"1\"]').click()")
    assert browser.evaluate(shown)[0] == "E020"
    assert browser.evaluate("document.querySelector('.place').textContent") == "exams 21 to 40 of 45"
    # A link in the table opens the page that holds its lesion.
    browser.evaluate("document.querySelector('#lesions a[href=\"#LE044\"]').click()")
    assert browser.evaluate(shown) == [f"E{n:03d}" for n in range(40, 45)]
    assert browser.evaluate("document.activeElement.id") == "LE044"
    # n goes on to the first lesion without a decision, a accepts it.
    key = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: '%s', bubbles: true}))"
    browser.evaluate(key % "a")
    browser.evaluate(key % "n")
    assert browser.evaluate("document.activeElement.id") == "LE000"
    browser.evaluate(key % "r")
    assert browser.evaluate("JSON.stringify(decisions().map(d => [d.lesion_id, d.decision]))") == '[["LE000","reject"],["LE044","accept"]]'
    assert browser.errors == []


@pytest.mark.browser
def test_browser_downloads_the_decisions(dataset, browser, tmp_path):
    browser.open(make_page(dataset))
    browser.send("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path / "down"))
    browser.evaluate("document.getElementById('reviewer').value = 'A.B.'; document.querySelector('#LE01 input[value=accept]').click()")
    browser.evaluate("document.getElementById('download').click()")
    target = tmp_path / "down" / "review-v1-1-AB.json"
    browser.evaluate("new Promise(done => setTimeout(done, 1500))")
    assert json.loads(target.read_text())["decisions"] == [{"lesion_id": "LE01", "decision": "accept", "comment": ""}]

"""Two places fit one finding: the organ that the sentence names decides, or nobody does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from petarseg.lesions.sphere import blurred_profile
from petarseg.volume import Units, Volume
from schemas.config import BuildConfig
from tasks import ties
from tasks.exams import find_lesions
from tasks.workspace import Workspace

EXAM = "E1"
SLICE = 30
IN_LUNG_MM, IN_ABDOMEN_MM = (60.0, 0.0), (-60.0, 0.0)
NUMBERING = {"convention": "head_first_1", "flags": []}


def sentence(words: str) -> dict[str, Any]:
    text = f"{words} with SUVmax 7.0 on axial slice {SLICE}."
    at = text.index("7.0")
    where = text.index(str(SLICE), at)
    return {
        "sentence": text, "start": 0, "suv_max": 7.0, "suv_text": "7.0", "axial_slice": SLICE,
        "suv_span": [at, at + 3], "slice_span": [where, where + 2], "flags": [],
    }  # fmt: skip


@pytest.fixture
def tied_exam(tmp_path: Path) -> Workspace:
    """One exam: two equal spheres in one slice, one of them in air-filled lung, the other far from it."""
    workspace = Workspace.open(tmp_path / "out", tmp_path / "keys")
    folder = workspace.exam_dir(EXAM)
    shape, spacing = (120, 80, 60), 4.0
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = [-spacing * (n - 1) / 2 for n in shape]
    x, y, z = (affine[axis, 3] + spacing * np.arange(n) for axis, n in enumerate(shape))
    body = np.hypot(x[:, None] / 200.0, y / 130.0)[:, :, None] <= np.ones(len(z))
    height = z[len(z) - SLICE]
    pet = np.where(body, 1.0, 0.0)
    for sphere_x, sphere_y in (IN_LUNG_MM, IN_ABDOMEN_MM):
        r = np.sqrt((x[:, None, None] - sphere_x) ** 2 + (y[:, None] - sphere_y) ** 2 + (z - height) ** 2)
        pet += 6.3 * blurred_profile(r, 11.0, 7.0)
    pet *= 7.0 / pet.max()
    lung = (np.hypot(x[:, None] - IN_LUNG_MM[0], y) <= 50.0)[:, :, None] & (np.abs(z - height) < 80.0)
    hu = np.where(lung, -800, np.where(body, 40, -1000))
    Volume(pet.astype(np.float32), affine, Units.SUVBW).save(folder / "pet.nii.gz")
    Volume(hu.astype(np.int16), affine, Units.HU).save(folder / "ct.nii.gz")
    record = {"instance_numbers": list(range(60, 0, -1)), "ct_z_mm": {"first": z[0], "step": spacing, "n": len(z)}, "pet": {"model": "M"}}
    workspace.once("convert", EXAM, ("test",), lambda: ({"status": "ok", **record}, []))
    return workspace


def result_of(workspace: Workspace, words: str) -> dict[str, Any]:
    return find_lesions.fn(workspace, EXAM, {"source_key": "s"}, [sentence(words)], BuildConfig(), NUMBERING)


def test_the_organ_of_the_text_settles_a_tie(tied_exam: Workspace) -> None:
    result = result_of(tied_exam, "Pulmonary nodule in the lung")
    assert not result["rejects"]
    (lesion,) = result["lesions"]
    assert lesion["max_ras_mm"][0] == pytest.approx(IN_LUNG_MM[0], abs=4.0)
    assert "tie_settled_by_anatomy" in lesion["flags"]
    assert sorted(lesion["match_evidence"]["in_organ"]) == [False, True]


@pytest.mark.parametrize("words", ["Soft tissue nodule", "Hypermetabolic lymph node", "Hepatic lesion in the liver"])
def test_a_tie_that_the_labels_do_not_settle_is_rejected(tied_exam: Workspace, words: str) -> None:
    """Tissue classes show neither nodes nor the liver."""
    result = result_of(tied_exam, words)
    assert not result["lesions"]
    assert [reject["reason"] for reject in result["rejects"]] == ["ambiguous"]
    assert len(result["rejects"][0]["evidence"]["candidates"]) == 2


def test_no_ct_is_labelled_without_a_tie(tied_exam: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ties, "open_labeller", lambda config: pytest.fail("labelled for nothing"))
    for side, x_mm in (("Left", IN_ABDOMEN_MM[0]), ("Right", IN_LUNG_MM[0])):
        (lesion,) = result_of(tied_exam, f"{side} lung nodule")["lesions"]
        assert "tie_settled_by_laterality" in lesion["flags"]
        assert lesion["max_ras_mm"][0] == pytest.approx(x_mm, abs=4.0)

"""The face goes, brain and lesions stay, and what cannot be told is refused."""

from __future__ import annotations

import numpy as np
import pytest

from petarseg.anatomy.face import BRAIN_MARGIN_MM, DEPTH_MM, LESION_MARGIN_MM, Face, find_brain, find_face
from petarseg.errors import ExamRejected
from petarseg.reasons import Reason
from petarseg.volume import Units, Volume

SPACING_MM = 3.0
SHAPE = (110, 110, 150)
CENTRE = (165.0, 150.0)  # of the head, mm
VERTEX_MM = 430.0
EYES_MM = VERTEX_MM - 115.0
NOSE_MM = VERTEX_MM - 150.0
CHIN_MM = VERTEX_MM - 220.0


def volume(array: np.ndarray, units: Units) -> Volume:
    return Volume(array, np.diag([SPACING_MM, SPACING_MM, SPACING_MM, 1.0]), units)


def exam(*, top: int | None = None, noise_hu: float = 0.0, arms: bool = False) -> dict[str, Volume]:
    """A head with a nose, eyes, jaw and throat on a trunk; PET uptake where the body is."""
    x, y, z = np.meshgrid(*(np.arange(n) * SPACING_MM for n in SHAPE), indexing="ij", sparse=True)
    x, y = x - CENTRE[0], y - CENTRE[1]

    def ball(at: tuple[float, float, float], radii: tuple[float, float, float]) -> np.ndarray:
        return ((x - at[0]) / radii[0]) ** 2 + ((y - at[1]) / radii[1]) ** 2 + ((z - at[2]) / radii[2]) ** 2 <= 1

    skull_z = VERTEX_MM - 80
    hu = np.full(SHAPE, -1000.0)
    hu[ball((0, -10, 80), (170, 100, 110))] = 40  # shoulders
    hu[(x / 55) ** 2 + ((y + 20) / 55) ** 2 + 0 * z <= 1] = 40  # neck, all the way up inside the head
    hu[np.broadcast_to(z > VERTEX_MM - 60, SHAPE)] = -1000
    hu[ball((0, 0, skull_z), (75, 95, 80))] = 40
    hu[ball((0, 30, NOSE_MM - 20), (60, 65, 75))] = 40  # face down to the chin
    hu[ball((0, 98, NOSE_MM), (14, 16, 20))] = 40  # nose
    hu[ball((0, 0, skull_z), (70, 90, 75)) & ~ball((0, 0, skull_z), (63, 83, 68))] = 900
    hu[ball((0, 30, CHIN_MM + 20), (45, 52, 12)) & ~ball((0, 20, CHIN_MM + 20), (34, 42, 16))] = 1200  # jaw
    hu[ball((0, 0, skull_z), (63, 83, 68))] = 35
    for side in (-32, 32):
        hu[ball((side, 78, EYES_MM), (12, 12, 12))] = 10
    hu[(np.abs(x) < 8) & (np.abs(y) < 8) & (z < NOSE_MM)] = -1000  # throat
    hu[(np.abs(x) < 12) & (np.abs(y + 45) < 12) & (z < VERTEX_MM - 150)] = 400  # spine
    if arms:
        for side in (-120, 120):
            hu[np.broadcast_to(((x - side) / 32) ** 2 + (y / 32) ** 2 <= 1, SHAPE)] = 50
    if noise_hu:
        hu += np.random.default_rng(0).normal(0, noise_hu, SHAPE)
    if top is not None:
        hu = np.concatenate([np.full((*SHAPE[:2], SHAPE[2] - top), -1000.0), hu[:, :, :top]], axis=2)
    pet = np.where(hu > -300, 1.0, 0.02).astype(np.float32)
    return {
        "pet": volume(pet, Units.SUVBW),
        "ct": volume(hu.round().astype(np.int16), Units.HU),
        "lesions": volume(np.zeros(SHAPE, dtype=np.uint8), Units.LABEL),
    }


def at(x_mm: float, y_mm: float, z_mm: float) -> tuple[int, int, int]:
    i, j, k = (round(v / SPACING_MM) for v in (x_mm + CENTRE[0], y_mm + CENTRE[1], z_mm))
    return i, j, k


@pytest.mark.parametrize(("noise_hu", "arms"), [(0.0, False), (25.0, False), (0.0, True)])
def test_features_go_and_the_rest_stays(noise_hu, arms):
    volumes = exam(noise_hu=noise_hu, arms=arms)
    found = find_face(**volumes)
    assert found.face is Face.REMOVED
    for name, place in {
        "nose": (0, 108, NOSE_MM),
        "left eye": (-32, 78, EYES_MM),
        "right eye": (32, 78, EYES_MM),
        "lips": (0, 90, NOSE_MM - 30),
        "cheek": (50, 40, NOSE_MM - 20),
        "chin": (0, 80, CHIN_MM + 20),
    }.items():
        assert found.mask[at(*place)], name
    for name, place in {
        "brain": (0, 60, VERTEX_MM - 80),
        "vertex": (0, 0, VERTEX_MM - 3),
        "spine": (0, -45, NOSE_MM),
        "sternum": (0, 80, 80),
    }.items():
        assert not found.mask[at(*place)], name
    # What is left of the front lies a good way behind what was there.
    depth_mm = []
    for z_mm in np.arange(CHIN_MM + 20, NOSE_MM + 10, 9):
        i, _, k = at(0, 0, z_mm)
        front = [
            np.flatnonzero(column > -300)[-1] for column in (volumes["ct"].array[i, :, k], found.apply(volumes["ct"], -1000).array[i, :, k])
        ]
        depth_mm.append((front[0] - front[1]) * SPACING_MM)
    assert min(depth_mm) >= 0.9 * DEPTH_MM


def test_brain_keeps_its_margin():
    volumes = exam()
    found = find_face(**volumes)
    brain = np.argwhere(find_brain(volumes["ct"])) * SPACING_MM
    removed = np.argwhere(found.mask) * SPACING_MM
    near = removed[np.abs(removed[:, None, 2] - brain[::97][None, :, 2]).min(axis=1) < 12][::53]
    assert np.linalg.norm(near[:, None] - brain[None, ::7], axis=2).min() > BRAIN_MARGIN_MM


def test_lesions_stay_and_are_told():
    volumes = exam()
    i, j, k = at(45, 45, NOSE_MM - 20)
    volumes["lesions"].array[i - 1 : i + 2, j - 1 : j + 2, k - 1 : k + 2] = 7
    volumes["lesions"].array[at(0, 80, 80)] = 3
    found = find_face(**volumes)
    assert found.near_lesions == (7,)
    assert not found.mask[volumes["lesions"].array > 0].any()
    assert not found.mask[i + 1 + int(LESION_MARGIN_MM / SPACING_MM), j, k]
    assert find_face(**exam()).mask[i, j, k]


def test_pet_ct_and_anatomy_lose_the_same_voxels():
    volumes = exam()
    found = find_face(**volumes)
    volumes["anatomy"] = volumes["ct"].with_array((volumes["ct"].array > -300).astype(np.uint8), Units.LABEL)
    after = found.apply_all(volumes)
    assert (after["ct"].array[found.mask] == -1000).all()
    assert (after["pet"].array[found.mask] == 0).all()
    assert (after["anatomy"].array[found.mask] == 0).all()
    for name, other in after.items():
        assert np.array_equal(other.array[~found.mask], volumes[name].array[~found.mask])
    assert after["lesions"] is volumes["lesions"]


def test_a_scan_that_starts_at_the_eyes_loses_its_face_too():
    volumes = exam(top=at(0, 0, EYES_MM + 21)[2])
    found = find_face(**volumes)
    assert found.face is Face.REMOVED
    up = SHAPE[2] - at(0, 0, EYES_MM + 21)[2]
    for place in ((0, 108, NOSE_MM), (0, 80, CHIN_MM + 20), (32, 78, EYES_MM)):
        i, j, k = at(*place)
        assert found.mask[i, j, k + up], place


def test_a_scan_that_starts_below_the_brain_is_refused():
    with pytest.raises(ExamRejected) as refused:
        find_face(**exam(top=at(0, 0, NOSE_MM - 20)[2]))
    assert refused.value.reason is Reason.FACE_UNSURE


def test_a_ct_shorter_than_its_pet_is_refused():
    volumes = exam()
    volumes["ct"].array[:, :, at(0, 0, 150)[2] :] = -1000
    with pytest.raises(ExamRejected) as refused:
        find_face(**volumes)
    assert refused.value.evidence["why"] == "the PET reaches above the CT"


def test_a_trunk_or_a_thigh_shows_no_face():
    trunk = exam(top=at(0, 0, 120)[2])
    assert find_face(**trunk).face is Face.ABSENT
    assert not find_face(**trunk).mask.any()
    thigh = {name: item.with_array(np.zeros_like(item.array)) for name, item in exam().items()}
    thigh["ct"].array[...] = -1000
    thigh["ct"].array[30:80, 30:80] = 50
    thigh["ct"].array[50:58, 50:58] = 900
    assert find_face(**thigh).face is Face.ABSENT


def test_two_grids_are_refused():
    volumes = exam()
    volumes["pet"] = volumes["pet"].crop((0, 0, 0), (110, 110, 149))
    with pytest.raises(ValueError, match="one grid"):
        find_face(**volumes)

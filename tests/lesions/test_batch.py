"""The torch backend equals the CPU reference voxel for voxel (on CPU tensors here; on a GPU in benchmarks/lesions_cuda.py)."""

from __future__ import annotations

import numpy as np
import pytest

from petarseg.errors import FindingRejected
from petarseg.lesions import METHODS
from petarseg.lesions.grow import grow_lesions, grow_on_cpu
from petarseg.lesions.job import Job
from petarseg.lesions.measure import Lesion
from petarseg.reasons import Reason
from petarseg.volume import Units, Volume
from tests.lesions.conftest import MakePet, Sphere

torch = pytest.importorskip("torch", reason="needs torch (extra gpu)")

from petarseg.lesions.batch import NotEnoughMemoryError, grow_batch  # noqa: E402


def random_jobs(make_pet: MakePet, n: int, seed: int) -> list[Job]:
    """Lesions of all sizes, some at the border, some touching, some in noise, some that cannot be grown."""
    rng = np.random.default_rng(seed)
    jobs = []
    for _ in range(n):
        spacing = tuple(float(s) for s in rng.choice([[3.0, 3.0, 3.0], [4.07, 4.07, 3.0], [5.5, 5.5, 3.3]]))
        shape = tuple(int(s) for s in rng.integers(18, 34, size=3))
        extent = np.array(shape) * spacing / 2.0
        spheres = [
            Sphere(tuple(rng.uniform(-0.9, 0.9, 3) * extent), float(rng.uniform(6.0, 45.0)), float(rng.uniform(2.0, 15.0)))
            for _ in range(int(rng.integers(1, 4)))
        ]
        pet = make_pet(
            *spheres, shape=shape, spacing_mm=spacing, noise=float(rng.choice([0.0, 0.1, 0.3])), fwhm_mm=float(rng.uniform(4, 8))
        )
        centre = np.rint(pet.ras_mm_to_ijk(spheres[0].centre_mm)).astype(int)
        low, high = np.maximum(centre - 2, 0), centre + 3
        box = pet.array[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
        i, j, k = (int(c) for c in np.unravel_index(int(box.argmax()), box.shape) + low)
        rivals = [tuple(int(c) for c in np.rint(pet.ras_mm_to_ijk(s.centre_mm))) for s in spheres[1:]] if rng.random() < 0.3 else []
        jobs.append(Job(pet, (i, j, k), float(pet.array[i, j, k]) if rng.random() < 0.5 else None, rivals))
    return jobs


def assert_equal(reference: list[Lesion | FindingRejected], other: list[Lesion | FindingRejected]) -> None:
    for expected, result in zip(reference, other, strict=True):
        if isinstance(expected, FindingRejected):
            assert isinstance(result, FindingRejected)
            assert (result.reason, result.evidence) == (expected.reason, expected.evidence)
        else:
            assert isinstance(result, Lesion), result
            assert result.mask_start_ijk == expected.mask_start_ijk
            assert np.array_equal(result.mask, expected.mask)
            assert result.threshold_suv == expected.threshold_suv
            assert result.background_suv == expected.background_suv
            assert (result.iterations, result.stop_reason, result.flags) == (
                expected.iterations,
                expected.stop_reason,
                expected.flags,
            )


@pytest.mark.parametrize("method", sorted(METHODS))
def test_equal_to_the_reference(make_pet: MakePet, method: str) -> None:
    jobs = random_jobs(make_pet, 12, seed=5)
    reference = [grow_on_cpu(job, method, 6.0) for job in jobs]
    assert sum(isinstance(result, Lesion) for result in reference) >= 4
    assert_equal(reference, grow_batch(jobs, method=method, fwhm_mm=6.0, torch_device="cpu", max_batch=16))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["avg_itm", "uw_itm"])
def test_equal_on_a_thousand_lesions(make_pet: MakePet, method: str) -> None:
    jobs = random_jobs(make_pet, 1000, seed=11)
    assert_equal([grow_on_cpu(job, method, 6.0) for job in jobs], grow_batch(jobs, method=method, fwhm_mm=6.0, torch_device="cpu"))


def test_bad_input_is_rejected_in_its_place(make_pet: MakePet) -> None:
    good = make_pet(Sphere((0, 0, 0), 20.0, 6.0), shape=(30, 30, 30))
    bad = Volume(np.full((9, 9, 9), np.nan, np.float32), np.eye(4), Units.SUVBW)
    seed = tuple(int(c) for c in np.unravel_index(int(good.array.argmax()), good.shape))
    jobs = [Job(bad, (4, 4, 4)), Job(good, seed), Job(good, (99, 0, 0)), Job(good, seed, suv_max_report=99.0)]
    first, second, third, fourth = grow_batch(jobs, method="avg_itm", fwhm_mm=7.0, torch_device="cpu")
    assert isinstance(first, FindingRejected)
    assert first.reason is Reason.INVALID_IMAGE
    assert isinstance(second, Lesion)
    assert isinstance(third, FindingRejected)
    assert third.reason is Reason.INVALID_VALUE
    assert isinstance(fourth, FindingRejected)
    assert fourth.reason is Reason.MASK_INCONSISTENT


def test_short_memory_falls_back_with_a_warning(make_pet: MakePet, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise NotEnoughMemoryError("3 MiB of device memory are free")

    monkeypatch.setattr("petarseg.lesions.grow._cuda_present", lambda: True)
    monkeypatch.setattr("petarseg.lesions.batch.grow_batch", full)
    pet = make_pet(Sphere((0, 0, 0), 20.0, 6.0), shape=(30, 30, 30))
    seed = tuple(int(c) for c in np.unravel_index(int(pet.array.argmax()), pet.shape))
    with pytest.warns(RuntimeWarning, match="grown on the CPU"):
        result = grow_lesions([Job(pet, seed)], device="cuda")[0]
    assert isinstance(result, Lesion)


@pytest.mark.gpu
def test_equal_on_cuda(make_pet: MakePet) -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    jobs = random_jobs(make_pet, 200, seed=7)
    assert_equal([grow_on_cpu(job, "avg_itm", 6.0) for job in jobs], grow_lesions(jobs, fwhm_mm=6.0, device="cuda"))

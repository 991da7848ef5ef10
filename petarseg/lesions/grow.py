"""Grow lesions' masks from their hottest voxels."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from petarseg.errors import ConfigError, FindingRejected
from petarseg.lesions.components import Index3
from petarseg.lesions.job import Job, check_settings, checked_seed, finish
from petarseg.lesions.measure import Lesion
from petarseg.lesions.methods import METHODS, Outcome, Seed
from petarseg.lesions.neighbourhood import Neighbourhood
from petarseg.lesions.sphere import DEFAULT_FWHM_MM
from petarseg.volume import Volume

DEFAULT_METHOD = "avg_itm"

DEVICES = ("auto", "cpu", "cuda")

WORTH_A_GPU = 16
"""Fewer lesions than this are grown on the CPU by ``device="auto"``: starting the GPU takes longer."""


def grow_lesion(
    pet: Volume,
    seed_ijk: Index3,
    *,
    method: str = DEFAULT_METHOD,
    fwhm_mm: float = DEFAULT_FWHM_MM,
    suv_max_report: float | None = None,
    rivals_ijk: Sequence[Index3] = (),
    device: str = "cpu",
) -> Lesion:
    """Grow the mask of one lesion.

    Parameters
    ----------
    pet : Volume
        PET in SUVbw on its native grid, any orientation.
    seed_ijk : tuple of int
        The lesion's hottest voxel.
    method : str
        One of ``METHODS``.
    fwhm_mm : float
        Resolution of the reconstructed image in mm.
    suv_max_report : float, optional
        What the report says.
    rivals_ijk : sequence of tuple of int, optional
        Hottest voxels of other lesions from which a shared contour is split (``Match.rivals_ijk``).
    device : str
        "cpu", "cuda" or "auto".

    Returns
    -------
    Lesion
        The mask and what was measured in it.

    Raises
    ------
    ConfigError
        For an unknown method or device, a resolution that makes no sense, or a volume that is not in SUV.
    FindingRejected
        With the reason, when no trustworthy mask exists.
    """
    result = grow_lesions([Job(pet, seed_ijk, suv_max_report, rivals_ijk)], method=method, fwhm_mm=fwhm_mm, device=device)[0]
    if isinstance(result, FindingRejected):
        raise result
    return result


def grow_lesions(
    jobs: Sequence[Job], *, method: str = DEFAULT_METHOD, fwhm_mm: float = DEFAULT_FWHM_MM, device: str = "auto"
) -> list[Lesion | FindingRejected]:
    """Grow the masks of many lesions, of one exam or of many.

    Parameters
    ----------
    jobs : sequence of Job
        The lesions.
    method, fwhm_mm
        See :func:`grow_lesion`.
    device : str
        "cpu", "cuda" (all lesions in batches on the GPU) or "auto". Every device gives the same masks, voxel for voxel.

    Returns
    -------
    list of Lesion or FindingRejected
        In the order of `jobs`.

    Raises
    ------
    ConfigError
        For wrong settings, or ``device="cuda"`` without a CUDA device.
    """
    check_settings(method, fwhm_mm)
    if device not in DEVICES:
        raise ConfigError(f"unknown device {device!r}; choose one of {', '.join(DEVICES)}")
    if device == "cuda" or (device == "auto" and len(jobs) >= WORTH_A_GPU and _cuda_present()):
        if not _cuda_present():
            raise ConfigError("device 'cuda': no CUDA device or no torch (extra 'gpu'); use 'auto' or 'cpu'")
        from petarseg.lesions.batch import NotEnoughMemoryError, grow_batch

        try:
            return grow_batch(jobs, method=method, fwhm_mm=fwhm_mm, torch_device="cuda")
        except NotEnoughMemoryError as error:
            warnings.warn(f"lesions are grown on the CPU: {error}", RuntimeWarning, stacklevel=2)
    return [grow_on_cpu(job, method, fwhm_mm) for job in jobs]


def grow_on_cpu(job: Job, method: str, fwhm_mm: float) -> Lesion | FindingRejected:
    """Grow one lesion with the CPU reference backend."""
    try:
        seed = checked_seed(job)
        array, spacing_mm = job.pet.array, job.pet.spacing_mm
        place = Neighbourhood(array, seed, spacing_mm, fwhm_mm, job.rivals_ijk)
        steps = METHODS[method](Seed(float(array[seed]), place.background_suv, job.suv_max_report, fwhm_mm, place.voxel_ml))
        reading = place.answer(next(steps))
        while True:
            try:
                reading = place.answer(steps.send(reading))
            except StopIteration as stop:
                outcome: Outcome = stop.value
                break
        return finish(job, *place.mask(), outcome, method, split=reading.split)
    except FindingRejected as error:
        return error


def _cuda_present() -> bool:
    try:
        import torch
    except ImportError:
        return False
    return bool(torch.cuda.is_available())

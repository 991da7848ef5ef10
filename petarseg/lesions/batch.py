"""The torch backend: the contours of many lesions at once, on a GPU (or, for tests, on CPU tensors).

Every lesion has a cubic box around its seed; lesions on one grid with one box size form a batch. The methods' decisions are those of
``petarseg.lesions.methods``, taken on the host; the device only draws contours and returns integers (counts, sums, order statistics
of SUV quanta), which no order of summation can change. So the masks equal the CPU reference voxel for voxel. Lesions that need what
pays off on the CPU alone (watersheds, very large boxes) are handed to it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from petarseg.errors import FindingRejected, PetarsegError
from petarseg.lesions.candidates import HIGHEST_SUV
from petarseg.lesions.components import Index3
from petarseg.lesions.grow import grow_on_cpu
from petarseg.lesions.job import Job, check_settings, checked_seed, finish
from petarseg.lesions.measure import Lesion, trim
from petarseg.lesions.methods import MATCHED_VOXELS, METHODS, Contour, Layer, Outcome, Reading, Request, Ridge, Seed, Steps
from petarseg.lesions.neighbourhood import (
    LAYER_REACH,
    MAX_EXTENT_MM,
    QUANTUM_SUV,
    TOO_LARGE,
    shell_reach,
)
from petarseg.lesions.subvoxel import REACH
from petarseg.lesions.surroundings import Spacing, look_around
from petarseg.lesions.tensors import (
    count_inside,
    dilate,
    edge_neighbours,
    face_neighbours,
    flood,
    halve,
    is_cramped_in,
    occupied_spans,
    sum_inside,
)

START_MM = 26.0
"""Half width of the first boxes; one size for all lesions, so that they form a batch."""

GROWTH = 1.6
"""A box that proves too small is enlarged by this factor."""

LARGEST_HALF = 56
"""Lesions that need a larger half width than this, in voxels, are grown on the CPU."""

BYTES_PER_VOXEL = 420
"""Device memory that a voxel of a box takes at most: values, quanta, half-voxel samples, masks, sort buffers."""

MEMORY_SHARE = 0.6
"""Share of the free device memory that batches may take."""

HIGHEST_QUANTUM = torch.iinfo(torch.int64).max


class NotEnoughMemoryError(PetarsegError):
    """The device has too little free memory for a single lesion."""


class _HandOverError(Exception):
    """Says that a lesion is better grown on the CPU."""


@dataclass(slots=True)
class _Track:
    """One lesion on its way: its method's generator and what it waits for."""

    number: int
    job: Job
    seed: Index3
    half: Index3
    steps: Steps
    request: Request


@dataclass(slots=True)
class _Batch:
    """Boxes of equal shape on one grid.

    The region of each lesion is kept between requests; where a threshold falls the flood goes on from it.
    """

    tracks: list[_Track]
    values: Tensor  # (B, X, Y, Z) float64, the border voxel repeated beyond the volume
    valid: Tensor  # (B, X, Y, Z) bool, inside the volume
    open_low: Tensor  # (B, 3) bool: the volume goes on beyond the box
    open_high: Tensor
    quanta: Tensor = field(init=False)
    region: Tensor = field(init=False)
    reached: Tensor = field(init=False)  # (B,) float64, threshold of the region
    fine: Tensor | None = None

    def __post_init__(self) -> None:
        self.quanta = torch.round(self.values * (1.0 / QUANTUM_SUV)).to(torch.int64)
        self.region = torch.zeros_like(self.valid)
        centre = tuple(n // 2 for n in self.valid.shape[1:])
        self.region[:, centre[0], centre[1], centre[2]] = True
        self.reached = torch.full((len(self.tracks),), math.inf, dtype=torch.float64, device=self.values.device)


def grow_batch(
    jobs: Sequence[Job], *, method: str, fwhm_mm: float, torch_device: str, max_batch: int | None = None
) -> list[Lesion | FindingRejected]:
    """Grow many lesions on a torch device; the parameters are those of ``grow_lesions``.

    Parameters
    ----------
    torch_device : str
        "cuda", or "cpu" for tests.
    max_batch : int, optional
        Largest number of lesions at once; by default as many as fit into memory.

    Raises
    ------
    NotEnoughMemoryError
        If not even one lesion fits.
    """
    check_settings(method, fwhm_mm)
    results: dict[int, Lesion | FindingRejected] = {}
    waiting: dict[tuple[Spacing, Index3], list[int]] = defaultdict(list)
    for number, job in enumerate(jobs):
        spacing = job.pet.spacing_mm
        half = start_half(spacing, fwhm_mm)
        if method == "gradient" or max(half) > LARGEST_HALF:
            results[number] = grow_on_cpu(job, method, fwhm_mm)
        else:
            waiting[spacing, half].append(number)
    while waiting:
        (spacing, half), numbers = waiting.popitem()
        size = _batch_size(half, torch_device, max_batch)
        for first in range(0, len(numbers), size):
            chunk = numbers[first : first + size]
            larger = _grow_chunk(jobs, chunk, half, method, fwhm_mm, torch_device, results)
            if larger:
                next_half = tuple(math.ceil(GROWTH * n) for n in half)
                if max(next_half) > LARGEST_HALF:
                    results.update({number: grow_on_cpu(jobs[number], method, fwhm_mm) for number in larger})
                else:
                    waiting[spacing, (next_half[0], next_half[1], next_half[2])].extend(larger)
    return [results[number] for number in range(len(jobs))]


def start_half(spacing_mm: Spacing, fwhm_mm: float) -> Index3:
    """Return the half width in voxels of the first boxes on a grid."""
    _, outer = shell_reach(spacing_mm, fwhm_mm)
    half = [max(math.ceil(START_MM / step), reach + 2, LAYER_REACH + 2) for step, reach in zip(spacing_mm, outer, strict=True)]
    return half[0], half[1], half[2]


def _batch_size(half: Index3, torch_device: str, max_batch: int | None) -> int:
    need = BYTES_PER_VOXEL * math.prod(2 * n + 1 for n in half)
    size = 64
    if torch_device != "cpu":
        free, _ = torch.cuda.mem_get_info()
        size = int(MEMORY_SHARE * free) // need
        if size < 1:
            raise NotEnoughMemoryError(f"{free >> 20} MiB of device memory are free, a lesion needs {need >> 20} MiB")
    return min(size, 4096 if max_batch is None else max_batch)


def _grow_chunk(
    jobs: Sequence[Job],
    numbers: Sequence[int],
    half: Index3,
    method: str,
    fwhm_mm: float,
    torch_device: str,
    results: dict[int, Lesion | FindingRejected],
) -> list[int]:
    """Grow the lesions of one batch into `results`; return those that need a larger box."""
    tracks, boxes = [], []
    for number in numbers:
        job = jobs[number]
        try:
            seed = checked_seed(job)
            boxes.append(_cut(job, seed, half))
            tracks.append(_start(number, job, seed, half, method, fwhm_mm))
        except FindingRejected as error:
            results[number] = error
        except _HandOverError:
            results[number] = grow_on_cpu(job, method, fwhm_mm)
    if not tracks:
        return []
    batch = _upload(tracks, boxes, torch_device)
    reach = shell_reach(tracks[0].job.pet.spacing_mm, fwhm_mm)
    larger: list[int] = []
    active = list(range(len(tracks)))
    while active:
        readings = _answer(batch, active, reach)
        still = []
        for row, reading in zip(active, readings, strict=True):
            track = batch.tracks[row]
            if reading is None:
                larger.append(track.number)
            elif reading.split:
                results[track.number] = grow_on_cpu(track.job, method, fwhm_mm)
            else:
                result = _advance(batch, row, track, reading, method)
                if result is None:
                    still.append(row)
                else:
                    results[track.number] = result
        active = still
    return larger


def _start(number: int, job: Job, seed: Index3, half: Index3, method: str, fwhm_mm: float) -> _Track:
    array, spacing = job.pet.array, job.pet.spacing_mm
    voxel_ml = spacing[0] * spacing[1] * spacing[2] / 1_000.0
    start = Seed(float(array[seed]), look_around(array, seed, spacing).background_suv, job.suv_max_report, fwhm_mm, voxel_ml)
    steps = METHODS[method](start)
    return _Track(number, job, seed, half, steps, next(steps))


def _advance(batch: _Batch, row: int, track: _Track, reading: Reading, method: str) -> Lesion | FindingRejected | None:
    """Give a reading to the lesion's method; return the result when it is done."""
    try:
        track.request = track.steps.send(reading)
        return None
    except StopIteration as stop:
        outcome: Outcome = stop.value
    except FindingRejected as error:
        return error
    low = [c - h for c, h in zip(track.seed, track.half, strict=True)]
    inner = [max(-first, 0) for first in low]  # the box may begin before the volume
    mask: NDArray[np.bool_] = batch.region[row].cpu().numpy()[inner[0] :, inner[1] :, inner[2] :]
    start = (low[0] + inner[0], low[1] + inner[1], low[2] + inner[2])
    try:
        return finish(track.job, *trim(start, mask), outcome, method, split=False)
    except FindingRejected as error:
        return error


def _cut(job: Job, seed: Index3, half: Index3) -> NDArray[np.float64]:
    """Copy the box around a seed; beyond the volume the border voxel is repeated."""
    axes = [np.clip(np.arange(c - h, c + h + 1), 0, n - 1) for c, h, n in zip(seed, half, job.pet.shape, strict=True)]
    box = job.pet.array[np.ix_(*axes)].astype(np.float64)
    if not np.abs(box).max() <= HIGHEST_SUV:
        raise _HandOverError
    return box


def _upload(tracks: list[_Track], boxes: list[NDArray[np.float64]], torch_device: str) -> _Batch:
    low = np.array([np.subtract(track.seed, track.half) for track in tracks])
    high = np.array([np.add(track.seed, track.half) for track in tracks])
    limit = np.array([track.job.pet.shape for track in tracks])
    valid = np.ones((len(tracks), *boxes[0].shape), dtype=bool)
    for axis in range(3):
        index = low[:, axis, None] + np.arange(boxes[0].shape[axis])
        inside = (index >= 0) & (index < limit[:, axis, None])
        valid &= inside.reshape(len(tracks), *(-1 if other == axis else 1 for other in range(3)))
    tensors = (torch.from_numpy(array).to(torch_device) for array in (np.stack(boxes), valid, low > 0, high < limit - 1))
    return _Batch(tracks, *tensors)


def _answer(batch: _Batch, active: list[int], reach: tuple[Index3, Index3]) -> list[Reading | None]:
    """Answer the pending request of every active lesion; None asks for a larger box."""
    answers: dict[int, Reading | None] = {}
    contours = [row for row in active if isinstance(batch.tracks[row].request, Contour)]
    layers = [row for row in active if isinstance(batch.tracks[row].request, Layer)]
    if contours:
        answers.update(zip(contours, _contours(batch, contours, reach), strict=True))
    if layers:
        answers.update(zip(layers, _layers(batch, layers), strict=True))
    return [answers[row] for row in active]


def _contours(batch: _Batch, rows: list[int], reach: tuple[Index3, Index3]) -> list[Reading | None]:
    inner, outer = reach
    requests = [batch.tracks[row].request for row in rows]
    device = batch.values.device
    index = torch.tensor(rows, device=device)
    level = torch.tensor([r.threshold_suv for r in requests if not isinstance(r, Ridge | Layer)], dtype=torch.float64, device=device)
    values = batch.values[index]
    above = (values >= level[:, None, None, None]) & batch.valid[index]
    seeds = torch.zeros_like(above)
    seeds[:, above.shape[1] // 2, above.shape[2] // 2, above.shape[3] // 2] = True
    falls = level <= batch.reached[index]  # a lower level: the old region is part of the new one
    region = flood(torch.where(falls[:, None, None, None], batch.region[index], seeds) & above, above)
    batch.region[index], batch.reached[index] = region, level
    spans, counts, sums = occupied_spans(region), count_inside(region), sum_inside(batch.quanta[index], region)
    hotter = torch.where(region, values, -math.inf).flatten(1).amax(1) > values[seeds]
    margin = [max(far, 2 + REACH) for far in outer]
    cramped = is_cramped_in(spans, margin, region.shape[1:], batch.open_low[index], batch.open_high[index])
    background = _shells(batch, index, region, above, inner, outer, [isinstance(r, Contour) and r.background for r in requests])
    counts_list = counts.tolist()
    wanted = [isinstance(r, Contour) and r.fine and n < MATCHED_VOXELS for r, n in zip(requests, counts_list, strict=True)]
    finer = _finer(batch, index, region, level, wanted)
    readings: list[Reading | None] = []
    host = zip(rows, counts_list, sums.tolist(), hotter.tolist(), cramped.tolist(), spans.tolist(), background, finer, strict=True)
    for row, n, total, is_hotter, is_cramped, span, (middle, lower), fine in host:
        track = batch.tracks[row]
        voxel_ml = math.prod(track.job.pet.spacing_mm) / 1_000.0
        if _too_long(span, track.job.pet.spacing_mm):
            readings.append(TOO_LARGE)
        elif is_cramped:
            readings.append(None)
        elif is_hotter or _holds_rival(batch, row, track):
            readings.append(Reading(n, 0.0, 0.0, split=True))
        else:
            reading = Reading(n, n * voxel_ml, total / n * QUANTUM_SUV)
            if middle is not None and lower is not None:
                reading = reading._replace(background_suv=middle * QUANTUM_SUV, spread_suv=(middle - lower) * QUANTUM_SUV)
            if fine is not None and fine[0]:
                n_fine, total_fine = fine
                reading = reading._replace(volume_ml=n_fine * voxel_ml / 8.0, mean_suv=total_fine / n_fine * QUANTUM_SUV)
            readings.append(reading)
    return readings


def _layers(batch: _Batch, rows: list[int]) -> list[Reading | None]:
    device = batch.values.device
    index = torch.tensor(rows, device=device)
    region, values, valid = batch.region[index], batch.values[index], batch.valid[index]
    requests = [r for r in (batch.tracks[row].request for row in rows) if isinstance(r, Layer)]
    level = torch.tensor([math.inf if r.threshold_suv is None else r.threshold_suv for r in requests], dtype=torch.float64, device=device)
    diagonal = torch.tensor([r.diagonal for r in requests], device=device)[:, None, None, None]
    around = torch.where(diagonal, edge_neighbours(region), face_neighbours(region))
    region = region | (around & (values > level[:, None, None, None]) & valid)
    batch.region[index] = region
    dilated = dilate(region, (LAYER_REACH,) * 3) & valid
    layer = dilated & face_neighbours(~dilated & valid)
    spans = occupied_spans(region)
    cramped = is_cramped_in(spans, [LAYER_REACH + 1] * 3, region.shape[1:], batch.open_low[index], batch.open_high[index])
    quanta = batch.quanta[index]
    numbers = (count_inside(region), sum_inside(quanta, region), count_inside(layer), sum_inside(quanta, layer), cramped, spans)
    readings: list[Reading | None] = []
    for row, n, total, n_layer, total_layer, is_cramped, span in zip(rows, *(x.tolist() for x in numbers), strict=True):
        spacing = batch.tracks[row].job.pet.spacing_mm
        if _too_long(span, spacing):
            readings.append(TOO_LARGE)
        elif is_cramped:
            readings.append(None)
        else:
            background = total_layer / n_layer * QUANTUM_SUV if n_layer else None
            readings.append(Reading(n, n * (math.prod(spacing) / 1_000.0), total / n * QUANTUM_SUV, background))
    return readings


def _too_long(span: list[list[int]], spacing_mm: Spacing) -> bool:
    return any((last - first + 1) * step > MAX_EXTENT_MM for (first, last), step in zip(span, spacing_mm, strict=True))


def _holds_rival(batch: _Batch, row: int, track: _Track) -> bool:
    for rival in track.job.rivals_ijk:
        local = [c - s + h for c, s, h in zip(rival, track.seed, track.half, strict=True)]
        inside = all(0 <= c < n for c, n in zip(local, batch.region.shape[1:], strict=True))
        if inside and bool(batch.region[row, local[0], local[1], local[2]]):
            return True
    return False


def _shells(
    batch: _Batch, index: Tensor, region: Tensor, above: Tensor, inner: Index3, outer: Index3, wanted: list[bool]
) -> list[tuple[int | None, int | None]]:
    """Return median and 16th percentile of each wanted background shell, in quanta."""
    found: list[tuple[int | None, int | None]] = [(None, None)] * len(wanted)
    chosen = [place for place, want in enumerate(wanted) if want]
    if not chosen:
        return found
    pick = torch.tensor(chosen, device=region.device)
    near = dilate(region[pick], inner)
    rest = (outer[0] - inner[0], outer[1] - inner[1], outer[2] - inner[2])
    shell = dilate(near, rest) & ~near & ~above[pick] & batch.valid[index[pick]]
    n = count_inside(shell)
    ordered = torch.where(shell, batch.quanta[index[pick]], HIGHEST_QUANTUM).flatten(1).sort(dim=1).values
    last = (n - 1).clamp(min=0)
    lower = (0.16 * last.to(torch.float64)).to(torch.int64)
    picked = ordered.gather(1, torch.stack([last // 2, lower], dim=1))
    for place, count, (middle, low) in zip(chosen, n.tolist(), picked.tolist(), strict=True):
        if count:
            found[place] = (middle, low)
    return found


def _finer(batch: _Batch, index: Tensor, region: Tensor, level: Tensor, wanted: list[bool]) -> list[tuple[int, int] | None]:
    """Return number and sum (in quanta) of half-voxel samples above the level in and beside each wanted region."""
    found: list[tuple[int, int] | None] = [None] * len(wanted)
    chosen = [place for place, want in enumerate(wanted) if want]
    if not chosen:
        return found
    if batch.fine is None:
        batch.fine = halve(batch.values)
    pick = torch.tensor(chosen, device=region.device)
    near = dilate(region[pick], (1, 1, 1)) & batch.valid[index[pick]]
    for axis in (1, 2, 3):
        near = near.repeat_interleave(2, dim=axis)
    samples = batch.fine[index[pick]]
    inside = near & (samples >= level[pick][:, None, None, None])
    quanta = torch.round(samples * (1.0 / QUANTUM_SUV)).to(torch.int64)
    for place, n, total in zip(chosen, count_inside(inside).tolist(), sum_inside(quanta, inside).tolist(), strict=True):
        found[place] = (n, total)
    return found

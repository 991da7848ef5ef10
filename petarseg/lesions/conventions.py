"""What a slice number in a report means: conventions, and the mapping from a number to a z index.

A report says "slice 89". Workstations count from the head or from the feet, from 0 or from 1, show the DICOM InstanceNumber, or
number the slices of the CT. A convention names one of these; :class:`SliceGrid` holds what is needed to apply any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from petarseg.volume import Volume


class SliceSource(StrEnum):
    """What is counted."""

    HEAD_FIRST = "head_first"
    FEET_FIRST = "feet_first"
    INSTANCE_NUMBER = "instance_number"
    CT_SERIES = "ct_series"


@dataclass(frozen=True, slots=True)
class SliceConvention:
    """How a report counts slices.

    Parameters
    ----------
    source : SliceSource
        PET slices from the head or from the feet, the PET's InstanceNumber, or CT slices from the head.
    base : int
        The number of the first slice: 0 or 1. For ``INSTANCE_NUMBER``, 1 takes the number as it stands and 0 means that the
        report's numbers are one less.
    """

    source: SliceSource
    base: int

    @property
    def name(self) -> str:
        """Stable name for tables, such as ``head_first_1``."""
        return f"{self.source.value}_{self.base}"


HEAD_FIRST_1 = SliceConvention(SliceSource.HEAD_FIRST, 1)
"""The documented default: the topmost slice is number 1."""

CONVENTIONS = tuple(SliceConvention(source, base) for source in SliceSource for base in (1, 0))
"""All conventions that are tried, in the order in which ties between equal ones are settled."""


@dataclass(frozen=True, slots=True)
class SliceGrid:
    """The slices of one exam as far as their numbering goes.

    Parameters
    ----------
    n_slices : int
        Number of PET slices.
    instance_numbers : tuple of (int or None), optional
        InstanceNumber of each PET slice, in order of ascending z (feet to head).
    pet_z_mm, ct_z_mm : tuple of float, optional
        Heights of the PET's and the CT's slices in mm, ascending; needed for ``CT_SERIES`` alone.
    """

    n_slices: int
    instance_numbers: tuple[int | None, ...] | None = None
    pet_z_mm: tuple[float, ...] | None = None
    ct_z_mm: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse lists that do not belong to this image."""
        for name, per_slice in (("instance_numbers", self.instance_numbers), ("pet_z_mm", self.pet_z_mm)):
            if per_slice is not None and len(per_slice) != self.n_slices:
                raise ValueError(f"{name} must have one entry for each of the {self.n_slices} slices, not {len(per_slice)}")

    @classmethod
    def of(cls, pet: Volume, instance_numbers: Sequence[int | None] | None = None, ct_z_mm: Sequence[float] | None = None) -> SliceGrid:
        """Describe a canonical PET volume; see the class for the parameters."""
        centre = np.zeros((pet.shape[2], 3))
        centre[:, :2] = (np.array(pet.shape[:2]) - 1) / 2.0
        centre[:, 2] = np.arange(pet.shape[2])
        return cls(
            pet.shape[2],
            None if instance_numbers is None else tuple(instance_numbers),
            tuple(float(z) for z in pet.ijk_to_ras_mm(centre)[:, 2]),
            None if ct_z_mm is None else tuple(float(z) for z in ct_z_mm),
        )

    def index(self, number: int, convention: SliceConvention) -> int | None:
        """Return the z index (ascending, 0-based) of a reported slice number, or None where the exam has no such slice."""
        step = number - convention.base
        if convention.source is SliceSource.HEAD_FIRST:
            k = self.n_slices - 1 - step
        elif convention.source is SliceSource.FEET_FIRST:
            k = step
        elif convention.source is SliceSource.INSTANCE_NUMBER:
            wanted = step + 1
            if self.instance_numbers is None or self.instance_numbers.count(wanted) != 1:
                return None
            k = self.instance_numbers.index(wanted)
        else:
            if self.ct_z_mm is None or self.pet_z_mm is None or not 0 <= step < len(self.ct_z_mm):
                return None
            z_mm = self.ct_z_mm[len(self.ct_z_mm) - 1 - step]
            k = int(np.argmin(np.abs(np.asarray(self.pet_z_mm) - z_mm)))
            half = 0.51 * abs(self.pet_z_mm[-1] - self.pet_z_mm[0]) / max(self.n_slices - 1, 1)
            if abs(self.pet_z_mm[k] - z_mm) > max(half, 0.5):
                return None  # the CT reaches beyond the PET
        return k if 0 <= k < self.n_slices else None

    def number(self, k: int, convention: SliceConvention) -> int | None:
        """Return the slice number under which a report would name z index `k`; None where the convention has none."""
        if convention.source is SliceSource.HEAD_FIRST:
            return self.n_slices - 1 - k + convention.base
        if convention.source is SliceSource.FEET_FIRST:
            return k + convention.base
        if convention.source is SliceSource.INSTANCE_NUMBER:
            number = None if self.instance_numbers is None else self.instance_numbers[k]
            return None if number is None else number - 1 + convention.base
        if self.ct_z_mm is None or self.pet_z_mm is None:
            return None
        nearest = int(np.argmin(np.abs(np.asarray(self.ct_z_mm) - self.pet_z_mm[k])))
        return len(self.ct_z_mm) - 1 - nearest + convention.base

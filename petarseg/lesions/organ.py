"""Does a place lie in the organ that a finding names? Settles ties between components (SPEC decision 19)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from petarseg.anatomy.organs import AGREEMENT_MM, classes_of
from petarseg.lesions.finding import Query
from petarseg.volume import Volume


@dataclass(frozen=True, slots=True)
class LabelledCT:
    """A CT and its anatomy.

    Parameters
    ----------
    ct : Volume
        The CT; beyond its extent the labels say nothing.
    labels : Volume
        Label map on any grid; 0 is no class.
    names : mapping
        Label to class name.
    """

    ct: Volume
    labels: Volume
    names: Mapping[int, str]


class OrganTest:
    """The `anatomy` of ``match_findings``: asks a label map, which is made when the first tie needs it.

    Parameters
    ----------
    label : callable
        Returns the exam's labelled CT; called once at most.
    """

    def __init__(self, label: Callable[[], LabelledCT]) -> None:
        self._label = label
        self._labelled: LabelledCT | None = None

    def __call__(self, query: Query, ras_mm: NDArray[np.float64]) -> bool | None:
        """Tell whether a point (RAS, mm) lies within 15 mm of the organ that a finding names.

        Returns
        -------
        bool or None
            None when nobody can say: the finding names no organ or one that the label map does not show, or the CT ends before.
        """
        if query.organ is None:
            return None
        self._labelled = self._labelled or self._label()
        labels, names = self._labelled.labels, self._labelled.names
        present = [names[label] for label in np.unique(labels.array).tolist() if label in names]
        wanted = classes_of(query.organ, query.laterality, present)
        if not wanted or not _inside(self._labelled.ct, ras_mm):
            return None
        return _is_near(labels, ras_mm, [label for label, name in names.items() if name in wanted])


def _inside(volume: Volume, ras_mm: NDArray[np.float64]) -> bool:
    place = volume.ras_mm_to_ijk(ras_mm)
    return bool(np.all((place >= -0.5) & (place <= np.array(volume.shape) - 0.5)))


def _is_near(labels: Volume, ras_mm: NDArray[np.float64], wanted: list[int]) -> bool:
    """Tell whether a voxel of the wanted labels lies within reach of a point."""
    spacing_mm = np.asarray(labels.spacing_mm)
    centre = np.rint(labels.ras_mm_to_ijk(ras_mm)).astype(int)
    reach = np.ceil(AGREEMENT_MM / spacing_mm).astype(int)
    low, high = np.maximum(centre - reach, 0), np.minimum(centre + reach + 1, labels.shape)
    if np.any(low >= high):
        return False
    box = labels.array[tuple(slice(first, last) for first, last in zip(low, high, strict=True))]
    places = labels.ijk_to_ras_mm(np.argwhere(np.isin(box, wanted)) + low)
    return bool(np.any(np.linalg.norm(places - ras_mm, axis=1) <= AGREEMENT_MM))

"""Which split a patient is in. It follows the patient id and the project key, so that a growing dataset never moves a patient."""

from __future__ import annotations

from typing import Literal

Split = Literal["train", "val", "test"]

TRAIN_FRACTION = 0.8
VAL_FRACTION = 0.1


def split_of(unit: float, *, train: float = TRAIN_FRACTION, val: float = VAL_FRACTION) -> Split:
    """Return the split of a patient.

    Parameters
    ----------
    unit : float
        Keyed hash of the patient id, uniform in [0, 1): `petarseg.keys.KeyFolder.unit_interval`.
    train, val : float
        Shares of the patients; the rest is test (SPEC decision 21).

    Raises
    ------
    ValueError
        If `unit` is outside [0, 1) or the shares do not fit.

    Examples
    --------
    >>> [split_of(value) for value in (0.0, 0.79, 0.8, 0.95)]
    ['train', 'train', 'val', 'test']
    """
    if not 0.0 <= unit < 1.0:
        raise ValueError(f"unit must be in [0, 1), not {unit}")
    if train < 0 or val < 0 or train + val > 1 + 1e-9:
        raise ValueError(f"shares must be positive and sum to at most 1: {train=}, {val=}")
    if unit < train:
        return "train"
    return "val" if unit < train + val else "test"

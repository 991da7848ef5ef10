"""TotalSegmentator weights that a site has staged: complete, hashed, real. Nothing is ever downloaded.

TotalSegmentator fetches missing weights in the middle of a run, without checksum or lock. petarseg starts only when the folder holds
all that the task needs, and records the hash of every checkpoint.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from petarseg.errors import ConfigError
from petarseg.files import sha256_file

FULL = (
    "Dataset291_TotalSegmentator_part1_organs_1559subj",
    "Dataset292_TotalSegmentator_part2_vertebrae_1532subj",
    "Dataset293_TotalSegmentator_part3_cardiac_1559subj",
    "Dataset294_TotalSegmentator_part4_muscles_1559subj",
    "Dataset295_TotalSegmentator_part5_ribs_1559subj",
)
FAST = ("Dataset297_TotalSegmentator_total_3mm_1559subj",)
CHECKPOINT = "fold_0/checkpoint_final.pth"
SUMS = "SHA256SUMS"

SMALLEST_CHECKPOINT_BYTES = 10_000_000
"""The trained networks have some 30 million parameters (more than 100 MB); what is smaller was made for a test."""


@dataclass(frozen=True, slots=True)
class StagedWeights:
    """A folder of weights that may be used.

    Parameters
    ----------
    folder : Path
        Value of ``TOTALSEG_WEIGHTS_PATH``; directly holds the ``Dataset*`` folders.
    fast : bool
        Whether the 3 mm model is meant.
    sha256 : mapping
        Checkpoint, relative to the folder, to hash; goes into the run record.
    """

    folder: Path
    fast: bool
    sha256: Mapping[str, str]


def check_weights(folder: Path, *, fast: bool, allow_test_weights: bool = False) -> StagedWeights:
    """Check staged weights before a run.

    Parameters
    ----------
    folder : Path
        Holds ``Dataset291_...`` to ``Dataset295_...`` (1.5 mm, 117 classes in five parts), or ``Dataset297_...`` (3 mm).
    fast : bool
        Check for the 3 mm model.
    allow_test_weights : bool
        Accept checkpoints that are too small to be trained ones. For tests only.

    Raises
    ------
    ConfigError
        If a part is missing, a hash differs from ``SHA256SUMS`` beside it, or the weights are test weights. The message says what
        to stage and where.
    """
    hashes: dict[str, str] = {}
    for name in FAST if fast else FULL:
        checkpoints = sorted((folder / name).glob(f"*__nnUNetPlans__*/{CHECKPOINT}"))
        if len(checkpoints) != 1:
            raise ConfigError(
                f"TotalSegmentator weights: {folder / name} must hold one trainer folder with {CHECKPOINT}, found {len(checkpoints)}. "
                "Stage the weights of TotalSegmentator 2 there and set anatomy.weights to the folder; petarseg downloads nothing."
            )
        checkpoint = checkpoints[0]
        for companion in ("dataset.json", "plans.json"):
            if not (checkpoint.parents[1] / companion).is_file():
                raise ConfigError(f"TotalSegmentator weights: {checkpoint.parents[1]} has no {companion}")
        if not allow_test_weights and _is_for_tests(checkpoint):
            raise ConfigError(f"TotalSegmentator weights: {name} holds test weights; a dataset needs the trained ones")
        hashes[checkpoint.relative_to(folder).as_posix()] = sha256_file(checkpoint)
    for relative, expected in _expected(folder).items():
        if relative in hashes and hashes[relative] != expected:
            raise ConfigError(f"TotalSegmentator weights: {relative} differs from its hash in {SUMS}; stage it again")
    return StagedWeights(folder, fast, hashes)


def _is_for_tests(checkpoint: Path) -> bool:
    if checkpoint.stat().st_size < SMALLEST_CHECKPOINT_BYTES:
        return True
    try:
        return bool(json.loads((checkpoint.parents[1] / "dataset.json").read_text(encoding="utf-8")).get("petarseg_test_weights"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"TotalSegmentator weights: {checkpoint.parents[1]} has no readable dataset.json") from error


def _expected(folder: Path) -> dict[str, str]:
    """Return the hashes that the site wrote down, in the format of ``sha256sum``; empty where there are none."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    pairs = [line.split(maxsplit=1) for line in lines if line.strip()]
    return {name.lstrip("*"): digest.lower() for digest, name in pairs}

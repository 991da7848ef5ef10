"""Staged weights whose network is written down, not trained: class c is what has -100 + 20 c HU.

With x the class as a number, relu(x - t) for t = 0 .. n + 1 are the features of the first convolution, the one skip connection carries
them to the end, and the last 1x1x1 convolution adds them up to a tent per class: 1 at its own number, 0 at its neighbours'. Logits stay
within 0 and 1, as nnU-Net keeps them in half precision. This proves the plumbing, not the quality; `check_weights` refuses it for datasets.

Run as a script by the interpreter that has TotalSegmentator: ``tiny_weights.py FOLDER fast|full``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PHANTOM_HU = (-100, 20)
"""HU of class 0 and step per class."""


FAST = "Dataset297_TotalSegmentator_total_3mm_1559subj"
FULL = (
    "Dataset291_TotalSegmentator_part1_organs_1559subj",
    "Dataset292_TotalSegmentator_part2_vertebrae_1532subj",
    "Dataset293_TotalSegmentator_part3_cardiac_1559subj",
    "Dataset294_TotalSegmentator_part4_muscles_1559subj",
    "Dataset295_TotalSegmentator_part5_ribs_1559subj",
)


def anatomy_python() -> Path | None:
    """Return the interpreter that has TotalSegmentator: that of `make anatomy`, or this one; None when neither has it."""
    if named := os.environ.get("PETARSEG_ANATOMY_PYTHON"):
        return Path(named)
    return Path(sys.executable) if find_spec("totalsegmentator") else None


def stage_tiny_weights(folder: Path, *, fast: bool) -> None:
    """Write all parts of a model, by the interpreter that has TotalSegmentator."""
    subprocess.run([str(anatomy_python()), __file__, str(folder), "fast" if fast else "full"], check=True, capture_output=True)


def main(folder: Path, kind: str) -> None:
    from totalsegmentator.map_to_binary import class_map, class_map_5_parts

    if kind == "fast":
        write_tiny_weights(folder, FAST, range(1, 118), 3.0, "nnUNetTrainer_4000epochs_NoMirroring")
        return
    numbers = {name: number for number, name in class_map["total"].items()}
    for name, part in zip(FULL, class_map_5_parts.values(), strict=False):
        write_tiny_weights(folder, name, [numbers[part[label]] for label in sorted(part)], 1.5, "nnUNetTrainerNoMirroring")


def write_tiny_weights(folder: Path, name: str, numbers: Sequence[int], spacing_mm: float, trainer: str) -> None:
    """Write one part: its label ``n + 1`` is what has the number ``numbers[n]``."""
    import torch
    from dynamic_network_architectures.architectures.unet import PlainConvUNet

    conv = "torch.nn.modules.conv.Conv3d"
    arguments: dict[str, Any] = {
        "n_stages": 2,
        "features_per_stage": [max(numbers) + 2, 1],
        "conv_op": conv,
        "kernel_sizes": [[1, 1, 1], [1, 1, 1]],
        "strides": [[1, 1, 1], [2, 2, 2]],
        "n_conv_per_stage": [1, 1],
        "n_conv_per_stage_decoder": [1],
        "conv_bias": True,
        "norm_op": None,
        "norm_op_kwargs": None,
        "dropout_op": None,
        "dropout_op_kwargs": None,
        "nonlin": "torch.nn.ReLU",
        "nonlin_kwargs": {"inplace": True},
    }
    n = max(numbers) + 2
    network = PlainConvUNet(
        1, num_classes=len(numbers) + 1, deep_supervision=False, **{**arguments, "conv_op": torch.nn.Conv3d, "nonlin": torch.nn.ReLU}
    )
    with torch.no_grad():
        for key, value in network.state_dict().items():
            value.zero_()
            if "encoder" in key and "stages.0" in key:
                value.copy_(torch.ones_like(value) if key.endswith("weight") else -torch.arange(n, dtype=value.dtype))
            elif "decoder.stages.0" in key and key.endswith("weight"):
                # Channels: first what comes up from the lower stage, then the skip connection.
                value[torch.arange(n), n + torch.arange(n)] = 1.0
            elif "seg_layers" in key and key.endswith("weight"):
                for label, number in enumerate(numbers, start=1):
                    for offset, weight in ((-1, 1.0), (0, -2.0), (1, 1.0)):
                        value[label, number + offset] = weight
            elif "seg_layers" in key:
                value[0] = 0.5
    target = folder / name / f"{trainer}__nnUNetPlans__3d_fullres"
    (target / "fold_0").mkdir(parents=True)
    torch.save(
        {
            "trainer_name": trainer,
            "init_args": {"configuration": "3d_fullres"},
            "inference_allowed_mirroring_axes": None,
            "network_weights": network.state_dict(),
        },
        target / "fold_0" / "checkpoint_final.pth",
    )
    labels = {"background": 0, **{f"class_{n}": n for n in range(1, len(numbers) + 1)}}
    dataset = {
        "channel_names": {"0": "CT"},
        "labels": labels,
        "numTraining": 1,
        "file_ending": ".nii.gz",
        "petarseg_test_weights": True,
    }
    resample = {"is_seg": False, "order": 0, "order_z": 0, "force_separate_z": None}
    statistics = {
        "max": 1e6,
        "mean": PHANTOM_HU[0],
        "median": 0.0,
        "min": -1e6,
        "percentile_00_5": -5e3,
        "percentile_99_5": 5e3,
        "std": PHANTOM_HU[1],
    }
    plans = {
        "dataset_name": name,
        "plans_name": "nnUNetPlans",
        "original_median_spacing_after_transp": [spacing_mm] * 3,
        "original_median_shape_after_transp": [64] * 3,
        "image_reader_writer": "NibabelIO",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "experiment_planner_used": "ExperimentPlanner",
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {"0": statistics},
        "configurations": {
            "3d_fullres": {
                "data_identifier": "nnUNetPlans_3d_fullres",
                "preprocessor_name": "DefaultPreprocessor",
                "batch_size": 2,
                "patch_size": [64, 64, 64],
                "median_image_size_in_voxels": [64.0] * 3,
                "spacing": [spacing_mm] * 3,
                "normalization_schemes": ["CTNormalization"],
                "use_mask_for_norm": [False],
                "resampling_fn_data": "resample_data_or_seg_to_shape",
                "resampling_fn_seg": "resample_data_or_seg_to_shape",
                "resampling_fn_data_kwargs": resample,
                "resampling_fn_seg_kwargs": {**resample, "is_seg": True},
                "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
                "resampling_fn_probabilities_kwargs": resample,
                "architecture": {
                    "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
                    "arch_kwargs": arguments,
                    "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
                },
                "batch_dice": True,
            }
        },
    }
    (target / "dataset.json").write_text(json.dumps(dataset))
    (target / "plans.json").write_text(json.dumps(plans))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

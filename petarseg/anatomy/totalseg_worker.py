"""The process that runs TotalSegmentator: started by `petarseg.anatomy.totalseg`, speaks JSON lines on stdin and stdout.

It is a process of its own because TotalSegmentator reads its home folder from the environment at import, calls ``sys.exit`` on some
errors, prints to stdout, keeps GPU memory, and can be killed for want of memory without taking the run along.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

MEMORY_WORDS = ("out of memory", "cannot allocate", "can't allocate", "bad_alloc", "unable to allocate")


def main() -> None:
    """Answer requests until stdin closes."""
    # What TotalSegmentator prints must not end up among the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    run, ready = _prepare()
    print(json.dumps(ready), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(_answer(run, json.loads(line))), file=answers, flush=True)


def _prepare() -> tuple[Callable[..., Any], dict[str, Any]]:
    """Import TotalSegmentator, forbid downloads, and return its function and what it says of itself."""
    from importlib.metadata import version

    api = importlib.import_module("totalsegmentator.python_api")
    libs = importlib.import_module("totalsegmentator.libs")
    maps = importlib.import_module("totalsegmentator.map_to_binary")
    for module in (api, libs):
        vars(module)["download_pretrained_weights"] = _check_nothing_is_missing
    _register_trainers()
    _predict_in_this_process()
    classes = {int(label): str(name) for label, name in maps.class_map["total"].items()}
    return api.totalsegmentator, {"ready": True, "version": version("TotalSegmentator"), "classes": classes}


def _check_nothing_is_missing(task_id: int) -> None:
    """Stand in for the download: weights are staged, or the run ends."""
    folder = Path(os.environ["TOTALSEG_WEIGHTS_PATH"])
    if not any(folder.glob(f"Dataset{int(task_id):03d}_*")):
        raise FileNotFoundError(f"weights of task {task_id} are not staged")


def _register_trainers() -> None:
    """Name the trainers that the released weights use: nnU-Net's own search imports torchvision, which CPU installs cannot load."""
    registry: dict[str, Any] = importlib.import_module("totalsegmentator.nnunet").custom_trainers
    variants = importlib.import_module("nnunetv2.training.nnUNetTrainer.variants.data_augmentation.nnUNetTrainerNoMirroring")
    plain = importlib.import_module("nnunetv2.training.nnUNetTrainer.nnUNetTrainer").nnUNetTrainer
    without_mirroring = variants.nnUNetTrainerNoMirroring
    registry.setdefault("nnUNetTrainer", plain)
    registry.setdefault("nnUNetTrainerNoMirroring", without_mirroring)
    # Differs from its parent in the number of training epochs alone, so any class of that name will do to predict.
    long_trained = type("nnUNetTrainer_4000epochs_NoMirroring", (without_mirroring,), {})
    registry.setdefault("nnUNetTrainer_4000epochs_NoMirroring", long_trained)


def _predict_in_this_process() -> None:
    """Skip nnU-Net's helper processes: their start costs more than a prediction, and they outlive a killed parent."""
    importlib.import_module("totalsegmentator.nnunet_runtime_patches").patch_nnunet_cropped_logits_resampling()
    predictor = importlib.import_module("nnunetv2.inference.predict_from_raw_data").nnUNetPredictor

    # TotalSegmentator looks at the signature to learn what the function can do, so it has to stay visible.
    @functools.wraps(predictor.predict_from_files)
    def sequential(self: Any, *args: Any, **kwargs: Any) -> Any:
        for unused in ("num_processes_preprocessing", "num_processes_segmentation_export", "num_parts", "part_id"):
            kwargs.pop(unused, None)
        return self.predict_from_files_sequential(*args, **kwargs)

    predictor.predict_from_files = sequential


def _answer(run: Callable[..., Any], request: dict[str, Any]) -> dict[str, Any]:
    """Run one request; every failure becomes an answer."""
    try:
        run(
            Path(request["ct"]),
            Path(request["out"]),
            ml=True,
            fast=request["fast"],
            force_split=request["split"],
            device=request["device"],
            nr_thr_resamp=1,
            nr_thr_saving=1,
            quiet=True,
            task="total",
        )
    except SystemExit as error:
        return {"status": "failed", "error": f"SystemExit({error.code})"}
    except MemoryError:
        return {"status": "memory"}
    except Exception as error:  # noqa: BLE001 - a foreign program: whatever it raises is reported to the parent, which decides
        if "OutOfMemory" in type(error).__name__ or any(word in str(error).casefold() for word in MEMORY_WORDS):
            return {"status": "memory"}
        return {"status": "failed", "error": f"{type(error).__name__}: {error}"}
    return {"status": "done"}


if __name__ == "__main__":
    main()

"""TotalSegmentator as petarseg runs it: one worker process per device, staged weights, no network, no statistics.

Only the extra ``anatomy`` brings TotalSegmentator; without it, and in the embedded profile, `petarseg.anatomy.tissue` labels the CT.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from petarseg.anatomy.weights import StagedWeights
from petarseg.errors import ConfigError, TransientError
from petarseg.files import write_json
from petarseg.volume import Units, Volume

WORKER = Path(__file__).with_name("totalseg_worker.py")
"""Needs nothing of petarseg, so that an interpreter without petarseg can run it."""
N_CLASSES = 117


class TotalSegmentator:
    """A running TotalSegmentator worker.

    Parameters
    ----------
    weights : StagedWeights
        From `petarseg.anatomy.weights.check_weights`.
    device : str
        ``cpu``, ``gpu`` or ``gpu:N``. Start one worker per GPU.
    python : Path, optional
        Interpreter of the environment that holds TotalSegmentator; by default this one. TotalSegmentator pins much and brings a
        torchvision that CPU builds of torch cannot load: an environment of its own keeps that out of petarseg's.
    command : sequence of str, optional
        The worker process; replaced in tests.

    Raises
    ------
    ConfigError
        If TotalSegmentator is not installed there, or the worker does not start.

    Notes
    -----
    Each worker has a home folder of its own: TotalSegmentator rewrites its configuration there on each run, without a lock. The
    configuration switches the usage statistics off, which are on by default.

    Examples
    --------
    >>> with TotalSegmentator(check_weights(folder, fast=True), device="cpu") as model:  # doctest: +SKIP
    ...     organs = model.label(ct)
    """

    def __init__(
        self, weights: StagedWeights, *, device: str = "cpu", python: Path | None = None, command: tuple[str, ...] | None = None
    ) -> None:
        self._weights = weights
        self._device = device
        self._command = worker_command(python) if command is None else command
        self._home = tempfile.TemporaryDirectory(prefix="petarseg-totalseg-")
        self._process: subprocess.Popen[str] | None = None
        self.classes: Mapping[int, str] = {}
        self.version = ""
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> TotalSegmentator:
        """Return the worker."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        """End the worker."""
        self.close()

    def label(self, ct: Volume) -> Volume:
        """Label the 117 classes of task *total* on a CT.

        Parameters
        ----------
        ct : Volume
            Canonical CT in HU, any spacing.

        Returns
        -------
        Volume
            uint8 on the same grid; names in `classes`.

        Raises
        ------
        TransientError
            If memory does not suffice even in pieces, or the worker died twice.
        ConfigError
            If TotalSegmentator refuses the input or its weights.
        """
        if ct.units is not Units.HU:
            raise ConfigError(f"TotalSegmentator needs a CT in HU, not {ct.units.value}")
        with tempfile.TemporaryDirectory(dir=self._home.name) as folder:
            source, target = Path(folder) / "ct.nii.gz", Path(folder) / "labels.nii.gz"
            ct.save(source)
            # For want of memory once more, in three pieces along z.
            for split in (False, True):
                answer = self._ask(
                    {"ct": str(source), "out": str(target), "fast": self._weights.fast, "split": split, "device": self._device}
                )
                if answer["status"] == "done":
                    return self._read(target, ct)
                if answer["status"] == "failed":
                    raise ConfigError(f"TotalSegmentator failed: {answer['error']}")
                self._start()
        raise TransientError("TotalSegmentator ran out of memory, or was killed, also with the CT in pieces")

    def record(self) -> dict[str, object]:
        """Return what a run record says of the model: version, task, hashes of the checkpoints."""
        return {
            "model": "TotalSegmentator",
            "version": self.version,
            "task": "total_fast" if self._weights.fast else "total",
            "checkpoints_sha256": dict(self._weights.sha256),
        }

    def close(self) -> None:
        """End the worker process and remove its home folder."""
        self._stop()
        self._home.cleanup()

    def _start(self) -> None:
        """Start the worker, or start it anew."""
        self._stop()
        home = Path(self._home.name)
        # TotalSegmentator fills in what is missing: a random id, statistics on. The id is a constant here, nothing is sent.
        write_json(home / "config.json", {"totalseg_id": "petarseg", "send_usage_stats": False, "prediction_counter": 0})
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={
                **os.environ,
                "TOTALSEG_HOME_DIR": str(home),
                "TOTALSEG_WEIGHTS_PATH": str(self._weights.folder.resolve()),
                "nnUNet_compile": "f",
                "PYTHONUNBUFFERED": "1",
            },
        )
        ready = self._receive()
        if ready is None or not ready.get("ready"):
            raise ConfigError(f"the TotalSegmentator worker does not start; to see why: {shlex.join(self._command)} < /dev/null")
        self.version = str(ready["version"])
        self.classes = {int(label): str(name) for label, name in ready["classes"].items()}

    def _stop(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        for stream in (process.stdin, process.stdout):
            if stream:
                try:
                    stream.close()
                except BrokenPipeError:
                    continue
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _ask(self, request: Mapping[str, object]) -> dict[str, Any]:
        """Send a request; a worker that dies over it has run out of memory, as far as anyone can tell."""
        if self._process is None or self._process.stdin is None:
            raise ConfigError("the TotalSegmentator worker was closed")
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return {"status": "died"}
        return self._receive() or {"status": "died"}

    def _receive(self) -> dict[str, Any] | None:
        """Return the next answer; None when the worker is gone."""
        if self._process is None or self._process.stdout is None:
            return None
        line = self._process.stdout.readline()
        if not line:
            return None
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _read(self, path: Path, ct: Volume) -> Volume:
        """Read the label map and check that it is what was asked for."""
        labels = Volume.load(path, Units.LABEL)
        if not labels.same_grid(ct, tolerance_mm=0.1):
            raise ConfigError("TotalSegmentator's labels are not on the grid of the CT")
        unknown = sorted(set(np.unique(labels.array).tolist()) - {0, *self.classes})
        if unknown:
            raise ConfigError(f"TotalSegmentator gave labels without a name: {unknown[:5]}")
        return Volume(labels.array.astype(np.uint8), ct.affine, Units.LABEL)


def worker_command(python: Path | None) -> tuple[str, ...]:
    """Return how the worker is started by the interpreter `python`, or by this one.

    Raises
    ------
    ConfigError
        If the interpreter is not there, or this one has no TotalSegmentator.
    """
    if python is None:
        if find_spec("totalsegmentator") is None:
            raise ConfigError(
                "anatomy.method 'totalsegmentator' needs TotalSegmentator: run `make anatomy` and set anatomy.python to "
                ".venv-anatomy/bin/python, or install the extra here: pip install 'petarseg[anatomy]' -c constraints.txt"
            )
        python = Path(sys.executable)
    elif not python.is_file():
        raise ConfigError(f"anatomy.python: no interpreter at {python}; `make anatomy` makes .venv-anatomy/bin/python")
    # -P: the worker's folder holds a site.py, which must not be found in place of Python's own.
    return (str(python), "-P", str(WORKER))

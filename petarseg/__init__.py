"""petarseg: voxels and words. From a PET/CT archive and its reports to a lesion-level, de-identified dataset.

This package holds pure functions and models and knows nothing of Prefect; the flows that chain them live in the checkout
(``flows/``, ``tasks/``). Arrays are (X, Y, Z) in RAS+ everywhere outside ``petarseg.dicom``; names carry units.
"""

from __future__ import annotations

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """Look the version up when it is asked for: reading package metadata takes 40 ms, which --help need not wait for."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("petarseg")
    except PackageNotFoundError:  # an unpacked source tree that was never installed
        return "0.0.0+unknown"

"""petarseg: voxels and words. From a PET/CT archive and its reports to a lesion-level, de-identified dataset.

This package holds pure functions and models and knows nothing of Prefect; the flows that chain them live in the checkout
(``flows/``, ``tasks/``). Arrays are (X, Y, Z) in RAS+ everywhere outside ``petarseg.dicom``; names carry units.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("petarseg")
except PackageNotFoundError:  # an unpacked source tree that was never installed
    __version__ = "0.0.0+unknown"

__all__ = ["__version__"]

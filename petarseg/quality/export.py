"""Masks for PACS, OHIF and 3D Slicer: DICOM Segmentation objects on a PET series.

Two uses. `write_seg` puts a label map on a PET series that the site already has (its own, or one of ``petarseg deidentify``): the
segmentation then opens beside the original images. `export_exam` needs no DICOM at all: it makes derived PET and CT series from an
exam of a published dataset (`petarseg.quality.dicom_series`) and the segmentation on that PET.

Nothing depends on how the series was acquired: each pixel of each slice looks up its label by its place in the patient, so head-first,
feet-first, flipped and oblique series are all the same.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import highdicom as hd
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import ImageColor
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filewriter import dcmwrite
from pydicom.sr.codedict import codes

from petarseg import __version__
from petarseg.errors import ConfigError
from petarseg.files import atomic_path
from petarseg.quality.dicom_series import RAS_TO_LPS, ExamHeader, content_uid, write_series
from petarseg.quality.mip import colour_of
from petarseg.volume import Units, Volume

SERIES_NUMBER = 900
"""Above the numbers that scanners give, so that the segmentation is listed after the images."""
OPTIONAL = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber", "ReferringPhysicianName"),
    *("StudyID", "StudyDate", "StudyTime", "PositionReferenceIndicator"),
)
"""May be empty by the standard (type 2) and are often gone after de-identification; highdicom copies them and asks that they exist."""
FIXED_DATE, FIXED_TIME = "19700101", "000000"
"""Content dates are mandatory; where the series has none, this stands for "unknown" and keeps equal inputs at equal bytes."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One lesion of a label map.

    Parameters
    ----------
    label : int
        Its value in the map.
    name : str
        What a viewer lists; at most 64 characters are kept.
    tracking_id : str
        The lesion's id.
    """

    label: int
    name: str
    tracking_id: str


def write_seg(
    labels: Volume, segments: Sequence[Segment], series: Sequence[Path], path: Path, *, kind: Literal["binary", "labelmap"] = "binary"
) -> Path:
    """Write the lesions of an exam as one DICOM Segmentation that refers to a PET series.

    Parameters
    ----------
    labels : Volume
        Label map in patient coordinates. On the native PET grid the result equals it voxel for voxel; on another grid (the dataset's
        3 mm) each PET pixel takes the label at its centre.
    segments : sequence of Segment
        What to export.
    series : sequence of Path
        The files of the PET series, in any order.
    path : Path
        File to write, atomically. Equal inputs give equal bytes.
    kind : str
        "binary" opens in every viewer; "labelmap" is smaller and opens in newer ones.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    ConfigError
        If the series is no PET series of single-frame images, or no voxel of a segment falls on it.
    """
    images = _read_images(series)
    ordered = sorted(segments, key=lambda segment: segment.label)
    pixels = np.stack([_labels_on(labels, image) for image in images])
    present = set(np.unique(pixels).tolist())
    for segment in ordered:
        if segment.label not in present:
            raise ConfigError(f"no voxel of {segment.tracking_id} falls on the PET series: is it of the same exam?")
    # Segment numbers run from 1 without gaps (DICOM PS3.3, C.8.20.2); labels may have gaps after a review.
    numbers = np.zeros(max(present) + 1, dtype=np.uint8 if len(ordered) < 256 else np.uint16)
    for number, segment in enumerate(ordered, start=1):
        numbers[segment.label] = number
    pixels = numbers[pixels]
    digest = hashlib.sha256(repr((images[0].SeriesInstanceUID, ordered, kind, __version__)).encode() + pixels.tobytes()).digest()
    with warnings.catch_warnings():
        # Pseudonyms are one word by nature.
        warnings.filterwarnings("ignore", message="The string .* is unlikely to represent the intended person name")
        segmentation = _build(images, pixels, ordered, kind, digest)
    _forget_the_clock(segmentation, images[0], digest)
    with atomic_path(path) as temporary:
        dcmwrite(temporary, segmentation, enforce_file_format=True)
    return path


def _build(images: list[Dataset], pixels: NDArray[Any], ordered: list[Segment], kind: str, digest: bytes) -> Dataset:
    """Return the segmentation; `pixels` holds segment numbers, shape (images, rows, columns)."""
    return hd.seg.Segmentation(
        source_images=images,
        pixel_array=pixels,
        segmentation_type=kind.upper(),
        segment_descriptions=[_describe(number, segment) for number, segment in enumerate(ordered, start=1)],
        series_instance_uid=_derived_uid(digest, "series"),
        series_number=SERIES_NUMBER,
        sop_instance_uid=_derived_uid(digest, "instance"),
        instance_number=1,
        manufacturer="petarseg",
        manufacturer_model_name="petarseg",
        software_versions=__version__,
        device_serial_number="0",
        content_label="LESIONS",
        content_description="PET lesions, automatic; research use only",
        series_description="Lesions (petarseg)",
    )


def export_exam(dataset: Path, exam_id: str, out: Path, *, ct: bool = True) -> Path:
    """Write an exam of a published dataset as DICOM: ``pet/``, ``ct/`` and ``seg.dcm``.

    Parameters
    ----------
    dataset : Path
        Folder of a version.
    exam_id : str
        The exam.
    out : Path
        Folder to write.
    ct : bool
        Also write the CT, on which viewers lay the PET.

    Returns
    -------
    Path
        The segmentation.

    Raises
    ------
    ConfigError
        If the dataset holds no such exam.
    """
    exams = [row for row in pq.read_table(dataset / "exams.parquet", partitioning=None).to_pylist() if row["exam_id"] == exam_id]
    if not exams:
        raise ConfigError(f"{dataset} holds no exam {exam_id}; exams.parquet lists them")
    exam = exams[0]
    header = ExamHeader(exam_id, exam["patient_id"], exam["sex"], exam["age_years"])
    files = write_series(Volume.load(dataset / exam["pet_path"], Units.SUVBW), header, out / "pet")
    if ct:
        write_series(Volume.load(dataset / exam["ct_path"], Units.HU), header, out / "ct")
    segments = [
        Segment(row["mask_label"], segment_name(row), row["lesion_id"])
        for row in pq.read_table(dataset / "lesions.parquet", partitioning=None).to_pylist()
        if row["exam_id"] == exam_id
    ]
    return write_seg(Volume.load(dataset / exam["lesions_path"], Units.LABEL), segments, files, out / "seg.dcm")


def segment_name(lesion: dict[str, Any]) -> str:
    """Return what a viewer lists for a lesion: label, side and organ, SUVmax."""
    side = f"{lesion['laterality']} " if lesion["laterality"] in ("left", "right") else ""
    return f"{lesion['mask_label']}: {side}{lesion['organ']}, SUVmax {lesion['suv_max']:.1f}"


def read_seg(path: Path) -> Volume:
    """Read a segmentation back as a canonical label map; values are segment numbers."""
    volume = hd.seg.segread(path).get_volume(combine_segments=True, allow_missing_positions=True)
    affine = np.diag([*RAS_TO_LPS, 1.0]) @ volume.get_affine("LPS")
    return Volume(np.asarray(volume.array), affine, Units.LABEL).to_canonical()


def read_seg_lesions(path: Path) -> dict[str, Volume]:
    """Read the mask of each lesion back, such as from a viewer in which it was edited.

    Parameters
    ----------
    path : Path
        A segmentation that `write_seg` wrote, or a viewer after it.

    Returns
    -------
    dict of str to Volume
        Tracking id, which is the lesion id, to a mask of 0 and 1 on the grid of the series; canonical. Save one as
        ``review/<lesion_id>.nii.gz`` and the next build takes it.

    Raises
    ------
    ConfigError
        If the file is no segmentation, or a segment has lost its tracking id.
    """
    try:
        segmentation = hd.seg.segread(path)
    except (OSError, ValueError, AttributeError, InvalidDicomError) as error:
        raise ConfigError(f"{path.name} is no DICOM Segmentation: {type(error).__name__}") from error
    labels = read_seg(path)
    found: dict[str, Volume] = {}
    for number in segmentation.segment_numbers:
        lesion_id = segmentation.get_segment_description(number).tracking_id
        if not lesion_id:
            raise ConfigError(
                f"segment {number} of {path.name} has no tracking id, so that its lesion is unknown; save it as NIfTI instead"
            )
        found[str(lesion_id)] = labels.with_array((labels.array == number).astype(np.uint8))
    return found


def _read_images(series: Sequence[Path]) -> list[Dataset]:
    """Read the headers of the series in spatial order, whatever the order of the files."""
    images = [dcmread(path, stop_before_pixels=True) for path in series]
    if not images or any(image.get("Modality") != "PT" or "ImagePositionPatient" not in image for image in images):
        raise ConfigError("the series must be PET images with a position each (one file per slice)")
    if len({image.SeriesInstanceUID for image in images}) > 1:
        raise ConfigError("the files belong to several series; name the files of one PET series")
    for image in images:
        for keyword in OPTIONAL:
            if keyword not in image:
                setattr(image, keyword, "")
    normal = np.cross(*np.asarray(images[0].ImageOrientationPatient, dtype=np.float64).reshape(2, 3))
    return sorted(images, key=lambda image: float(normal @ np.asarray(image.ImagePositionPatient, dtype=np.float64)))


def _labels_on(labels: Volume, image: Dataset) -> NDArray[Any]:
    """Return the label at the centre of each pixel of an image, shape (rows, columns)."""
    rows, columns = int(image.Rows), int(image.Columns)
    along_columns, along_rows = np.asarray(image.ImageOrientationPatient, dtype=np.float64).reshape(2, 3)
    row_mm, column_mm = (float(value) for value in image.PixelSpacing)
    to_ras = np.eye(4)
    to_ras[:3, 0] = along_rows * row_mm * RAS_TO_LPS
    to_ras[:3, 1] = along_columns * column_mm * RAS_TO_LPS
    to_ras[:3, 3] = np.asarray(image.ImagePositionPatient, dtype=np.float64) * RAS_TO_LPS
    matrix = np.linalg.inv(labels.affine) @ to_ras
    r, c = np.arange(rows, dtype=np.float64)[:, None], np.arange(columns, dtype=np.float64)[None, :]
    index = [np.rint(matrix[axis, 0] * r + matrix[axis, 1] * c + matrix[axis, 3]).astype(np.intp) for axis in range(3)]
    inside = np.logical_and.reduce([(i >= 0) & (i < size) for i, size in zip(index, labels.shape, strict=True)])
    values: NDArray[Any] = np.zeros((rows, columns), dtype=labels.array.dtype)
    values[inside] = labels.array[tuple(i[inside] for i in index)]
    return values


def _describe(number: int, segment: Segment) -> hd.seg.SegmentDescription:
    red, green, blue = ImageColor.getrgb(colour_of(segment.label))[:3]
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=segment.name[:64],
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Lesion,
        algorithm_type="AUTOMATIC",
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name="petarseg", version=__version__, family=codes.DCM.ArtificialIntelligence
        ),
        tracking_uid=content_uid(hashlib.sha256(segment.tracking_id.encode("utf-8")).digest()),
        tracking_id=segment.tracking_id,
        display_color=hd.color.CIELabColor.from_rgb(red, green, blue),
    )


def _derived_uid(digest: bytes, role: str) -> str:
    return content_uid(hashlib.sha256(digest + role.encode("ascii")).digest())


def _forget_the_clock(segmentation: Dataset, image: Dataset, digest: bytes) -> None:
    """Replace the times of writing and the random UIDs that highdicom puts in."""
    date = image.get("SeriesDate") or image.get("StudyDate") or FIXED_DATE
    time = image.get("SeriesTime") or image.get("StudyTime") or FIXED_TIME
    for keyword, value in (("ContentDate", date), ("InstanceCreationDate", date), ("ContentTime", time), ("InstanceCreationTime", time)):
        if keyword in segmentation:
            setattr(segmentation, keyword, value)
    for item in segmentation.get("ContributingEquipmentSequence", ()):
        item.pop("ContributionDateTime", None)
    organization = _derived_uid(digest, "dimensions")
    for item in (*segmentation.DimensionOrganizationSequence, *segmentation.DimensionIndexSequence):
        item.DimensionOrganizationUID = organization

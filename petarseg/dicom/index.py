"""Walk an archive, read every header once, and say what each study offers."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from petarseg.dicom.header import DamagedError, Header, NotDicomError, read_header
from petarseg.dicom.records import ArchiveIndex, SeriesRecord, StudyRecord, UnreadableFile
from petarseg.dicom.select import Candidate, check_series, choose, classify_image, read_age_years
from petarseg.dicom.tags import IDENTIFYING, Tag
from petarseg.dicom.tracers import read_tracer
from petarseg.errors import ConfigError

if TYPE_CHECKING:
    from petarseg.keys import KeyFolder

__all__ = ["ArchiveIndex", "SeriesRecord", "StudyRecord", "UnreadableFile", "scan_archive"]

BATCH = 256
PROGRESS_EVERY = 256
_DICOM_SUFFIXES = frozenset({".dcm", ".dicom", ".ima", ".dic"})
_DICOMDIR_CLASS = "1.2.840.10008.1.3.10"


@dataclass(slots=True)
class _Image:
    """What the index keeps of one image."""

    path: Path
    sop_instance_uid: str
    height_mm: float | None
    acquisition: str
    truncated: bool


@dataclass(slots=True)
class _Group:
    """Images of one series that belong together (one object class, matrix and orientation)."""

    header: Header
    role: str
    why_not: str | None
    images: dict[str, _Image] = field(default_factory=dict)
    identifiers: set[str] = field(default_factory=set)
    raw_identifiers: set[tuple[object, ...]] = field(default_factory=set)


@dataclass(slots=True)
class _Scan:
    groups: dict[tuple[object, ...], _Group] = field(default_factory=dict)
    unreadable: list[UnreadableFile] = field(default_factory=list)
    n_files: int = 0
    n_ignored: int = 0
    n_duplicates: int = 0


def scan_archive(
    root: Path,
    *,
    workers: int | None = None,
    cache: KeyFolder | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> ArchiveIndex:
    """Read the headers of all files under `root` and sort them into studies.

    Parameters
    ----------
    root : Path
        A folder of any structure, file names with or without extension, or a single file. Zip archives are searched, links followed.
    workers : int, optional
        Threads; by default one more than there are CPUs.
    cache : KeyFolder, optional
        Where to keep what was read, encrypted, so that the next scan reads new and changed files only.
    on_progress : callable, optional
        Called with the number of files seen so far.

    Raises
    ------
    ConfigError
        If `root` does not exist or cannot be listed.
    """
    if not root.exists():
        raise ConfigError(f"no such archive folder: {root}")
    if root.is_dir() and not os.access(root, os.R_OK | os.X_OK):
        raise ConfigError(f"no permission to read the archive folder: {root}")
    scan = _Scan()
    paths = sorted(_walk(root))
    with ThreadPoolExecutor(max_workers=workers or (os.cpu_count() or 1) + 1) as pool:
        batches = [paths[start : start + BATCH] for start in range(0, len(paths), BATCH)]
        seen = 0
        for batch, outcomes in zip(batches, pool.map(_read_batch, batches), strict=True):
            for path, outcome in zip(batch, outcomes, strict=True):
                _add(scan, path, outcome)
            seen += len(batch)
            if on_progress is not None:
                on_progress(seen)
    return _assemble(scan)


def _walk(root: Path) -> Iterator[Path]:
    """Yield files and zip members; every folder once, whatever links lead to it."""
    if not root.is_dir():
        yield from _members(root)
        return
    visited: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            entries = list(os.scandir(folder))
        except OSError:
            continue
        for entry in entries:
            try:
                if entry.is_dir():
                    waiting.append(Path(entry.path))
                elif entry.is_file():
                    if entry.name[-4:].lower() == ".zip":
                        yield from _members(Path(entry.path))
                    else:
                        yield Path(entry.path)
                elif entry.is_symlink():
                    yield Path(entry.path)
            except OSError:
                yield Path(entry.path)


def _members(path: Path) -> Iterator[Path]:
    if path.suffix.lower() != ".zip":
        yield path
        return
    try:
        with zipfile.ZipFile(path) as archive:
            yield from (path / info.filename for info in archive.infolist() if not info.is_dir())
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        yield path


def _read_batch(paths: list[Path]) -> list[Header | str]:
    return [_read_one(path) for path in paths]


def _read_one(path: Path) -> Header | str:
    """Return the header, or a word that says why there is none."""
    try:
        return read_header(path)
    except NotDicomError:
        return "damaged" if path.suffix.lower() in _DICOM_SUFFIXES else "ignored"
    except DamagedError as error:
        return "truncated" if str(error) == "truncated" else "damaged"
    except PermissionError:
        return "permission"
    except OSError:
        return "damaged"


def _add(scan: _Scan, path: Path, outcome: Header | str) -> None:
    if isinstance(outcome, str):
        if outcome == "ignored":
            scan.n_ignored += 1
        else:
            scan.n_files += 1
            scan.unreadable.append(UnreadableFile(path, outcome))
        return
    header = outcome
    sop_class = header.text(Tag.SOPClassUID)
    if sop_class == _DICOMDIR_CLASS or path.name.upper() == "DICOMDIR":
        scan.n_ignored += 1
        return
    scan.n_files += 1
    study, series = header.text(Tag.StudyInstanceUID), header.text(Tag.SeriesInstanceUID)
    if not study or not series:
        scan.unreadable.append(UnreadableFile(path, "damaged"))
        return
    truncated = _is_truncated(header)
    if truncated:
        scan.unreadable.append(UnreadableFile(path, "truncated"))
    role, why_not = classify_image(header)
    orientation = header.numbers(Tag.ImageOrientationPatient)
    key = (
        *(study, series, role, why_not, header.integer(Tag.Rows), header.integer(Tag.Columns), header.text(Tag.FrameOfReferenceUID)),
        tuple(round(cosine, 2) + 0.0 for cosine in orientation) if orientation else None,
    )
    group = scan.groups.get(key)
    if group is None:
        group = scan.groups[key] = _Group(header, role, why_not)
    uid = header.text(Tag.SOPInstanceUID)
    image = _Image(path, uid, _height_mm(header, orientation), header.text(Tag.AcquisitionTime), truncated)
    twin = group.images.get(uid) if uid else None
    if twin is not None and (twin.height_mm, twin.acquisition) == (image.height_mm, image.acquisition):
        scan.n_duplicates += 1
        if not twin.truncated or truncated:
            return
    elif twin is not None:
        uid = f"{uid} {len(group.images)}"  # two different images under one UID: keep both, conversion refuses them
    group.images[uid or f" {len(group.images)}"] = image
    raw = tuple(header.values.get(tag) for tag in IDENTIFYING)
    if raw not in group.raw_identifiers:
        group.raw_identifiers.add(raw)
        group.identifiers.update(_identifiers(header))


def _is_truncated(header: Header) -> bool:
    return (
        header.pixel_offset is not None
        and header.pixel_length is not None
        and (header.pixel_offset + header.pixel_length > header.file_size)
    )


def _height_mm(header: Header, cosines: tuple[float, ...] | None) -> float | None:
    """Return the position along the slice normal."""
    position = header.numbers(Tag.ImagePositionPatient)
    if position is None or cosines is None or len(position) != 3 or len(cosines) != 6:
        return None
    (a, b, c), (d, e, f) = cosines[:3], cosines[3:]
    return (b * f - c * e) * position[0] + (c * d - a * f) * position[1] + (a * e - b * d) * position[2]


def _identifiers(header: Header) -> Iterator[str]:
    for tag in IDENTIFYING:
        for text in header.texts(tag):
            if text:
                yield text
    for item in header.items(Tag.OtherPatientIDsSequence):
        if item.text(Tag.PatientID):
            yield item.text(Tag.PatientID)


def _assemble(scan: _Scan) -> ArchiveIndex:
    by_study: dict[str, list[Candidate]] = {}
    for group in scan.groups.values():
        candidate = Candidate(_record(group), group.header)
        by_study.setdefault(candidate.record.study_instance_uid, []).append(candidate)
    cts_of_patient: dict[str, list[Candidate]] = {}
    for candidates in by_study.values():
        candidates.sort(key=lambda item: (item.record.series_instance_uid, item.record.files[0]))
        for item in candidates:
            if item.record.role == "ct" and item.record.patient_id and item.record.frame_of_reference_uid:
                cts_of_patient.setdefault(item.record.patient_id, []).append(item)
    studies = []
    for uid in sorted(by_study):
        patient = by_study[uid][0].record.patient_id
        studies.append(choose(uid, by_study[uid], _others(cts_of_patient.get(patient, ()), uid)))
    unreadable = tuple(sorted(scan.unreadable, key=lambda item: item.path))
    return ArchiveIndex(tuple(studies), unreadable, scan.n_files, scan.n_ignored, scan.n_duplicates)


def _others(candidates: Iterable[Candidate], study_uid: str) -> list[Candidate]:
    return [item for item in candidates if item.record.study_instance_uid != study_uid]


def _record(group: _Group) -> SeriesRecord:
    header = group.header
    images = sorted(group.images.values(), key=lambda image: image.path)
    heights = [image.height_mm for image in images if image.height_mm is not None]
    sign = _normal_sign(header)
    record = SeriesRecord(
        study_instance_uid=header.text(Tag.StudyInstanceUID),
        series_instance_uid=header.text(Tag.SeriesInstanceUID),
        patient_id=header.text(Tag.PatientID),
        patient_name=header.text(Tag.PatientName),
        accession_number=header.text(Tag.AccessionNumber),
        study_date=header.text(Tag.StudyDate),
        modality=header.text(Tag.Modality),
        role=group.role,
        why_not=group.why_not,
        frame_of_reference_uid=header.text(Tag.FrameOfReferenceUID),
        manufacturer=header.text(Tag.Manufacturer),
        model=header.text(Tag.ManufacturerModelName),
        sex=header.text(Tag.PatientSex) or None,
        age_years=read_age_years(header),
        tracer=read_tracer(header),
        files=tuple(image.path for image in images),
        n_slices=len(images),
        z_range_mm=_range(heights, sign) if group.role != "other" and len(heights) == len(images) else None,
        identifiers=tuple(sorted(group.identifiers)),
    )
    return check_series(record, heights)


def _normal_sign(header: Header) -> float:
    cosines = header.numbers(Tag.ImageOrientationPatient) or ()
    return -1.0 if len(cosines) == 6 and cosines[0] * cosines[4] - cosines[1] * cosines[3] < 0 else 1.0


def _range(heights: list[float], sign: float) -> tuple[float, float]:
    ends = sign * min(heights), sign * max(heights)
    return min(ends), max(ends)

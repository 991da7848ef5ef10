"""Walk an archive, read every header once, and say what each study offers."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from petarseg.dicom.ahead import THREADS, map_ahead
from petarseg.dicom.copies import are_copies
from petarseg.dicom.enhanced import ENHANCED
from petarseg.dicom.header import DamagedError, Header, NotDicomError, read_header
from petarseg.dicom.read import slices_of
from petarseg.dicom.records import ArchiveIndex, SeriesRecord, StudyRecord, UnreadableFile
from petarseg.dicom.scan_cache import KnownImage, Outcome, ScanCache, Stamp
from petarseg.dicom.select import Candidate, check_series, choose, classify_image, patients_of, read_age_years
from petarseg.dicom.tags import IDENTIFYING, Tag
from petarseg.dicom.tracers import read_tracer
from petarseg.dicom.tree import walk_files
from petarseg.errors import ConfigError, ExamRejected
from petarseg.reasons import Reason

if TYPE_CHECKING:
    from petarseg.keys import KeyFolder

__all__ = ["ArchiveIndex", "SeriesRecord", "StudyRecord", "UnreadableFile", "scan_archive"]

BATCH = 256
SAVE_EVERY = 100_000
"""So many files are read between two saves of the cache: a scan that is killed goes on from there."""
_DICOM_SUFFIXES = frozenset({".dcm", ".dicom", ".ima", ".dic"})
_KINDS = frozenset({"nac", "gated", "dynamic", "derived", "mip"})
_DICOMDIR_CLASS = "1.2.840.10008.1.3.10"


Item = TypeVar("Item")


@dataclass(slots=True)
class _Group:
    """Images of one series that belong together (one patient, object class, matrix and orientation).

    `contradictory` when two files claim to be the same instance at the same place, and their pixels or headers differ.
    """

    header: Header
    role: str
    why_not: str | None
    images: dict[str, tuple[Path, KnownImage]] = field(default_factory=dict)
    contradictory: bool = False
    identifiers: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Scan:
    groups: dict[tuple[object, ...], _Group] = field(default_factory=dict)
    unreadable: list[UnreadableFile] = field(default_factory=list)
    n_files: int = 0
    n_ignored: int = 0
    n_duplicates: int = 0
    copies: list[tuple[_Group, Path, Path]] = field(default_factory=list)
    headers: dict[Path, Header] = field(default_factory=dict)


def scan_archive(
    root: Path,
    *,
    threads: int = THREADS,
    prefer_pet: Sequence[str] = (),
    cache: KeyFolder | None = None,
    keep_headers: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> ArchiveIndex:
    """Read the headers of all files under `root` and sort them into studies.

    Parameters
    ----------
    root : Path
        A folder of any structure, file names with or without extension, or a single file. Zip archives are searched, links followed.
    threads : int
        How many read at once while storage makes them wait.
    prefer_pet : sequence of str
        Regular expressions for the descriptions of PET series, most wanted first; they decide between series that are equal otherwise.
    cache : KeyFolder, optional
        Where to keep what was read, encrypted, so that the next scan reads new and changed files only.
    keep_headers : bool
        Put the header of every classic image that was read into the result, so that converting a single exam need not read it again.
        About 10 kB of memory each.
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
    earlier, now = (ScanCache.load(cache) if cache is not None else None), ScanCache()
    paths = sorted(walk_files(root, scan.unreadable))
    scan.n_files += len(scan.unreadable)  # a folder that cannot be listed counts as one file that cannot be read
    seen = 0
    batches = _batches(paths)
    for batch, outcomes in zip(batches, map_ahead(partial(_read_batch, earlier), batches, threads=threads), strict=True):
        for path, (stamp, outcome) in zip(batch, outcomes, strict=True):
            if keep_headers and earlier is None and isinstance(outcome, KnownImage) and not outcome.frame_heights_mm:
                scan.headers[path] = outcome.head
            kept = _add(scan, path, outcome)
            if cache is not None and stamp is not None:
                now.known[str(path)] = (stamp, kept)
        seen += len(batch)
        if on_progress is not None:
            on_progress(seen)
        if cache is not None and seen // SAVE_EVERY != (seen - len(batch)) // SAVE_EVERY:
            now.save(cache)
    for group in chain.from_iterable(map_ahead(_contradictory, _batches(scan.copies), threads=threads)):
        group.contradictory = True
    if cache is not None and earlier is not None and not earlier.same_files(now):
        now.save(cache)
    return _assemble(scan, prefer_pet)


def _batches(items: Sequence[Item]) -> list[Sequence[Item]]:
    return [items[start : start + BATCH] for start in range(0, len(items), BATCH)]


def _read_batch(earlier: ScanCache | None, paths: Sequence[Path]) -> list[tuple[Stamp | None, Outcome]]:
    if earlier is None:
        return [(None, _read_one(path)) for path in paths]
    outcomes = []
    for path in paths:
        stamp = Stamp.of(path)
        outcomes.append((stamp, earlier.get(path, stamp) or _read_one(path)))
    return outcomes


def _read_one(path: Path) -> Outcome:
    """Return what the index needs of an image, or a word that says why there is none."""
    try:
        header = read_header(path)
    except NotDicomError:
        return "damaged" if path.suffix.lower() in _DICOM_SUFFIXES | {".zip"} else "ignored"
    except DamagedError as error:
        return "truncated" if str(error) == "truncated" else "damaged"
    except PermissionError:
        return "permission"
    except OSError:
        return "damaged"
    if header.text(Tag.SOPClassUID) == _DICOMDIR_CLASS or path.name.upper() == "DICOMDIR":
        return "ignored"
    if not header.text(Tag.StudyInstanceUID) or not header.text(Tag.SeriesInstanceUID):
        return "damaged"
    frames = _frames(path, header)
    return KnownImage(
        head=frames[0] if frames else header,
        sop_instance_uid=header.text(Tag.SOPInstanceUID),
        height_mm=_height_mm(header),
        acquisition=header.text(Tag.AcquisitionTime),
        truncated=_is_truncated(header),
        identifiers=_identifiers(header),
        frame_heights_mm=tuple(_height_mm(frame) for frame in frames),
    )


def _frames(path: Path, header: Header) -> list[Header]:
    """Return the frames of an enhanced object that can be read as slices."""
    if header.text(Tag.SOPClassUID) not in ENHANCED:
        return []
    try:
        return [item.header for item in slices_of(path, header)]
    except ExamRejected:
        return []  # classified by its class, as enhanced_multiframe; converting it says what is missing


def _add(scan: _Scan, path: Path, outcome: Outcome) -> Outcome:
    """Sort one outcome in; return it as the cache shall keep it."""
    if outcome == "ignored":
        scan.n_ignored += 1
        return outcome
    scan.n_files += 1
    if isinstance(outcome, str):
        scan.unreadable.append(UnreadableFile(path, outcome))
        return outcome
    if outcome.truncated:
        scan.unreadable.append(UnreadableFile(path, "truncated"))
    role, why_not = classify_image(outcome.head)
    key = _group_key(outcome.head, role, why_not)
    group = scan.groups.get(key)
    if group is None:
        group = scan.groups[key] = _Group(outcome.head, role, why_not)
    image = replace(outcome, head=group.header)
    uid = image.sop_instance_uid
    twin = group.images.get(uid, (path, None))[1] if uid else None
    if twin is not None and (twin.height_mm, twin.acquisition) == (image.height_mm, image.acquisition):
        scan.n_duplicates += 1
        if not (twin.truncated or image.truncated or role == "other"):
            scan.copies.append((group, group.images[uid][0], path))
        if not twin.truncated or image.truncated:
            return image
    elif twin is not None:
        uid = f"{uid} {len(group.images)}"  # two different images under one UID: keep both, conversion refuses them
    group.images[uid or f" {len(group.images)}"] = (path, image)
    group.identifiers.update(image.identifiers)
    return image


def _contradictory(pairs: Sequence[tuple[_Group, Path, Path]]) -> list[_Group]:
    return [group for group, one, other in pairs if not are_copies(one, other)]


def _group_key(header: Header, role: str, why_not: str | None) -> tuple[object, ...]:
    cosines = header.numbers(Tag.ImageOrientationPatient)
    return (
        *(header.text(Tag.StudyInstanceUID), header.text(Tag.SeriesInstanceUID), header.text(Tag.PatientID), role, why_not),
        *(header.integer(Tag.Rows), header.integer(Tag.Columns), header.text(Tag.FrameOfReferenceUID)),
        _plane_of(cosines),
    )


def _plane_of(cosines: tuple[float, ...] | None) -> int | None:
    """Return the patient axis that the slice normal runs closest to: axial, coronal and sagittal images do not make one volume."""
    if cosines is None or len(cosines) != 6:
        return None
    (a, b, c), (d, e, f) = cosines[:3], cosines[3:]
    normal = (abs(b * f - c * e), abs(c * d - a * f), abs(a * e - b * d))
    return normal.index(max(normal))


def _is_truncated(header: Header) -> bool:
    return (
        header.pixel_offset is not None
        and header.pixel_length is not None
        and (header.pixel_offset + header.pixel_length > header.file_size)
    )


def _height_mm(header: Header) -> float | None:
    """Return the position along the slice normal."""
    position, cosines = header.numbers(Tag.ImagePositionPatient), header.numbers(Tag.ImageOrientationPatient)
    if position is None or cosines is None or len(position) != 3 or len(cosines) != 6:
        return None
    (a, b, c), (d, e, f) = cosines[:3], cosines[3:]
    return (b * f - c * e) * position[0] + (c * d - a * f) * position[1] + (a * e - b * d) * position[2]


def _identifiers(header: Header) -> tuple[str, ...]:
    others = tuple(item.text(Tag.PatientID) for item in header.items(Tag.OtherPatientIDsSequence))
    raw = tuple(header.values.get(tag, b"") for tag in IDENTIFYING)
    return _distinct(raw, header.encodings, others)


@lru_cache(maxsize=4096)
def _distinct(raw: tuple[bytes, ...], encodings: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Return the distinct values, decoded; cached because the images of a series share them."""
    header = Header(dict(zip(map(int, IDENTIFYING), raw, strict=True)), "", encodings=encodings)
    found = {text for tag in IDENTIFYING for text in header.texts(tag) if text} | {text for text in others if text}
    return tuple(sorted(found))


def _assemble(scan: _Scan, prefer_pet: Sequence[str]) -> ArchiveIndex:
    by_study: dict[str, list[Candidate]] = {}
    mixed = _mixed(scan.groups.values())
    for group in scan.groups.values():
        record = _record(group)
        if group.role != "other" and (why_not := mixed.get((record.study_instance_uid, record.series_instance_uid, group.role))):
            record = replace(record, role="other", why_not=why_not)
        candidate = Candidate(record, group.header)
        by_study.setdefault(candidate.record.study_instance_uid, []).append(candidate)
    cts_of_patient: dict[str, list[Candidate]] = {}
    for candidates in by_study.values():
        candidates.sort(key=lambda item: (item.record.series_instance_uid, item.record.files[0]))
        if len(patients_of(candidates)) > 1:
            continue
        for item in candidates:
            if item.record.role == "ct" and item.record.patient_id and item.record.frame_of_reference_uid:
                cts_of_patient.setdefault(item.record.patient_id, []).append(item)
    studies = []
    for uid in sorted(by_study):
        patient = by_study[uid][0].record.patient_id
        studies.append(choose(uid, by_study[uid], _others(cts_of_patient.get(patient, ()), uid), prefer_pet))
    unreadable = tuple(sorted(scan.unreadable, key=lambda item: item.path))
    return ArchiveIndex(tuple(studies), unreadable, scan.n_files, scan.n_ignored, scan.n_duplicates, scan.headers)


def _mixed(groups: Collection[_Group]) -> dict[tuple[str, str, str], str]:
    """Name the series, as (study, series, role), whose usable images are of several patients or frames of reference: none is whole."""
    seen: dict[tuple[str, str, str], tuple[set[str], set[str]]] = {}
    for group in groups:
        header = group.header
        key = (header.text(Tag.StudyInstanceUID), header.text(Tag.SeriesInstanceUID), group.role)
        patients, frames = seen.setdefault(key, (set(), set()))
        patients.add(header.text(Tag.PatientID))
        frames.add(header.text(Tag.FrameOfReferenceUID))
    mixed = {
        key: "mixed_patients" if len(patients) > 1 else "mixed_frames"
        for key, (patients, frames) in seen.items()
        if len(patients) > 1 or len(frames) > 1
    }
    return _mixed_kinds(groups) | mixed


def _mixed_kinds(groups: Collection[_Group]) -> dict[tuple[str, str, str], str]:
    """Name the series some of whose slices say that they are of another kind (not corrected, gated, derived) than those that are usable.

    Two full sets under one series UID, corrected and not, lie at the same places; the slices of one set that disagree do not.
    """
    alike: dict[tuple[object, ...], list[_Group]] = {}
    for group in groups:
        header = group.header
        plane = _plane_of(header.numbers(Tag.ImageOrientationPatient))
        place = (header.text(Tag.StudyInstanceUID), header.text(Tag.SeriesInstanceUID), header.text(Tag.Modality))
        alike.setdefault((*place, header.integer(Tag.Rows), header.integer(Tag.Columns), plane), []).append(group)
    mixed = {}
    for members in alike.values():
        used = {height for group in members if group.role != "other" for height in _heights(group)}
        for group in members:
            if group.role == "other" and group.why_not in _KINDS and used and len(_heights(group) - used) * 2 > len(_heights(group)):
                header = next(member.header for member in members if member.role != "other")
                role = next(member.role for member in members if member.role != "other")
                mixed[header.text(Tag.StudyInstanceUID), header.text(Tag.SeriesInstanceUID), role] = "mixed_kinds"
    return mixed


def _heights(group: _Group) -> set[float]:
    """Return the slice positions to 0.1 mm."""
    return {round(image.height_mm, 1) for _, image in group.images.values() if image.height_mm is not None}


def _others(candidates: Iterable[Candidate], study_uid: str) -> list[Candidate]:
    return [item for item in candidates if item.record.study_instance_uid != study_uid]


def _record(group: _Group) -> SeriesRecord:
    header = group.header
    images = sorted(group.images.values(), key=lambda item: item[0])
    found = [height for _, image in images for height in image.frame_heights_mm or (image.height_mm,)]
    heights = [height for height in found if height is not None]
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
        files=tuple(path for path, _ in images),
        n_slices=len(found),
        z_range_mm=_range(heights, sign) if group.role != "other" and len(heights) == len(found) else None,
        identifiers=tuple(sorted(group.identifiers)),
        description=header.text(Tag.SeriesDescription),
    )
    if group.contradictory and record.role != "other":
        return replace(record, role="other", why_not=Reason.DUPLICATE_INSTANCE.value)
    return check_series(record, heights)


def _normal_sign(header: Header) -> float:
    cosines = header.numbers(Tag.ImageOrientationPatient) or ()
    return -1.0 if len(cosines) == 6 and cosines[0] * cosines[4] - cosines[1] * cosines[3] < 0 else 1.0


def _range(heights: list[float], sign: float) -> tuple[float, float]:
    ends = sign * min(heights), sign * max(heights)
    return min(ends), max(ends)

"""De-identify files one by one, in a worker process: read, refuse or redact, stage."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from petarseg.dicom.burned_in import clean_pixels, refuse
from petarseg.dicom.elements import READ_ERRORS, silent_pydicom, text_of
from petarseg.dicom.plain import read_plain
from petarseg.dicom.redact import Counts, DateMode, Redactor, patient_key
from petarseg.dicom.source import read_all
from petarseg.keys import KeyFolder
from petarseg.reasons import Reason

IMPLEMENTATION_UID = "2.25.309178311146373266432894721926351203481"
IMPLEMENTATION_NAME = "PETARSEG"
_STUDY, _SERIES, _INSTANCE, _SOP_CLASS = 0x0020000D, 0x0020000E, 0x00080018, 0x00080016
_RAW_STARTS = (b"\x08\0\x00\0", b"\x08\0\x05\0", b"\x08\0\x08\0", b"\x08\0\x16\0", b"\x02\0\x00\0", b"\x02\0\x02\0", b"\x02\0\x01\0")
"""How data sets begin that were written without the DICOM preamble."""


@dataclass(frozen=True, slots=True)
class Output:
    """One staged file: final and staged name, keyed name of its source, size, digest, forbidden dates, and which counts are its own."""

    name: str
    staged: str
    file: str
    size: int
    sha256: str
    dates: tuple[str, ...]
    counts: int


@dataclass(slots=True)
class BatchRecord:
    """What became of a batch. Identifying: it is kept in the key folder only.

    The outputs of a series fare alike, so `counts` holds each table of values kept, changed and removed once, and an output its number.
    """

    outputs: list[Output] = field(default_factory=list)
    counts: list[Counts] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)
    not_dicom: int = 0
    needles: list[str] = field(default_factory=list)
    patients: dict[str, str] = field(default_factory=dict)
    studies: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the record as a JSON object."""
        record = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**record, "outputs": [{field.name: getattr(output, field.name) for field in fields(output)} for output in self.outputs]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> BatchRecord:
        """Read what `to_json` gave."""
        outputs = [Output(**{**output, "dates": tuple(output["dates"])}) for output in data.pop("outputs")]
        rejected = [(file, reason) for file, reason in data.pop("rejected")]
        return cls(outputs=outputs, rejected=rejected, **data)


class _Worker:
    """What a process keeps from batch to batch."""

    def __init__(self, keys: KeyFolder, staging: Path, dates: DateMode) -> None:
        self.redactor, self.staging = Redactor(keys, dates=dates), staging


_worker: _Worker | None = None


def start_worker(keys: KeyFolder, staging: Path, dates: DateMode) -> None:
    """Prepare this process for `deidentify_batch`."""
    global _worker
    _worker = _Worker(keys, staging, dates)


def deidentify_batch(job: tuple[str, Sequence[Path]]) -> BatchRecord:
    """De-identify some files, or members of zip archives, into the staging folder, under the name of the batch."""
    if _worker is None:
        raise RuntimeError("call start_worker first")
    name, files = job
    redactor, keys = _worker.redactor, _worker.redactor.keys
    record, needles = BatchRecord(), set[str]()
    with silent_pydicom():
        for number, path in enumerate(files):
            file = keys.pseudonym("file", str(path))
            record.files[str(path)] = file
            try:
                dataset = _read(path)
                if dataset is None:
                    record.not_dicom += 1
                    continue
                reason = refuse(dataset) or clean_pixels(dataset)
                if reason is None:
                    output, data = _redact(dataset, redactor, f"{name}-{number}.dcm", file, needles, record)
            except READ_ERRORS:
                reason = Reason.UNREADABLE_FILE
            if reason is not None:
                record.rejected.append((file, reason.value))
                continue
            # Outside the try: a full disk is no fault of the file, and ends the run instead of the file. Counts as written with the record
            # of its batch, so it need not be atomic.
            (_worker.staging / output.staged).write_bytes(data)
            record.outputs.append(output)
    record.needles = sorted(needles)
    return record


def _read(path: Path) -> FileDataset | None:
    """Read a file; None for one that is not DICOM at all."""
    data = read_all(path)
    if data[128:132] != b"DICM" and not data.startswith(_RAW_STARTS):
        if path.suffix.lower() == ".zip":
            raise InvalidDicomError("a zip archive that cannot be opened may hold exams")
        return None
    dataset = read_plain(data) or _read_with_pydicom(data)
    if _SOP_CLASS not in dataset:
        if "MediaStorageSOPClassUID" in dataset.file_meta:  # a DICOMDIR
            return dataset
        raise InvalidDicomError("no SOP class")
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit
    return dataset


def _read_with_pydicom(data: bytes) -> FileDataset:
    try:
        return pydicom.dcmread(io.BytesIO(data))
    except InvalidDicomError:
        return pydicom.dcmread(io.BytesIO(data), force=True)


def _redact(
    dataset: FileDataset, redactor: Redactor, staged: str, file: str, needles: set[str], record: BatchRecord
) -> tuple[Output, bytes]:
    """Return the record of a de-identified object, and its bytes."""
    uids = [text_of(dataset, tag) for tag in (_STUDY, _SERIES, _INSTANCE)]
    if not all(uids):
        raise InvalidDicomError("an instance, series or study UID is missing")
    patient = patient_key(dataset)
    redacted = redactor.redact(dataset)
    study, series, instance = (redactor.keys.uid(uid) for uid in uids)
    pseudonym = redactor.keys.pseudonym("patient", patient)
    data = _encode(dataset, redacted.body, instance)
    needles |= redacted.identities.needles
    record.patients[patient] = pseudonym
    record.studies[uids[0]] = study
    counts = _number_of(redacted.counts, record.counts)
    output = Output(
        name=f"{pseudonym}/{study}/{series}/{instance}.dcm",
        staged=staged,
        file=file,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        dates=tuple(sorted(redacted.identities.dates)),
        counts=counts,
    )
    return output, data


def _number_of(counts: Counts, known: list[Counts]) -> int:
    for number in range(len(known) - 1, -1, -1):
        if known[number] is counts or known[number] == counts:
            return number
    known.append(counts)
    return len(known) - 1


def _encode(source: FileDataset, body: list[bytes], instance: str) -> bytes:
    """Put an empty preamble and a new file meta group before the elements, in the transfer syntax of their source."""
    syntax = source.file_meta.TransferSyntaxUID
    meta = b"".join(
        [
            _meta_element(0x0001, b"OB\0\0", b"\0\1", "<HH4sI"),
            _meta_element(0x0002, b"UI", text_of(source, _SOP_CLASS).encode()),
            _meta_element(0x0003, b"UI", instance.encode()),
            _meta_element(0x0010, b"UI", syntax.encode()),
            _meta_element(0x0012, b"UI", IMPLEMENTATION_UID.encode()),
            _meta_element(0x0013, b"SH", IMPLEMENTATION_NAME.encode()),
        ]
    )
    start = [b"\0" * 128, b"DICM", _meta_element(0x0000, b"UL", struct.pack("<I", len(meta))), meta]
    if syntax.is_deflated:
        encoder = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        deflated = encoder.compress(b"".join(body)) + encoder.flush()
        body = [deflated, b"\0" * (len(deflated) % 2)]
    return b"".join([*start, *body])


def _meta_element(element: int, vr: bytes, value: bytes, head: str = "<HH2sH") -> bytes:
    """Encode an element of group 2, which is always explicit little endian (PS3.10, 7.1)."""
    value += (b" " if vr == b"SH" else b"\0") * (len(value) % 2)
    return struct.pack(head, 0x0002, element, vr, len(value)) + value

"""Stage 1: find the exams, join them with their reports, and lock everything identifying into the key folder.

Downstream stages know an exam by its keyed id. The source paths, header identifiers and the raw report of each exam lie
encrypted in ``key/exams/<exam_id>``; `ExamSource.load` is the only way back, and only scrubbing and conversion call it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from petarseg.dicom.index import scan_archive
from petarseg.dicom.records import ArchiveIndex, StudyRecord
from petarseg.dicom.tracers import tracer_name
from petarseg.errors import ConfigError
from petarseg.files import write_json
from petarseg.join import join_reports
from petarseg.keys import KeyFolder
from petarseg.reasons import Reason
from petarseg.reports.load import Report, load_reports
from schemas.config import BuildConfig
from schemas.funnel import FunnelStage
from tasks import versions
from tasks.exam_stage import exam_task
from tasks.workspace import Workspace, storage_errors


@dataclass(frozen=True, slots=True)
class ExamSource:
    """What the key folder knows of an exam. Identifying: never leaves memory."""

    pet_files: tuple[Path, ...]
    ct_files: tuple[Path, ...]
    identifiers: tuple[str, ...]
    patient_id: str
    report: str

    def save(self, keys: KeyFolder, exam_id: str) -> None:
        """Encrypt into the key folder."""
        data = {
            "pet_files": [str(path) for path in self.pet_files],
            "ct_files": [str(path) for path in self.ct_files],
            "identifiers": list(self.identifiers),
            "patient_id": self.patient_id,
            "report": self.report,
        }
        keys.write_secret(f"exams/{exam_id}", json.dumps(data).encode("ascii"))  # a path need not be UTF-8

    @classmethod
    def load(cls, keys: KeyFolder, exam_id: str) -> ExamSource:
        """Decrypt from the key folder.

        Raises
        ------
        ConfigError
            If the key folder does not know the exam: it was exchanged since the archive was indexed.
        """
        data = keys.read_secret(f"exams/{exam_id}")
        if data is None:
            raise ConfigError(f"the key folder does not know exam {exam_id}; it belongs to another workspace (--key-dir)")
        values = json.loads(data)
        return cls(
            tuple(Path(name) for name in values["pet_files"]),
            tuple(Path(name) for name in values["ct_files"]),
            tuple(values["identifiers"]),
            values["patient_id"],
            values["report"],
        )


@exam_task(name="index archive", task_run_name="index archive")
def index_archive(
    workspace: Workspace, archive: Path, reports: Path, config: BuildConfig, on_progress: Callable[[int], None] | None = None
) -> list[str]:
    """Scan the archive, read the reports table, join both, and write ``work/index.json``.

    Returns
    -------
    list of str
        Ids of the exams that have a PET, a CT and exactly one report, sorted.

    Raises
    ------
    ConfigError
        If the archive or the reports are missing, empty or unreadable.
    """
    keys = KeyFolder.open(workspace.key_dir)
    table = load_reports(reports, config.reports.columns)
    if not table:
        raise ConfigError(f"{reports} holds no reports")
    index = scan_archive(archive, cache=keys, on_progress=on_progress, prefer_pet=config.archive.prefer_pet)
    if not index.studies:
        raise ConfigError(f"no DICOM study was found below {archive} ({index.n_files} files seen)")

    rejects: list[dict[str, object]] = []
    usable: list[StudyRecord] = []
    for study in index.studies:
        if study.reject is None and study.pet is not None and study.ct is not None:
            usable.append(study)
        else:
            reason, evidence = study.reject or (Reason.NO_PET_SERIES, {})
            rejects.append(_reject(exam_id_of(keys, study.study_instance_uid), "select", reason, evidence))
    rejects += [
        _reject(None, "index", Reason.UNREADABLE_FILE, {"file": keys.pseudonym("file", str(file.path)), "why": file.why})
        for file in index.unreadable
    ]

    joined = join_reports(index.studies, table)
    usable_uids = {study.study_instance_uid for study in usable}
    for lost in joined.rejected:
        if lost.report is None and lost.study is not None and lost.study.study_instance_uid not in usable_uids:
            continue  # already rejected as an exam
        exam_id = exam_id_of(keys, lost.study.study_instance_uid) if lost.study else None
        evidence = dict(lost.evidence)
        if lost.report is not None:
            evidence["report"] = keys.pseudonym("report", lost.report.report_id)
        rejects.append(_reject(exam_id, "join", lost.reason, evidence))

    paired = {study.study_instance_uid for study, _ in joined.pairs}
    why = {lost.study.study_instance_uid: lost.reason for lost in joined.rejected if lost.study is not None}
    lost_exams = [why.get(uid, Reason.AMBIGUOUS_JOIN).value for uid in sorted(usable_uids - paired)]

    exams: dict[str, dict[str, object]] = {}
    deny = [*config.reports.deny, *read_deny(keys)]
    with storage_errors():
        for study, report in joined.pairs:
            if study.study_instance_uid not in usable_uids:
                evidence = {"report": keys.pseudonym("report", report.report_id)}
                rejects.append(_reject(exam_id_of(keys, study.study_instance_uid), "join", Reason.EXAM_DROPPED, evidence))
                continue
            record = _store_exam(keys, study, report, deny)
            exams[str(record["exam_id"])] = record
        rejects.sort(key=lambda row: json.dumps(row, sort_keys=True))
        write_json(
            workspace.root / "work" / "index.json",
            {
                "version": versions.INDEX,
                "exams": dict(sorted(exams.items())),
                "rejects": rejects,
                "funnel": [stage.model_dump() for stage in _funnel(index, table, rejects, lost_exams, len(exams))],
            },
        )
    return sorted(exams)


def read_deny(keys: KeyFolder) -> list[str]:
    """Return the strings of ``[reports] deny`` that `petarseg build` put into the key folder, where no log and no database shows them."""
    data = keys.read_secret("deny")
    return [] if data is None else list(json.loads(data))


def exam_id_of(keys: KeyFolder, study_instance_uid: str) -> str:
    """Return the keyed id of an exam."""
    return "E" + keys.pseudonym("exam", study_instance_uid)


def _store_exam(keys: KeyFolder, study: StudyRecord, report: Report, deny: Sequence[str]) -> dict[str, object]:
    if study.pet is None or study.ct is None:
        raise ValueError("only studies with PET and CT are stored")
    exam_id = exam_id_of(keys, study.study_instance_uid)
    series = (study.pet, study.ct, *study.others)
    identifiers: set[str] = set(deny)
    for item in series:
        identifiers.update((item.patient_id, item.patient_name, item.accession_number, item.study_instance_uid, item.series_instance_uid))
        identifiers.update((item.frame_of_reference_uid, item.study_date, *item.identifiers))
    identifiers.update(value for value in (report.patient_id, report.accession_number, report.study_instance_uid) if value)
    identifiers.discard("")
    source = ExamSource(study.pet.files, study.ct.files, tuple(sorted(identifiers)), study.patient_id, report.text)
    files = [(str(path), *_stamp(path)) for path in (*source.pet_files, *source.ct_files)]
    sex = (study.pet.sex or "").strip().upper()
    source_key = keys.pseudonym("source", json.dumps(sorted(files)), digits=32)
    report_key = keys.pseudonym("text", json.dumps([source.report, source.identifiers]), digits=32)
    stamp = f"{source_key}{report_key}".encode("ascii")
    if keys.read_secret(f"exams/{exam_id}.stamp") != stamp:
        source.save(keys, exam_id)
        keys.write_secret(f"exams/{exam_id}.stamp", stamp)
    return {
        "exam_id": exam_id,
        "patient_id": "P" + keys.pseudonym("patient", study.patient_id),
        "tracer": study.pet.tracer or (tracer_name(report.tracer) if report.tracer else None),
        "sex": sex if sex in ("F", "M", "O") else None,
        "age_years": None if study.pet.age_years is None else min(study.pet.age_years, 90),
        "source_key": source_key,
        "identity_key": keys.pseudonym("identity", json.dumps(source.identifiers), digits=32),
        "report_key": report_key,
    }


def _stamp(path: Path) -> tuple[int, int]:
    """Return size and modification time of a source file, or of the zip archive that holds it."""
    while not path.exists() and path != path.parent:
        path = path.parent
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def _reject(exam_id: str | None, stage: str, reason: Reason, evidence: dict[str, object]) -> dict[str, object]:
    return {"exam_id": exam_id, "stage": stage, "reason": reason.value, "sentence": None, "evidence": evidence}


def _funnel(
    index: ArchiveIndex,
    table: Sequence[Report],
    rejects: Sequence[dict[str, object]],
    lost_exams: Sequence[str],
    n_exams: int,
) -> list[FunnelStage]:
    def reasons(stage: str) -> list[str]:
        return [str(row["reason"]) for row in rejects if row["stage"] == stage]

    selected = reasons("select")
    lost_reports = [str(row["reason"]) for row in rejects if row["stage"] == "join" and "report" in _evidence(row)]
    n_selected = len(index.studies) - len(selected)
    return [
        FunnelStage.count("index", "files", read=index.n_files, kept=index.n_files - len(index.unreadable), dropped=reasons("index")),
        FunnelStage.count("select series", "exams", read=len(index.studies), kept=n_selected, dropped=selected),
        FunnelStage.count("join reports", "reports", read=len(table), kept=n_exams, dropped=lost_reports),
        FunnelStage.count("join exams", "exams", read=n_selected, kept=n_exams, dropped=lost_exams),
    ]


def _evidence(row: dict[str, object]) -> dict[str, object]:
    evidence = row["evidence"]
    return evidence if isinstance(evidence, dict) else {}

"""Join reports to exams: by accession number, else study instance UID, else patient and date. Never by guess."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from petarseg.dicom.records import StudyRecord
from petarseg.reasons import Reason
from petarseg.reports.load import Report

_DATE = re.compile(r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|(\d{2})(\d{2}))(?:[ T].*)?")


@dataclass(frozen=True, slots=True)
class RejectedJoin:
    """A report or exam that could not be joined; exactly one of the two is given, or both when they contradict each other."""

    reason: Reason
    evidence: dict[str, object]
    report: Report | None = None
    study: StudyRecord | None = None


@dataclass(frozen=True, slots=True)
class JoinResult:
    """Pairs of one study and one report, in the order of the studies, and everything left over."""

    pairs: tuple[tuple[StudyRecord, Report], ...]
    rejected: tuple[RejectedJoin, ...]


def normal_date(text: str | None) -> str | None:
    """Return ``YYYYMMDD`` for a date written year first (ISO, DICOM, with or without a time); None for anything else.

    Day and month are never told apart by guessing: ``03/04/2020`` is None.
    """
    match = _DATE.fullmatch((text or "").strip())
    if match is None:
        return None
    year, month, day = match[1], match[2] or match[4], match[3] or match[5]
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    return f"{year}{int(month):02d}{int(day):02d}"


def join_reports(studies: Sequence[StudyRecord], reports: Sequence[Report]) -> JoinResult:
    """Join each report to the one study it belongs to.

    Parameters
    ----------
    studies : sequence of StudyRecord
        All studies of the archive.
    reports : sequence of Report
        All reports.

    Returns
    -------
    JoinResult
        ``len(reports) == len(pairs) + rejects with a report``; every study without a pair is named in a reject too.

    Notes
    -----
    A report is looked up by the first of accession number, study UID, patient and date that it carries and that some study answers to.
    Its other identifiers must not contradict the match. Several studies with a PET for one report, or several reports for one study, are
    AMBIGUOUS_JOIN for all of them: an addendum and its report are not told apart here.
    """
    by_accession = _group((study.accession_number.strip(), study) for study in studies)
    by_uid = _group((study.study_instance_uid, study) for study in studies)
    by_patient_day = _group(
        (f"{study.patient_id.strip()}\n{normal_date(study.study_date)}", study)
        for study in studies
        if study.patient_id.strip() and normal_date(study.study_date)
    )
    claims: dict[str, list[tuple[Report, str]]] = {}
    rejected: list[RejectedJoin] = []
    touched: set[str] = set()
    for report in reports:
        found, key = _find(report, by_accession, by_uid, by_patient_day)
        clash = [field for study in found for field in _contradictions(report, study)]
        if not found:
            rejected.append(RejectedJoin(Reason.REPORT_WITHOUT_EXAM, _unmatched(report), report))
        elif len(found) > 1 or clash:
            evidence: dict[str, object] = {"key": key, "studies": len(found)}
            if clash:
                evidence["contradictory"] = sorted(set(clash))
            rejected.append(RejectedJoin(Reason.AMBIGUOUS_JOIN, evidence, report, found[0] if len(found) == 1 else None))
            touched.update(study.study_instance_uid for study in found)
        else:
            claims.setdefault(found[0].study_instance_uid, []).append((report, key))
    pairs = []
    for study in studies:
        claimed = claims.get(study.study_instance_uid, [])
        if len(claimed) == 1:
            pairs.append((study, claimed[0][0]))
        elif claimed:
            rejected.extend(
                RejectedJoin(Reason.AMBIGUOUS_JOIN, {"key": key, "reports": len(claimed)}, report, study) for report, key in claimed
            )
        elif study.study_instance_uid not in touched:
            rejected.append(RejectedJoin(Reason.EXAM_WITHOUT_REPORT, {}, study=study))
        else:
            rejected.append(RejectedJoin(Reason.AMBIGUOUS_JOIN, {"studies": "several or contradictory"}, study=study))
    return JoinResult(tuple(pairs), tuple(rejected))


def _group(items: Iterable[tuple[str, StudyRecord]]) -> dict[str, list[StudyRecord]]:
    groups: dict[str, list[StudyRecord]] = {}
    for key, study in items:
        if key:
            groups.setdefault(key, []).append(study)
    return groups


def _find(
    report: Report,
    by_accession: dict[str, list[StudyRecord]],
    by_uid: dict[str, list[StudyRecord]],
    by_patient_day: dict[str, list[StudyRecord]],
) -> tuple[list[StudyRecord], str]:
    day = normal_date(report.study_date)
    patient_day = f"{report.patient_id.strip()}\n{day}" if report.patient_id and day else ""
    for key, value, table in (
        ("accession_number", (report.accession_number or "").strip(), by_accession),
        ("study_instance_uid", (report.study_instance_uid or "").strip(), by_uid),
        ("patient_and_date", patient_day, by_patient_day),
    ):
        found = table.get(value, []) if value else []
        if found:
            # A CT or ultrasound of the same day under the same key is no rival of the PET study.
            with_pet = [study for study in found if _has_pet(study)]
            return with_pet or found, key
    if report.named_by_file:
        # A document is known by its file name alone, which sites make from the accession number or the study UID. The id of a row is
        # neither: it may be no more than the row's number, and small numbers are accession numbers somewhere.
        for key, table in (("report_id as accession_number", by_accession), ("report_id as study_instance_uid", by_uid)):
            found = table.get(report.report_id.strip(), [])
            if found:
                return [study for study in found if _has_pet(study)] or found, key
    return [], ""


def _has_pet(study: StudyRecord) -> bool:
    return study.pet is not None or any(series.modality == "PT" for series in study.others)


def _contradictions(report: Report, study: StudyRecord) -> list[str]:
    """Name the identifying fields in which report and study, both filled, differ. Dates may: reports are dated when they are signed."""
    pairs = {
        "accession_number": ((report.accession_number or "").strip(), study.accession_number.strip()),
        "study_instance_uid": ((report.study_instance_uid or "").strip(), study.study_instance_uid),
        "patient_id": ((report.patient_id or "").strip(), study.patient_id.strip()),
    }
    return [name for name, (one, other) in pairs.items() if one and other and one != other]


def _unmatched(report: Report) -> dict[str, object]:
    given = [
        name for name in ("accession_number", "study_instance_uid", "patient_id", "study_date") if (getattr(report, name) or "").strip()
    ]
    evidence: dict[str, object] = {"given": given}
    if report.study_date and normal_date(report.study_date) is None:
        evidence["unusable"] = "study_date (write it as YYYYMMDD or YYYY-MM-DD)"
    return evidence

"""Join reports to exams: by accession number, else study instance UID, else patient and date. Never by guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
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
    Where several studies answer, its study UID and then its patient decide among them, if it names them; studies of several patients are
    never told apart otherwise. Its other identifiers must not contradict the match. Several studies with a PET for one report, or several
    reports for one study, are AMBIGUOUS_JOIN for all of them: an addendum and its report are not told apart here. So is every report
    of a study whose own series are of several patients.
    """
    by_key = (
        ("accession_number", _group(_accession_numbers, studies)),
        ("study_instance_uid", _group(lambda study: {study.study_instance_uid}, studies)),
        ("patient_and_date", _group(_patient_days, studies)),
    )
    claims: dict[tuple[str, str], list[tuple[Report, str]]] = {}
    rejected: list[RejectedJoin] = []
    touched: set[tuple[str, str]] = set()
    for report in reports:
        answering, key = _look_up(report, by_key)
        found = _narrow(report, answering)
        patients = _owners(found)
        clash = [field for study in found for field in _contradictions(report, study)]
        if not found:
            rejected.append(RejectedJoin(Reason.REPORT_WITHOUT_EXAM, _unmatched(report), report))
        elif len(found) > 1 or len(patients) > 1 or clash:
            evidence: dict[str, object] = {"key": key, "studies": len(found)}
            if len(patients) > 1:
                evidence["patients"] = len(patients)
            if clash:
                evidence["contradictory"] = sorted(set(clash))
            rejected.append(RejectedJoin(Reason.AMBIGUOUS_JOIN, evidence, report, found[0] if len(found) == 1 else None))
            touched.update(map(_identity, found))
        else:
            claims.setdefault(_identity(found[0]), []).append((report, key))
    pairs = []
    for study in studies:
        claimed = claims.get(_identity(study), [])
        if len(claimed) == 1:
            pairs.append((study, claimed[0][0]))
        elif claimed:
            rejected.extend(
                RejectedJoin(Reason.AMBIGUOUS_JOIN, {"key": key, "reports": len(claimed)}, report, study) for report, key in claimed
            )
        elif _identity(study) not in touched:
            rejected.append(RejectedJoin(Reason.EXAM_WITHOUT_REPORT, {}, study=study))
        else:
            rejected.append(RejectedJoin(Reason.AMBIGUOUS_JOIN, {"studies": "several or contradictory"}, study=study))
    return JoinResult(tuple(pairs), tuple(rejected))


def _identity(study: StudyRecord) -> tuple[str, str]:
    """Return what tells a study from all others: a UID alone may have been given to two patients."""
    return study.study_instance_uid, study.patient_id


def _group(keys_of: Callable[[StudyRecord], set[str]], studies: Iterable[StudyRecord]) -> dict[str, list[StudyRecord]]:
    groups: dict[str, list[StudyRecord]] = {}
    for study in studies:
        for key in keys_of(study) - {""}:
            groups.setdefault(key, []).append(study)
    return groups


def _accession_numbers(study: StudyRecord) -> set[str]:
    """Return the accession number of the study; of a study of several patients those of all its series, so that none finds nothing."""
    series = (*study.others, *(item for item in (study.pet, study.ct) if item)) if study.other_patient_ids else ()
    return {study.accession_number.strip(), *(item.accession_number.strip() for item in series)}


def _patient_days(study: StudyRecord) -> set[str]:
    day = normal_date(study.study_date)
    return {f"{patient}\n{day}" for patient in _patients(study)} if day else set()


def _patients(study: StudyRecord) -> set[str]:
    """Return the PatientIDs that the study names."""
    return _owners([study]) - {""}


def _owners(studies: Iterable[StudyRecord]) -> set[str]:
    """Return the PatientIDs of the studies; "" stands for a study that names none and may be anybody's."""
    return {patient.strip() for study in studies for patient in (study.patient_id, *study.other_patient_ids)}


def _look_up(report: Report, by_key: Sequence[tuple[str, dict[str, list[StudyRecord]]]]) -> tuple[list[StudyRecord], str]:
    """Return the studies that answer to the first identifier of the report to which any does, and the name of that identifier."""
    day, patient = normal_date(report.study_date), (report.patient_id or "").strip()
    given = {
        "accession_number": (report.accession_number or "").strip(),
        "study_instance_uid": (report.study_instance_uid or "").strip(),
        "patient_and_date": f"{patient}\n{day}" if patient and day else "",
    }
    for key, studies in by_key:
        if found := studies.get(given[key], []):
            return found, key
    if report.named_by_file:
        # A document is known by its file name alone, which sites make from the accession number or the study UID. The id of a row is
        # neither: it may be no more than the row's number, and small numbers are accession numbers somewhere.
        for key, studies in by_key[:2]:
            if found := studies.get(report.report_id.strip(), []):
                return found, f"report_id as {key}"
    return [], ""


def _narrow(report: Report, found: list[StudyRecord]) -> list[StudyRecord]:
    """Keep of several studies those that the other identifiers of the report name, then, of one patient, those with a PET."""
    uid, patient = (report.study_instance_uid or "").strip(), (report.patient_id or "").strip()
    found = [study for study in found if study.study_instance_uid == uid] or found
    found = [study for study in found if patient in _patients(study)] or found
    if len(_owners(found)) > 1:
        return found  # one key of several patients: a PET of one of them is no sign that the report is not of the other
    # A CT or ultrasound of the same day under the same key is no rival of the PET study.
    return [study for study in found if _has_pet(study)] or found


def _has_pet(study: StudyRecord) -> bool:
    return study.pet is not None or any(series.modality == "PT" for series in study.others)


def _contradictions(report: Report, study: StudyRecord) -> list[str]:
    """Name the identifying fields in which report and study, both filled, differ. Dates may: reports are dated when they are signed."""
    pairs = {
        "accession_number": (report.accession_number, _accession_numbers(study) - {""}),
        "study_instance_uid": (report.study_instance_uid, {study.study_instance_uid}),
        "patient_id": (report.patient_id, _patients(study)),
    }
    return [name for name, (one, known) in pairs.items() if one and one.strip() and known and one.strip() not in known]


def _unmatched(report: Report) -> dict[str, object]:
    given = [
        name for name in ("accession_number", "study_instance_uid", "patient_id", "study_date") if (getattr(report, name) or "").strip()
    ]
    evidence: dict[str, object] = {"given": given}
    if report.study_date and normal_date(report.study_date) is None:
        evidence["unusable"] = "study_date (write it as YYYYMMDD or YYYY-MM-DD)"
    return evidence

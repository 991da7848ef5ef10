"""A cohort of phantom exams on disk: DICOM, reports, and the truth about every lesion.

Everything follows from the seed. Exam n looks the same in a cohort of 3 and of 300 (but for the last exam, which has no
report), so tests can make small cohorts of what a benchmark makes large.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from petarseg.errors import ConfigError
from petarseg.files import write_json, write_text
from petarseg.phantom.dicom_writer import write_study
from petarseg.phantom.exam import PhantomExam, simulate_exam
from petarseg.phantom.people import planted_phi
from petarseg.phantom.scanner import Size
from petarseg.phantom.truth import cohort_truth, exam_truth
from petarseg.volume import Units, Volume


def write_cohort(
    out: Path,
    *,
    n_exams: int,
    seed: int = 0,
    size: Size = "small",
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a cohort of phantom PET/CT exams with reports and truth.

    Parameters
    ----------
    out : Path
        Receives ``dicom/``, ``reports.csv`` and ``truth/``. It must be absent or empty.
    n_exams : int
        How many exams. From 4 on the last one has no report, and one report has no exam.
    seed : int
        Everything follows from it: equal seeds give equal bytes.
    size : {"small", "full"}
        Coarse images of small people for demos and tests, or clinical matrices.
    on_progress : callable, optional
        Called with (exams done, exams in all) after each exam.

    Raises
    ------
    ConfigError
        If `n_exams` is not positive, `size` is unknown, or `out` holds files.
    """
    if n_exams < 1:
        raise ConfigError(f"a cohort needs at least one exam, not {n_exams}")
    if size not in ("small", "full"):
        raise ConfigError(f"size is 'small' or 'full', not {size!r}")
    if seed < 0:
        raise ConfigError(f"the seed must not be negative: {seed}")
    if out.is_dir() and any(out.iterdir()):
        raise ConfigError(f"{out} is not empty; give a new folder for the phantom cohort")
    exams, reports = [], []
    for number in range(n_exams):
        exam = simulate_exam(number, seed=seed, size=size)
        reported = n_exams < 4 or number < n_exams - 1
        report_id = f"R{number + 1:04d}" if reported else None
        folder = out / "dicom" / exam.study.visit.hospital.split()[0] / f"{number + 1:04d}"
        n_files = write_study(folder, exam.study, exam.pet, exam.pet_grid, exam.ct, exam.ct_grid)
        mask = Volume(exam.label, exam.pet_grid.affine, Units.LABEL)
        mask.save(out / "truth" / f"{exam.name}_lesions.nii.gz")
        exams.append(exam_truth(exam, report_id) | {"n_files": n_files})
        if report_id is not None:
            reports.append(_report_row(exam, number, report_id))
        if on_progress is not None:
            on_progress(number + 1, n_exams)
    orphans = []
    if n_exams >= 4:
        orphan, row = _orphan_report(n_exams, seed, size)
        orphans.append(orphan)
        reports.insert(len(reports) // 2, row)
    write_text(out / "reports.csv", _csv(reports))
    write_json(out / "truth" / "truth.json", cohort_truth(exams, orphans, n_exams=n_exams, seed=seed, size=size))


def _report_row(exam: PhantomExam, number: int, report_id: str) -> dict[str, str]:
    """Return the exam's row of reports.csv; some sites know fewer keys than others."""
    study = exam.study
    row = {
        "report_id": report_id, "patient_id": study.patient.patient_id, "study_date": f"{study.visit.arrival:%Y%m%d}",
        "accession_number": study.visit.accession, "study_instance_uid": study.uid("study"), "tracer": study.tracer.name,
        "report": exam.draft.text,
    }  # fmt: skip
    for column in ((), ("study_instance_uid",), ("accession_number",), ("accession_number", "study_instance_uid"))[number % 4]:
        row[column] = ""
    return row


def _orphan_report(n_exams: int, seed: int, size: Size) -> tuple[dict[str, object], dict[str, str]]:
    """Return the truth and the row of a report whose exam is not in the archive: it belongs to the exam after the last."""
    exam = simulate_exam(n_exams, seed=seed, size=size)
    report_id = f"R{n_exams + 1:04d}"
    row = _report_row(exam, 0, report_id)
    return {"report_id": report_id, "phi": planted_phi(exam.study.patient, exam.study.visit)}, row


def _csv(rows: Sequence[dict[str, str]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()

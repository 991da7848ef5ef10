"""Turn the records of a workspace into rows and the funnel. Reads only; the same records give the same rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import ValidationError

from petarseg import __version__
from petarseg.anatomy.organs import organ_flags
from petarseg.dataset.splits import split_of
from petarseg.errors import ContractError
from petarseg.files import content_key
from petarseg.keys import KeyFolder
from petarseg.reasons import Reason
from petarseg.reports.ensemble import Disagreement
from schemas.config import BuildConfig
from schemas.funnel import Funnel, FunnelStage
from schemas.rows import AnatomyRow, ExamRow, LesionRow, RejectedRow, Row
from tasks import versions
from tasks.exams import lesion_id_of
from tasks.texts import usable
from tasks.workspace import Workspace

VOLUMES = ("pet", "ct", "lesions", "anatomy")

RowType = TypeVar("RowType", bound=Row)


@dataclass(slots=True)
class Assembled:
    """Everything that a version publishes, before it is written."""

    lesions: list[LesionRow] = field(default_factory=list)
    exams: list[ExamRow] = field(default_factory=list)
    anatomy: list[AnatomyRow] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    funnel: Funnel = field(default_factory=Funnel)
    grids: dict[str, Any] = field(default_factory=dict)
    disagreements: list[Disagreement] = field(default_factory=list)
    voters: dict[str, Any] = field(default_factory=dict)
    known_lesions: set[str] = field(default_factory=set)
    """Ids of all usable findings, kept or not: what a reviewer may have judged."""
    labels: dict[str, Any] = field(default_factory=lambda: {"labelled_by": {}, "classes": {}})
    """Who labelled the CT, and the name of each label: the same for every exam of a version."""


class Assembler:
    """Walks the exams of a workspace through their records, counting everything."""

    def __init__(self, workspace: Workspace, keys: KeyFolder, config: BuildConfig) -> None:
        self._workspace, self._keys, self._config = workspace, keys, config
        self._out = Assembled()
        self._kept: dict[str, int] = {}
        self._dropped: dict[str, list[str]] = {}

    def run(self) -> Assembled:
        """Return the rows and the funnel of all exams."""
        index = json.loads((self._workspace.root / "work" / "index.json").read_text(encoding="utf-8"))
        for row in index["rejects"]:
            self._reject(row["exam_id"], row["stage"], row["reason"], row["evidence"], sentence=None)
        for exam_id, exam in sorted(index["exams"].items()):
            self._exam(exam_id, exam)
        self._out.rejected.sort(key=lambda row: (row.exam_id or "", row.stage, row.sentence or "", row.reason, row.evidence))
        self._out.funnel = Funnel(
            stages=[*(FunnelStage.model_validate(stage) for stage in index["funnel"]), *self._stages(len(index["exams"]))]
        )
        return self._out

    def _exam(self, exam_id: str, exam: Mapping[str, Any]) -> None:
        findings = self._findings(exam_id)
        if not findings:
            return
        self._out.known_lesions.update(lesion_id_of(self._keys, exam_id, finding) for finding in findings)
        converted = self._workspace.result("convert", exam_id)
        if self._lost(exam_id, "convert", converted, findings, "convert", "findings of converted exams"):
            return
        found = self._workspace.result("lesions", exam_id)
        if self._lost(exam_id, "lesions", found, findings, "find lesions", "match"):
            return
        self._count_lesions(exam_id, found, findings)
        if not found["lesions"]:
            self._drop("exams with lesions", Reason.NO_LESION)
            self._reject(exam_id, "lesions", Reason.NO_LESION, {"findings": len(findings)}, sentence=None)
            return
        self._keep("exams with lesions")
        finished = self._workspace.result("finish", exam_id)
        masked = [findings[int(lesion["finding"])] for lesion in found["lesions"]]
        if self._lost(exam_id, "finish", finished, masked, "resample exams", "resample"):
            return
        structures = self._workspace.result("structure", exam_id).get("structures")
        if structures is None:
            raise ContractError("lesions", "region", "every kept finding is structured", exam_id)
        self._publish(exam_id, exam, findings, converted, found, finished, structures)

    def _findings(self, exam_id: str) -> list[dict[str, Any]]:
        """Return the exam's usable findings; everything else that its report says becomes reject rows."""
        read = self._workspace.result("read", exam_id)
        if read["status"] != "ok":
            self._drop("scrub reports", read["reason"])
            self._reject(exam_id, "scrub", read["reason"], read["evidence"], sentence=None)
            return []
        self._keep("scrub reports")
        self._out.disagreements += [Disagreement(**item) for item in read["disagreements"]]
        add_counts(self._out.voters, read["statistics"])
        for item in read["measurements"]:
            values = {"suv_max": item["suv_max"], "axial_slice": item["axial_slice"]}
            if item["status"] != "accepted":
                self._drop("read statements", item["reason"])
                self._reject(exam_id, "extract", item["reason"], {**values, **item["evidence"]}, sentence=item["sentence"])
            elif item["suv_max"] < self._config.extraction.suv_floor:
                self._keep("read statements")
                self._drop("SUV floor", Reason.SUV_BELOW_FLOOR)
                floor = {**values, "floor": self._config.extraction.suv_floor}
                self._reject(exam_id, "extract", Reason.SUV_BELOW_FLOOR, floor, sentence=item["sentence"])
            else:
                self._keep("read statements")
                self._keep("SUV floor")
        findings = usable(read, self._config)
        if not findings:
            self._drop("usable exams", Reason.NO_USABLE_SENTENCE)
            self._reject(exam_id, "read", Reason.NO_USABLE_SENTENCE, {"statements": len(read["measurements"])}, sentence=None)
            return []
        self._keep("usable exams")
        return findings

    def _lost(
        self, exam_id: str, stage: str, record: Mapping[str, Any], findings: list[dict[str, Any]], exams: str, statements: str
    ) -> bool:
        """Count an exam stage; when it rejected the exam, account for each of its findings too."""
        if record["status"] == "ok":
            self._keep(exams)
            if statements == "findings of converted exams":
                self._keep(statements, len(findings))
            return False
        self._drop(exams, record["reason"])
        self._reject(exam_id, stage, record["reason"], record["evidence"], sentence=None)
        for finding in findings:
            self._drop(statements, Reason.EXAM_DROPPED)
            because = {"suv_max": finding["suv_max"], "axial_slice": finding["axial_slice"], "exam": record["reason"]}
            self._reject(exam_id, stage, Reason.EXAM_DROPPED, because, sentence=finding["sentence"])
        return True

    def _count_lesions(self, exam_id: str, found: Mapping[str, Any], findings: list[dict[str, Any]]) -> None:
        for reject in found["rejects"]:
            finding = findings[int(reject["finding"])]
            values = {"suv_max": finding["suv_max"], "axial_slice": finding["axial_slice"]}
            if reject["stage"] != "match":
                self._keep("match")
            if reject["stage"] == "review":
                self._keep("grow")
            self._drop(reject["stage"], reject["reason"])
            self._reject(exam_id, reject["stage"], reject["reason"], {**values, **reject["evidence"]}, sentence=finding["sentence"])
        self._keep("match", len(found["lesions"]))
        self._keep("grow", len(found["lesions"]))
        self._keep("review", len(found["lesions"]))

    def _publish(
        self,
        exam_id: str,
        exam: Mapping[str, Any],
        findings: list[dict[str, Any]],
        converted: Mapping[str, Any],
        found: Mapping[str, Any],
        finished: Mapping[str, Any],
        structures: list[dict[str, Any]],
    ) -> None:
        placed = {item["label"]: item for item in finished["lesions"]}
        rows = []
        for lesion, structure in zip(found["lesions"], structures, strict=True):
            finding = findings[int(lesion["finding"])]
            place = placed.get(lesion["label"])
            if place is None:
                self._drop("resample", Reason.OUTSIDE_GRID)
                self._reject(exam_id, "finish", Reason.OUTSIDE_GRID, {"max_ras_mm": lesion["max_ras_mm"]}, sentence=finding["sentence"])
                continue
            self._keep("resample")
            organ = organ_flags(structure["organ"], structure["laterality"], place["near_mm"], finished["anatomy_present"])
            rows.append(self._lesion_row(exam_id, exam, finding, lesion, place, structure, organ))
        if not rows:
            self._drop("publish exams", Reason.NO_LESION)
            self._reject(exam_id, "finish", Reason.NO_LESION, {"findings": len(findings)}, sentence=None)
            return
        self._keep("publish exams")
        self._out.lesions += rows
        self._out.grids[exam_id] = finished["grid"]
        self._out.labels = {"labelled_by": finished["anatomy_model"], "classes": finished["anatomy_classes"]}
        self._out.exams.append(self._exam_row(exam_id, exam, converted, finished, n_lesions=len(rows)))
        for item in finished["anatomy"]:
            key = f"{exam_id}/{item['anatomy_class']}"
            values = {name: item[name] for name in ("anatomy_class", "volume_ml", "question", "answer")}
            self._out.anatomy.append(
                self._row(AnatomyRow, key, exam_id=exam_id, split=self._split(exam), mask_label=item["label"], **values)
            )

    def _split(self, exam: Mapping[str, Any]) -> str:
        dataset = self._config.dataset
        unit = self._keys.unit_interval("split", exam["patient_id"])
        return split_of(unit, train=dataset.train_fraction, val=dataset.val_fraction)

    def _cohort(self, exam_id: str) -> dict[str, Any]:
        cohort: dict[str, Any] = self._workspace.result("read", exam_id)["cohort"]
        return cohort

    def _lesion_row(
        self,
        exam_id: str,
        exam: Mapping[str, Any],
        finding: Mapping[str, Any],
        lesion: Mapping[str, Any],
        place: Mapping[str, Any],
        structure: Mapping[str, Any],
        organ: Sequence[str],
    ) -> LesionRow:
        lesion_id = lesion_id_of(self._keys, exam_id, finding)
        provenance = {
            "petarseg": __version__,
            "stages": {"read": versions.READ, "convert": versions.CONVERT, "lesions": versions.LESIONS, "structure": versions.STRUCTURE},
            "profile": self._config.extraction.profile,
            "structure": self._config.structure.method,
        }
        return self._row(
            LesionRow,
            lesion_id,
            lesion_id=lesion_id,
            exam_id=exam_id,
            patient_id=exam["patient_id"],
            split=self._split(exam),
            tracer=self._tracer(exam_id, exam),
            sex=exam["sex"],
            age_years=exam["age_years"],
            findings=finding["sentence"],
            **{name: structure[name] for name in ("region", "organ", "anatomic_subsite", "laterality")},
            suv_max_report=finding["suv_max"],
            axial_slice_report=finding["axial_slice"],
            **{name: lesion[name] for name in ("suv_max", "suv_mean", "suv_peak", "volume_ml", "tlg", "threshold_suv", "method")},
            iterations=lesion["iterations"],
            stop_reason=lesion["stop_reason"],
            max_ras_mm=[round(value, 3) for value in lesion["max_ras_mm"]],
            bbox_ijk=place["bbox_ijk"],
            mask_label=lesion["label"],
            **{name: place[name] for name in ("anatomy_class", "anatomy_overlap", "anatomy_nearest")},
            slice_convention=lesion["slice_convention"],
            flags=sorted({*lesion["flags"], *place["flags"], *structure["flags"], *organ}),
            voters=json.dumps(finding["voters"], sort_keys=True),
            provenance=json.dumps(provenance, sort_keys=True),
        )

    def _exam_row(
        self, exam_id: str, exam: Mapping[str, Any], converted: Mapping[str, Any], finished: Mapping[str, Any], *, n_lesions: int
    ) -> ExamRow:
        cohort = self._cohort(exam_id)
        digests = "".join(finished["sha256"][f"{name}.nii.gz"] for name in VOLUMES)
        pet = converted["pet"]
        return self._row(
            ExamRow,
            exam_id,
            exam_id=exam_id,
            patient_id=exam["patient_id"],
            split=self._split(exam),
            tracer=self._tracer(exam_id, exam),
            sex=exam["sex"],
            age_years=exam["age_years"],
            indication=cohort.get("indication"),
            cancer_type=cohort.get("cancer_type"),
            shape=finished["shape"],
            spacing_mm=finished["spacing_mm"],
            native_pet_spacing_mm=converted["pet_spacing_mm"],
            native_ct_spacing_mm=converted["ct_spacing_mm"],
            suv_method=pet["method"],
            suv_assumptions=pet["assumptions"],
            manufacturer=pet.get("manufacturer"),
            model=pet.get("model"),
            face=finished["face"],
            n_lesions=n_lesions,
            **{f"{name}_path": f"volumes/{exam_id}/{name}.nii.gz" for name in VOLUMES},
            sha256=content_digest(digests),
        )

    def _tracer(self, exam_id: str, exam: Mapping[str, Any]) -> str | None:
        tracer: str | None = exam["tracer"] or self._cohort(exam_id).get("tracer")
        return tracer

    def _row(self, model: type[RowType], key: str, /, **values: Any) -> RowType:
        try:
            return model.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            table = model.__name__.removesuffix("Row").lower()
            column = ".".join(str(part) for part in first["loc"])
            raise ContractError(table, column, first["type"], key) from None  # pydantic's message quotes the value

    def _reject(self, exam_id: str | None, stage: str, reason: str, evidence: Mapping[str, Any], *, sentence: str | None) -> None:
        text = json.dumps(evidence, sort_keys=True, ensure_ascii=False, default=str)
        row = self._row(RejectedRow, str(exam_id), exam_id=exam_id, stage=stage, reason=str(reason), sentence=sentence, evidence=text)
        self._out.rejected.append(row)

    def _keep(self, stage: str, n: int = 1) -> None:
        self._kept[stage] = self._kept.get(stage, 0) + n

    def _drop(self, stage: str, reason: str) -> None:
        self._dropped.setdefault(stage, []).append(str(reason))

    def _stages(self, n_exams: int) -> list[FunnelStage]:
        """Chain the counts: what a stage reads is what the one before it kept, counted on its own."""
        n_statements = self._kept.get("read statements", 0) + len(self._dropped.get("read statements", []))
        chain = [
            ("scrub reports", "reports", n_exams),
            ("read statements", "statements", n_statements),
            ("SUV floor", "findings", self._kept.get("read statements", 0)),
            ("usable exams", "exams", self._kept.get("scrub reports", 0)),
            ("convert", "exams", self._kept.get("usable exams", 0)),
            ("findings of converted exams", "findings", self._kept.get("SUV floor", 0)),
            ("match", "findings", self._kept.get("findings of converted exams", 0)),
            ("grow", "lesions", self._kept.get("match", 0)),
            ("review", "lesions", self._kept.get("grow", 0)),
            ("find lesions", "exams", self._kept.get("convert", 0)),
            ("exams with lesions", "exams", self._kept.get("find lesions", 0)),
            ("resample exams", "exams", self._kept.get("exams with lesions", 0)),
            ("resample", "lesions", self._kept.get("review", 0)),
            ("publish exams", "exams", self._kept.get("resample exams", 0)),
        ]
        return [
            FunnelStage.count(stage, unit, read=read, kept=self._kept.get(stage, 0), dropped=self._dropped.get(stage, []))
            for stage, unit, read in chain
        ]


def add_counts(total: dict[str, Any], counts: Mapping[str, Any]) -> None:
    """Add nested counts to `total`, in place."""
    for name, value in counts.items():
        if isinstance(value, Mapping):
            add_counts(total.setdefault(name, {}), value)
        else:
            total[name] = total.get(name, 0) + value


def content_digest(text: str) -> str:
    """Return the SHA-256 of `text`, hex."""
    import hashlib

    return hashlib.sha256(text.encode("ascii")).hexdigest()


def published_settings(config: BuildConfig) -> dict[str, Any]:
    """Return the settings that decide the dataset, fit to be published.

    What only says how or where the work is done (workers, devices, addresses) is left out, so that it does not make a new version;
    so are the strings that must never appear.
    """
    server = {"base_url", "max_concurrency", "timeout_s", "api_key_env"}
    return config.model_dump(
        mode="json",
        exclude={
            "run": True,
            "reports": {"deny", "columns"},
            "lesions": {"device"},
            "anatomy": {"weights", "device", "python"},
            "extraction": {"endpoints": {"__all__": server}},
            "structure": {"endpoint": server},
        },
    )


def version_of(assembled: Assembled, config: BuildConfig, numbering: Mapping[str, Any]) -> str:
    """Return the version of a dataset: its label and ten hex digits over everything that decides its bytes."""
    tables = (assembled.lesions, assembled.exams, assembled.anatomy, assembled.rejected)
    rows = [row.model_dump(mode="json") for table in tables for row in table]
    stages = {name: value for name, value in vars(versions).items() if name.isupper()}
    funnel, settings = assembled.funnel.model_dump(mode="json"), published_settings(config)
    key = content_key(rows, funnel, assembled.grids, assembled.voters, assembled.labels, numbering, settings, stages, __version__)
    return f"{config.dataset.label}-{key[:10]}"

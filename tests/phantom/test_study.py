from __future__ import annotations

import numpy as np
import pytest

from petarseg.phantom.exam import PhantomExam, simulate_exam
from petarseg.phantom.scanner import PROTOCOLS
from petarseg.phantom.study import store_pet


def test_stored_suv_is_within_half_a_step(exam: PhantomExam) -> None:
    smooth = np.linspace(0, 20, 8 * 8 * 5, dtype=np.float32).reshape(8, 8, 5)
    stored = store_pet(smooth, exam.study)
    step = np.array([float(text) for text in stored.slopes]) * exam.study.suv_per_unit
    assert (np.abs(stored.suv - smooth) <= step / 2 * 1.01 + 1e-6).all()
    assert stored.pixels.max() <= 32_767
    assert len(set(stored.slopes)) == 5


def test_factor_undoes_the_decay_only_for_start() -> None:
    start, admin = simulate_exam(0).study, simulate_exam(6).study
    assert (start.protocol.decay, admin.protocol.decay) == ("START", "ADMIN")
    wait_s = (start.visit.scan_start - start.injection).total_seconds()
    left = start.dose_bq * 0.5 ** (wait_s / start.tracer.half_life_s)
    assert start.suv_per_bqml == pytest.approx(start.patient.weight_kg * 1000 / left)
    assert admin.suv_per_bqml == pytest.approx(admin.patient.weight_kg * 1000 / admin.dose_bq)


def test_philips_factors_agree() -> None:
    number = [protocol.name for protocol in PROTOCOLS].index("philips-cnts-both")
    study = simulate_exam(number).study
    # QIBA: both private factors must lead to one SUV.
    assert study.suv_per_unit == pytest.approx(study.philips_bqml_per_count * study.suv_per_bqml, rel=1e-6)


def test_uids_differ_by_part_and_not_by_call(exam: PhantomExam) -> None:
    assert exam.study.uid("study") == exam.study.uid("study")
    assert len({exam.study.uid("study"), exam.study.uid("frame"), exam.study.uid("series", "ct")}) == 3
    assert len(exam.study.uid("study")) <= 64

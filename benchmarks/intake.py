"""DICOM to NIfTI and archive scanning, against the tools that people use for it.

    python benchmarks/intake.py [--repeats 5] [--work DIR] [--skip dicom2nifti ...]

Makes a synthetic whole-body study (CT 512x512x335, PET 192x192x335) once, then converts it with petarseg (PET to SUVbw float32, CT to
HU, all checks on; the command finds the series itself, the library gets two lists of files) and with the peers, each in a process of its
own: CPU seconds (user + system, interpreter start included), peak memory, bytes written. Then scans the archive again and again for the
index rate. Prints Markdown.

Peers are found when installed (SimpleITK is a dependency of petarseg): ``pip install dcm2niix``, and, because it changes which decoders
pydicom finds, apart from petarseg ``pip install --target DIR dicom2nifti`` with ``--peers DIR``.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian
from scipy.ndimage import gaussian_filter

VOLUME_BYTES = 512 * 512 * 335 * 2 + 192 * 192 * 335 * 4
PETARSEG = """
import sys
from pathlib import Path
from petarseg.dicom.convert import ct_series, pet_series
source, out = Path(sys.argv[1]), Path(sys.argv[2])
pet_series(sorted((source / "pet").iterdir())).write(out / "pet.nii.gz")
ct_series(sorted((source / "ct").iterdir())).write(out / "ct.nii.gz")
"""
SIMPLEITK = """
import sys
import SimpleITK as sitk
for name in ("pet", "ct"):
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(f"{sys.argv[1]}/{name}"))
    sitk.WriteImage(reader.Execute(), f"{sys.argv[2]}/{name}.nii.gz", True)
"""
DICOM2NIFTI = """
import sys
import dicom2nifti
for name in ("pet", "ct"):
    dicom2nifti.dicom_series_to_nifti(f"{sys.argv[1]}/{name}", f"{sys.argv[2]}/{name}.nii.gz", reorient_nifti=False)
"""
SCAN = """
import sys, time
from pathlib import Path
from petarseg.dicom.index import scan_archive
root = Path(sys.argv[1])
scan_archive(root)
start = time.perf_counter()
count = scan_archive(root).n_files
print(count / (time.perf_counter() - start))
"""


@dataclass
class Run:
    cpu_s: float
    wall_s: float
    peak_mb: float
    written_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--work", type=Path, help="keep the study here")
    parser.add_argument("--skip", nargs="*", default=[], help="tools to leave out")
    parser.add_argument("--scan-copies", type=int, default=8, help="how often the study is linked into the archive that is scanned")
    parser.add_argument("--peers", type=Path, help="folder with dicom2nifti, put in the module path of that tool alone")
    args = parser.parse_args()
    work = args.work or Path(tempfile.mkdtemp(prefix="intake-"))
    study = work / "study"
    if not study.exists():
        write_study(study)
    commands = {name: command for name, command in find_tools(study, args.peers).items() if name.split()[0] not in args.skip}
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(args.repeats):
        for name, command in commands.items():
            out = work / "out"
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            runs[name].append(measure([part.replace("{out}", str(out)) for part in command], out))
    report(runs)
    report_scan(work, study, args.scan_copies, args.repeats)
    if args.work is None:
        shutil.rmtree(work)


def find_tools(study: Path, peers: Path | None) -> dict[str, list[str]]:
    source = str(study)
    tools = {
        "petarseg convert": [sys.executable, "-m", "petarseg", "convert", source, "--out", "{out}"],
        "petarseg library": [sys.executable, "-c", PETARSEG, source, "{out}"],
    }
    if importlib.util.find_spec("dcm2niix") is not None:
        import dcm2niix

        binary = str(dcm2niix.bin)
        tools["dcm2niix default"] = [binary, "-z", "y", "-b", "y", "-o", "{out}", source]
        tools["dcm2niix -1"] = [binary, "-1", "-z", "y", "-b", "y", "-o", "{out}", source]
    if importlib.util.find_spec("SimpleITK") is not None:
        tools["SimpleITK"] = [sys.executable, "-c", SIMPLEITK, source, "{out}"]
    if peers is not None:
        tools["dicom2nifti"] = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(peers)!r})\n{DICOM2NIFTI}", source, "{out}"]
    return tools


def measure(command: list[str], out: Path) -> Run:
    start = time.perf_counter()
    pid = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, str(out / "log"), os.O_WRONLY | os.O_CREAT, 0o600),
        ],
    )
    _, status, usage = os.wait4(pid, 0)
    wall_s = time.perf_counter() - start
    if status != 0:
        sys.exit(f"{command[0]} failed: {(out / 'log').read_text()[-2_000:]}")
    written = sum(path.stat().st_size for path in out.rglob("*.nii.gz"))
    return Run(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss / 1024.0, written / 1e6)


def report(runs: dict[str, list[Run]]) -> None:
    print(f"\nWhole-body CT 512x512x335 + PET 192x192x335 to .nii.gz, {date.today().isoformat()}, {machine()}\n")
    print("| tool | version | CPU s (median) | of dcm2niix default | wall s | peak MB | of the volumes | written MB |")
    print("|---|---|---|---|---|---|---|---|")
    base = runs.get("dcm2niix default")
    base_cpu_s = statistics.median(run.cpu_s for run in base) if base else float("nan")
    for name, items in runs.items():
        cpu_s = statistics.median(run.cpu_s for run in items)
        wall_s = statistics.median(run.wall_s for run in items)
        peak_mb = statistics.median(run.peak_mb for run in items)
        print(
            f"| {name} | {installed(name.split()[0])} | {cpu_s:.2f} | {cpu_s / base_cpu_s:.2f} | {wall_s:.2f} | {peak_mb:.0f} "
            f"| {peak_mb * 1024**2 / VOLUME_BYTES:.2f} | {items[0].written_mb:.1f} |"
        )


def report_scan(work: Path, study: Path, copies: int, repeats: int) -> None:
    archive = work / "archive"
    if not archive.exists():
        for copy in range(copies):
            for path in study.rglob("*.dcm"):
                target = archive / f"{copy}" / path.relative_to(study)
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(path, target)
    rates = []
    for _ in range(repeats):
        with os.popen(f"{sys.executable} -c '{SCAN}' {archive}") as pipe:
            rates.append(float(pipe.read()))
    print(f"\nIndex, warm: {statistics.median(rates):.0f} files/s (median of {repeats}, {copies * 670} files)")


def installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "given by --peers"


def machine() -> str:
    model = platform.processor() or platform.machine()
    with Path("/proc/cpuinfo").open() as stream:
        model = next((line.split(":")[1].strip() for line in stream if line.startswith("model name")), model)
    return f"{model}, {os.cpu_count()} CPUs, Python {platform.python_version()}"


def write_study(folder: Path) -> None:
    """Write a study with a body, noise as scanners have it, air outside, and vendor-like headers."""
    rng = np.random.default_rng(0)
    for name, (columns, slices, spacing) in {"ct": (512, 335, 0.977), "pet": (192, 335, 2.604)}.items():
        (folder / name).mkdir(parents=True)
        y, x = np.mgrid[:columns, :columns] / columns - 0.5
        body = (x / 0.36) ** 2 + (y / 0.24) ** 2 < 1.0
        lungs = ((np.abs(x) - 0.15) / 0.1) ** 2 + (y / 0.14) ** 2 < 1.0
        for index in range(slices):
            if name == "ct":
                image = np.where(body, np.where(lungs & (150 < index < 260), -820.0, 40.0), -1_000.0)
                noise = gaussian_filter(rng.normal(0.0, 1.0, image.shape), 0.8)
                image = image + noise * np.where(body, 45.0, 12.0)
                stored = np.rint(np.clip(image, -1_024, 3_071) + 1_024).astype(np.int16)
            else:
                activity = np.where(body, 5_000.0, 15.0) * (1.0 + 0.3 * np.sin(index / 30.0))
                activity = gaussian_filter(activity + np.sqrt(activity) * 30.0 * rng.normal(0.0, 1.0, activity.shape), 1.2)
                stored = np.rint(np.clip(activity, 0.0, None) / activity.max() * 32_000.0).astype(np.int16)
                slope = float(activity.max()) / 32_000.0
            dataset = _header(name, index, columns, spacing)
            dataset.RescaleSlope = "1" if name == "ct" else f"{slope:.10g}"
            dataset.RescaleIntercept = "-1024" if name == "ct" else "0"
            dataset.PixelData = stored.tobytes()
            dataset["PixelData"].VR = "OW"
            _save(dataset, folder / name / f"{index:04d}.dcm")


def _header(name: str, index: int, columns: int, spacing_mm: float) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2" if name == "ct" else "1.2.840.10008.5.1.4.1.1.128"
    dataset.Modality = "CT" if name == "ct" else "PT"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.826.0.1.1", f"1.2.826.0.1.1.{1 if name == 'ct' else 2}"
    dataset.SOPInstanceUID = f"{dataset.SeriesInstanceUID}.{index + 1}"
    dataset.FrameOfReferenceUID = "1.2.826.0.1.9"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"] if name == "ct" else ["ORIGINAL", "PRIMARY"]
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = "20200102"
    dataset.StudyTime = dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = "110000"
    dataset.Manufacturer, dataset.ManufacturerModelName = "GE MEDICAL SYSTEMS", "Discovery 690"
    dataset.PatientName, dataset.PatientID, dataset.PatientSex, dataset.PatientWeight = "Phantom", "1", "F", "70"
    dataset.SeriesNumber, dataset.InstanceNumber = (2 if name == "ct" else 3), 335 - index
    dataset.SeriesDescription, dataset.PatientPosition = ("CT WB" if name == "ct" else "PET AC"), "HFS"
    dataset.ImagePositionPatient = [-columns * spacing_mm / 2, -columns * spacing_mm / 2, 3.27 * index]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness = [spacing_mm, spacing_mm], "3.27"
    dataset.Rows = dataset.Columns = columns
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
    if name == "pet":
        dataset.Units, dataset.DecayCorrection, dataset.SeriesType = "BQML", "START", ["STATIC", "IMAGE"]
        dataset.CorrectedImage = ["DECY", "ATTN", "SCAT", "DTIM", "RANSNG", "DCAL", "SLSENS", "NORM"]
        dataset.FrameReferenceTime, dataset.ActualFrameDuration, dataset.DecayFactor = "0", "120000", "1.0"
        agent = Dataset()
        agent.Radiopharmaceutical, agent.RadiopharmaceuticalStartTime = "FDG", "100000"
        agent.RadionuclideTotalDose, agent.RadionuclideHalfLife = "350000000", "6586.2"
        dataset.RadiopharmaceuticalInformationSequence = Sequence([agent])
    # private elements and a nested sequence, so that a header is about as long as a scanner's
    block = dataset.private_block(0x0019, "BENCHMARK", create=True)
    for element in range(0x10, 0x60):
        block.add_new(element, "DS", f"{element * 1.25:.4f}")
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    dataset.ReferencedImageSequence = Sequence([reference] * 3)
    return dataset


def _save(dataset: Dataset, path: Path) -> None:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    dcmwrite(path, FileDataset(str(path), dataset, file_meta=meta, preamble=b"\0" * 128), enforce_file_format=True)


if __name__ == "__main__":
    main()

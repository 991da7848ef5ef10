"""A simplified adult: where organs lie, what they weigh in HU, and which tissue of a tracer table they hold.

The reference body lies supine with raised arms. Its frame is RAS+ in mm: x to the patient's right, y to anterior, z to the
head, with z = 0 at the vertex, and x = y = 0 in the middle of the trunk. A :class:`BodyFrame` stretches and places it.

Structures are painted in order, later over earlier, the same list for CT (HU) and PET (tissue).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from petarseg.phantom.shapes import Axes, Capsule, Ellipsoid, Loft, Point, Ribs, Shape, Slab

Station = tuple[float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Structure:
    """Something that is painted: a shape with its HU and its tissue (a key of ``Tracer.suv``, or "air")."""

    name: str
    shape: Shape
    hu: float
    tissue: str


@dataclass(frozen=True, slots=True)
class BodyFrame:
    """Places the reference body in the scanner: ``scanner = reference * scale + shift_mm``, per axis (no rotation)."""

    scale: Point
    shift_mm: Point

    def to_reference(self, axes: Axes) -> Axes:
        """Return scanner axes in mm as reference axes."""
        x, y, z = ((a - d) / s for a, s, d in zip(axes, self.scale, self.shift_mm, strict=True))
        return x, y, z

    def to_scanner_mm(self, point: Point) -> Point:
        """Return a reference point in scanner coordinates, RAS mm."""
        x, y, z = (p * s + d for p, s, d in zip(point, self.scale, self.shift_mm, strict=True))
        return x, y, z


# (z, centre x, centre y, half-width x, half-width y) of the muscle boundary; the subcutaneous fat lies around it.
TRUNK: tuple[Station, ...] = (
    (-170, 0, -8, 50, 55), (-235, 0, -10, 48, 52), (-252, 0, -10, 60, 54), (-268, 0, -8, 88, 62), (-288, 0, -5, 120, 72),
    (-320, 0, -2, 142, 84), (-370, 0, 0, 150, 94), (-450, 0, 0, 150, 100), (-520, 0, 0, 146, 100), (-600, 0, 0, 138, 97),
    (-660, 0, 0, 131, 93), (-700, 0, 0, 140, 95), (-745, 0, 0, 156, 100), (-795, 0, 0, 158, 100), (-832, 0, 0, 154, 94),
)  # fmt: skip
CAVITY: tuple[Station, ...] = (
    (-560, 0, 5, 105, 72), (-600, 0, 8, 112, 72), (-660, 0, 10, 106, 70), (-720, 0, 12, 108, 68), (-780, 0, 12, 80, 62),
    (-815, 0, 15, 58, 50),
)  # fmt: skip
LUNG: tuple[Station, ...] = (
    (-288, 44, -8, 8, 10), (-305, 54, -8, 32, 38), (-350, 68, -2, 46, 60), (-420, 75, 0, 54, 76), (-480, 78, -2, 53, 80),
    (-520, 82, -12, 49, 74), (-555, 86, -35, 40, 52), (-578, 88, -50, 16, 18),
)  # fmt: skip
LEG: tuple[Station, ...] = (
    (-812, 82, -2, 72, 84), (-900, 80, 0, 70, 76), (-1000, 78, 0, 58, 62), (-1150, 72, 0, 46, 48), (-1250, 70, -8, 48, 52),
    (-1450, 66, -5, 30, 34),
)  # fmt: skip
RIB_CAGE = Ribs(Loft(TRUNK), first_mm=-300.0, pitch_mm=24.0, width_mm=10.0, count=10)
THORAX_TOP_MM, THORAX_PITCH_MM = -274.0, 22.5
LUMBAR_TOP_MM, LUMBAR_PITCH_MM = -544.0, 32.0
CERVICAL_TOP_MM, CERVICAL_PITCH_MM = -186.0, 12.5


def vertebra_centre_mm(name: str) -> Point:
    """Return the middle of a vertebral body ("C5", "T8", "L3") in the reference frame."""
    level, number = name[0], int(name[1:])
    top, pitch = {
        "C": (CERVICAL_TOP_MM, CERVICAL_PITCH_MM), "T": (THORAX_TOP_MM, THORAX_PITCH_MM), "L": (LUMBAR_TOP_MM, LUMBAR_PITCH_MM)
    }[level]  # fmt: skip
    z = top - pitch * (number - 0.5)
    return 0.0, float(np.interp(-z, (180, 280, 420, 560, 640, 705), (-22, -38, -60, -52, -42, -48))), z


def mirrored(stations: tuple[Station, ...]) -> tuple[Station, ...]:
    """Return the stations on the patient's other side."""
    return tuple((z, -x, y, a, b) for z, x, y, a, b in stations)


def _both(name: str, right: Shape, hu: float, tissue: str) -> list[Structure]:
    """Return a structure of the patient's right side (positive x) and its mirror image."""
    left: Shape
    if isinstance(right, Ellipsoid):
        x, y, z = right.centre_mm
        left = Ellipsoid((-x, y, z), right.radii_mm, -right.turn_deg)
    elif isinstance(right, Capsule):
        a, b = right.start_mm, right.end_mm
        left = Capsule((-a[0], a[1], a[2]), (-b[0], b[1], b[2]), right.start_radius_mm, right.end_radius_mm)
    elif isinstance(right, Loft):
        left = Loft(mirrored(right.stations), right.grow_mm)
    else:
        raise TypeError(f"cannot mirror {type(right).__name__}")
    return [Structure(f"right {name}", right, hu, tissue), Structure(f"left {name}", left, hu, tissue)]


def _outline(fat_mm: float) -> list[Structure]:
    """Skin and fat first, then the muscle that fills the inside."""
    arm = Capsule((132, -12, -292), (148, -30, 40), 38.0, 33.0)
    arm_fat = Capsule(arm.start_mm, arm.end_mm, 38.0 + fat_mm / 3, 33.0 + fat_mm / 3)
    head, face = Ellipsoid((0, 0, -95), (74, 92, 95)), Ellipsoid((0, 22, -160), (58, 72, 62))
    return [
        *_both("arm fat", arm_fat, -100, "fat"),
        Structure("trunk fat", Loft(TRUNK, fat_mm), -100, "fat"),
        *_both("leg fat", Loft(LEG, fat_mm), -100, "fat"),
        Structure("scalp", head, 30, "muscle"),
        Structure("face", face, 40, "muscle"),
        *_both("arm", arm, 50, "muscle"),
        Structure("trunk", Loft(TRUNK), 50, "muscle"),
        *_both("leg", Loft(LEG), 50, "muscle"),
        Structure("abdominal cavity", Loft(CAVITY), -90, "fat"),
    ]


def _chest() -> list[Structure]:
    """Lungs, airways, mediastinum, heart and great vessels."""
    return [
        *_both("lung", Loft(LUNG), -810, "lung"),
        Structure("mediastinum", Ellipsoid((0, 5, -400), (30, 62, 108)), 20, "muscle"),
        Structure("heart", Ellipsoid((-26, 32, -462), (50, 44, 48)), 40, "blood"),
        Structure("myocardium", Ellipsoid((-42, 34, -470), (33, 29, 37)), 45, "myocardium"),
        Structure("ventricle", Ellipsoid((-42, 34, -466), (20, 17, 26)), 40, "blood"),
        Structure("aortic arch", Capsule((10, 22, -375), (-18, -30, -378), 12.0, 12.0), 40, "blood"),
        Structure("descending aorta", Capsule((-18, -32, -378), (-12, -24, -690), 11.0, 9.0), 40, "blood"),
        Structure("superior vena cava", Capsule((24, 12, -320), (24, 10, -420), 8.0, 9.0), 40, "blood"),
        Structure("oesophagus", Capsule((-2, -22, -270), (-8, -16, -520), 6.0, 6.0), 35, "muscle"),
        Structure("trachea", Capsule((0, 10, -190), (0, -8, -392), 8.0, 8.0), -1000, "air"),
        *_both("main bronchus", Capsule((0, -8, -392), (34, -8, -420), 6.0, 5.0), -1000, "air"),
    ]


def _abdomen() -> list[Structure]:
    """Solid organs, bowel and the urinary tract."""
    bowel = [
        ((18, 38, -622), 20), ((-24, 44, -640), 19), ((42, 42, -655), 18), ((-52, 34, -668), 19), ((8, 48, -672), 20),
        ((34, 30, -700), 19), ((-16, 36, -712), 20), ((-50, 26, -716), 18), ((58, 22, -722), 20), ((10, 22, -742), 18),
    ]  # fmt: skip
    return [
        Structure("liver", Ellipsoid((66, 8, -560), (66, 76, 72)), 58, "liver"),
        Structure("left hepatic lobe", Ellipsoid((4, 44, -545), (66, 38, 40)), 58, "liver"),
        Structure("spleen", Ellipsoid((-98, -38, -556), (28, 42, 48), 15), 50, "spleen"),
        Structure("stomach", Ellipsoid((-58, 34, -568), (36, 32, 48)), 35, "stomach"),
        Structure("gastric gas", Ellipsoid((-58, 54, -552), (16, 8, 18)), -950, "air"),
        Structure("pancreas", Capsule((26, 14, -606), (-62, -8, -584), 10.0, 8.0), 40, "pancreas"),
        *[Structure("bowel", Ellipsoid(centre, (radius, radius * 0.8, radius * 0.8)), 30, "bowel") for centre, radius in bowel],
        *[Structure("bowel gas", Ellipsoid((c[0], c[1] + 6, c[2]), (8, 6, 8)), -900, "air") for c, _ in bowel[::3]],
        *_both("ascending or descending colon", Capsule((96, 8, -640), (92, 8, -716), 15.0, 15.0), 20, "bowel"),
        *_both("adrenal", Capsule((36, -24, -566), (42, -40, -580), 4.0, 4.0), 35, "adrenal"),
        *_both("kidney", Ellipsoid((64, -46, -642), (26, 24, 48)), 40, "kidney"),
        *_both("renal pelvis", Ellipsoid((50, -42, -642), (9, 9, 16)), 20, "renal_pelvis"),
        Structure("bladder", Ellipsoid((0, 42, -800), (36, 32, 28)), 12, "bladder"),
        Structure("rectum", Capsule((0, -38, -760), (0, -42, -815), 14.0, 14.0), 30, "bowel"),
    ]


def _bones() -> list[Structure]:
    """Skull, spine, ribs, girdles and long bones. Vertebral bodies are separated by discs."""
    bones = [
        Structure("ribs", RIB_CAGE, 380, "bone"),
        Structure("sternum", Ellipsoid((0, 90, -385), (16, 7, 72)), 320, "marrow"),
        *_both("clavicle", Capsule((14, 66, -292), (112, 16, -280), 7.0, 7.0), 480, "bone"),
        *_both("scapula", Ellipsoid((98, -66, -345), (36, 8, 52), -35), 380, "bone"),
        *_both("humerus", Capsule((128, -12, -296), (148, -30, 40), 15.0, 11.0), 620, "bone"),
        *_both("iliac wing", Ellipsoid((86, -14, -728), (13, 50, 48), -18), 380, "marrow"),
        *_both("acetabulum", Ellipsoid((86, -2, -796), (30, 32, 30)), 420, "marrow"),
        *_both("femoral head and neck", Capsule((88, 0, -796), (104, -4, -836), 22.0, 19.0), 430, "marrow"),
        *_both("femur", Capsule((102, -4, -836), (80, 4, -1210), 15.0, 13.0), 700, "bone"),
        *_both("femoral marrow", Capsule((102, -4, -842), (80, 4, -1210), 7.0, 6.0), 30, "marrow"),
        *_both("pubic bone", Capsule((12, 52, -826), (70, 20, -800), 9.0, 10.0), 420, "bone"),
        Structure("sacrum", Ellipsoid((0, -66, -748), (44, 20, 46)), 320, "marrow"),
    ]
    for name in [*(f"C{n}" for n in range(1, 8)), *(f"T{n}" for n in range(1, 13)), *(f"L{n}" for n in range(1, 6))]:
        x, y, z = vertebra_centre_mm(name)
        wide, deep, high = {"C": (13, 10, 10.5), "T": (18, 15, 19.5), "L": (23, 17, 27)}[name[0]]
        disc = {"C": 1.5, "T": 1.8, "L": 3.0}[name[0]]
        body = ((z - high / 2, x, y, wide, deep), (z + high / 2, x, y, wide, deep))
        gap = ((z - high / 2 - 2 * disc, x, y, wide, deep), (z - high / 2, x, y, wide, deep))
        bones += [
            Structure("disc", Loft(gap), 85, "muscle"),
            Structure(name, Loft(body), 260, "marrow"),
            Structure("spinous process", Ellipsoid((x, y - deep - 20, z), (6, 14, high / 2)), 380, "bone"),
            *_both("lamina", Ellipsoid((x + 13, y - deep - 9, z), (7, 7, high / 2)), 380, "bone"),
        ]
    return bones


def _head() -> list[Structure]:
    """Skull, brain, eyes, salivary glands and the airways of the face."""
    return [
        Structure("mandible", Ellipsoid((0, 30, -196), (46, 52, 14)), 620, "bone"),
        Structure("mouth", Ellipsoid((0, 24, -190), (36, 42, 18)), 45, "muscle"),
        Structure("skull", Ellipsoid((0, 0, -92), (69, 87, 88)), 850, "bone"),
        Structure("brain", Ellipsoid((0, 0, -90), (62, 80, 80)), 35, "brain"),
        Structure("white matter", Ellipsoid((0, 0, -90), (40, 54, 48)), 28, "white_matter"),
        Structure("nasal cavity", Ellipsoid((0, 62, -146), (16, 20, 18)), -900, "air"),
        *_both("eye", Ellipsoid((32, 72, -116), (12, 12, 12)), 15, "eye"),
        *_both("parotid", Ellipsoid((48, 0, -176), (9, 15, 20)), 20, "salivary"),
        *_both("submandibular gland", Ellipsoid((26, 34, -212), (9, 12, 10)), 30, "salivary"),
        Structure("pharynx", Capsule((0, 14, -160), (0, 10, -190), 9.0, 8.0), -1000, "air"),
    ]


def structures(fat_mm: float) -> list[Structure]:
    """Return everything of the reference body in painting order.

    Parameters
    ----------
    fat_mm : float
        Thickness of the subcutaneous fat of the trunk.
    """
    return [*_outline(fat_mm), *_chest(), *_abdomen(), *_bones(), *_head()]


def table(fat_mm: float) -> Structure:
    """Return the carbon table under the body, which only the CT shows."""
    return Structure("table", Slab((-175, -118 - fat_mm, -1500), (175, -108 - fat_mm, 100)), -320, "air")


def organ_shapes() -> dict[str, Shape]:
    """Return the organs that a reader measures for reference, by name."""
    wanted = {"liver", "spleen", "bladder", "myocardium", "brain", "descending aorta", "right renal pelvis", "left renal pelvis",
              "right parotid", "left parotid"}  # fmt: skip
    return {item.name: item.shape for item in structures(12.0) if item.name in wanted}

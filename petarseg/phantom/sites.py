"""Where the phantom's lesions lie: named anatomical sites with the words that a report uses for them."""

from __future__ import annotations

from dataclasses import dataclass

from petarseg.phantom.body import RIB_CAGE, vertebra_centre_mm
from petarseg.phantom.shapes import Point


@dataclass(frozen=True, slots=True)
class Site:
    """A place for a lesion, in the reference frame of ``body.py``.

    Parameters
    ----------
    name : str
        Unique key.
    phrase : str
        The lesion as dictated, with its side: "left axillary lymph node".
    region, organ, subsite, laterality : str
        What the structured record should say (SPEC decision 24).
    centre_mm : tuple of float
        Reference coordinates, RAS mm.
    diameters_mm : tuple of float
        Smallest and largest mean diameter that fits.
    ct_hu : float
        What the lesion shows in CT.
    """

    name: str
    phrase: str
    region: str
    organ: str
    subsite: str
    laterality: str
    centre_mm: Point
    diameters_mm: tuple[float, float]
    ct_hu: float = 45.0


def _pair(
    noun: str, region: str, organ: str, subsite: str, right_mm: Point, diameters_mm: tuple[float, float], hu: float = 45.0
) -> list[Site]:
    """Return a site of the right side and its mirror image."""
    x, y, z = right_mm
    return [
        Site(f"{side} {subsite}", noun.format(side=side), region, organ, f"{side} {subsite}", side, (sign * x, y, z), diameters_mm, hu)
        for side, sign in (("right", 1), ("left", -1))
    ]


def _vertebra(name: str) -> Site:
    region = {"C": "Neck", "T": "Chest", "L": "Abdomen"}[name[0]]
    diameters = (12.0, 15.0) if name[0] == "C" else (14.0, 24.0)
    return Site(
        name, f"{name} vertebral body lesion", region, "bone", f"{name} vertebral body", "midline", vertebra_centre_mm(name), diameters, 620
    )


def _rib(number: int, angle_deg: float, where: str, side: str) -> Site:
    ordinal = {4: "fourth", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth"}[number]
    centre = RIB_CAGE.centre_mm(number, angle_deg)
    return Site(
        f"{side} {ordinal} rib",
        f"{side} {where} {ordinal} rib lesion",
        "Chest",
        "bone",
        f"{side} {ordinal} rib",
        side,
        centre,
        (12, 20),
        500,
    )


SITES: tuple[Site, ...] = (
    # --- chest ---
    Site("right upper lobe", "right upper lobe pulmonary nodule", "Chest", "lung", "right upper lobe", "right", (70, 8, -345), (10, 34)),
    Site("right middle lobe", "right middle lobe pulmonary nodule", "Chest", "lung", "right middle lobe", "right", (82, 40, -452), (11,
         26)),
    Site("right lower lobe", "right lower lobe pulmonary nodule", "Chest", "lung", "right lower lobe", "right", (82, -42, -478), (10, 34)),
    Site("left upper lobe", "left upper lobe pulmonary nodule", "Chest", "lung", "left upper lobe", "left", (-70, 8, -345), (10, 34)),
    Site("left lower lobe", "left lower lobe pulmonary nodule", "Chest", "lung", "left lower lobe", "left", (-90, -46, -490), (10, 32)),
    *_pair("{side} hilar lymph node", "Chest", "lymph node", "hilum", (42, -6, -408), (10, 22)),
    *_pair("{side} axillary lymph node", "Chest", "lymph node", "axilla", (126, 4, -338), (10, 24)),
    *_pair("{side} breast mass", "Chest", "breast", "breast", (72, 86, -425), (14, 30)),
    Site("right paratracheal", "right lower paratracheal (station 4R) lymph node", "Chest", "lymph node",
         "right lower paratracheal station 4R",
         "right", (26, -4, -372), (10, 20)),
    Site("subcarinal", "subcarinal lymph node", "Chest", "lymph node", "subcarinal", "midline", (2, -14, -414), (10, 22)),
    Site("oesophagus", "distal esophageal mass", "Chest", "esophagus", "distal esophagus", "none", (-6, -26, -505), (14, 24)),
    # --- neck ---
    *_pair("{side} level II cervical lymph node", "Neck", "lymph node", "level II", (34, -14, -222), (10, 18)),
    *_pair("{side} supraclavicular lymph node", "Neck", "lymph node", "supraclavicular", (52, 16, -270), (10, 20)),
    *_pair("{side} thyroid lobe nodule", "Neck", "thyroid", "thyroid lobe", (22, 20, -248), (10, 20)),
    # --- abdomen ---
    Site("segment VI", "segment VI hepatic lesion", "Abdomen", "liver", "hepatic segment VI", "none", (86, -8, -590), (16, 34)),
    Site("segment VIII", "segment VIII hepatic lesion", "Abdomen", "liver", "hepatic segment VIII", "none", (66, 34, -530), (16, 36)),
    Site("segment III", "segment III hepatic lesion", "Abdomen", "liver", "hepatic segment III", "none", (-20, 52, -548), (16, 28)),
    Site("spleen", "splenic lesion", "Abdomen", "spleen", "spleen", "none", (-100, -40, -552), (16, 28)),
    *_pair("{side} adrenal nodule", "Abdomen", "adrenal gland", "adrenal gland", (37, -30, -572), (12, 24), 30),
    Site("left para-aortic", "left para-aortic lymph node", "Abdomen", "lymph node", "left para-aortic", "left", (-34, -16, -690), (12,
         24)),
    Site("aortocaval", "aortocaval lymph node", "Abdomen", "lymph node", "aortocaval", "midline", (8, -16, -676), (12, 22)),
    Site("mesenteric", "mesenteric lymph node", "Abdomen", "lymph node", "mesentery", "none", (10, 24, -650), (13, 28)),
    Site("pancreatic tail", "pancreatic tail mass", "Abdomen", "pancreas", "pancreatic tail", "none", (-58, -8, -584), (14, 28)),
    Site("abdominal wall", "midline anterior abdominal wall mass", "Abdomen", "soft tissue", "anterior abdominal wall", "midline",
         (0, 86, -655), (14, 34)),
    # --- pelvis ---
    *_pair("{side} external iliac lymph node", "Pelvis", "lymph node", "external iliac", (68, 30, -752), (12, 24)),
    *_pair("{side} inguinal lymph node", "Pelvis", "lymph node", "inguinal", (74, 68, -822), (12, 26)),
    *_pair("{side} iliac wing lesion", "Pelvis", "bone", "iliac wing", (88, -22, -724), (14, 32), 520),
    *_pair("{side} acetabular lesion", "Pelvis", "bone", "acetabulum", (94, -8, -794), (14, 28), 520),
    *_pair("{side} gluteal soft tissue mass", "Pelvis", "soft tissue", "gluteal muscle", (80, -72, -772), (16, 44)),
    Site("sacrum", "sacral lesion", "Pelvis", "bone", "sacrum", "midline", (0, -68, -742), (14, 30), 520),
    Site("presacral", "presacral soft tissue nodule", "Pelvis", "soft tissue", "presacral space", "midline", (0, -30, -752), (13, 22)),
    # --- limbs ---
    *_pair("{side} medial thigh mass", "Lower extremity", "soft tissue", "medial thigh", (52, 6, -862), (16, 40)),
    *_pair("{side} posterior thigh mass", "Lower extremity", "soft tissue", "posterior thigh", (84, -42, -858), (16, 42)),
    *_pair("{side} proximal femoral lesion", "Lower extremity", "bone", "proximal femur", (101, -2, -850), (13, 26), 560),
    *_pair("{side} proximal humeral lesion", "Upper extremity", "bone", "proximal humerus", (133, -16, -225), (13, 26), 560),
    # --- skeleton ---
    *(_vertebra(name) for name in ("C5", "C6", "T2", "T4", "T6", "T7", "T9", "T11", "L1", "L2", "L3", "L4", "L5")),
    _rib(5, 8, "lateral", "right"), _rib(7, -12, "posterolateral", "right"),
    _rib(4, 172, "lateral", "left"), _rib(6, 190, "posterolateral", "left"), _rib(8, 178, "lateral", "left"),
    Site("sternum", "sternal body lesion", "Chest", "bone", "sternum", "midline", (0, 90, -385), (12, 20), 500),
)  # fmt: skip
"""All sites, in a fixed order: the random draw of a cohort goes by position in this list."""

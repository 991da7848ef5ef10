"""HL7 segments: what identifies in them, and what is clinical text."""

from __future__ import annotations

from petarseg.reports.phi_messages import find_in_messages


def test_telling_components_of_segments() -> None:
    text = (
        "MSH|^~\\&|RIS|STONEBRIDGE GENERAL|EMR|OTHER PLACE|202403180915||ORU^R01|MSG00918273|P|2.3\n"
        "PID|1||90081772^^^MRN||OSGOOD^TABITHA^R||19570822|F|||41 Quince Ct^^Millhaven^OR^97031\n"
        "OBX|1|TX|FINDINGS: Right hilar node SUVmax 7.7, slice 91.\n"
    )
    assert [text[span.start : span.end] for span in find_in_messages(text)] == [
        "STONEBRIDGE GENERAL",
        "OTHER PLACE",
        "MSG00918273",
        "90081772^^^MRN",
        "OSGOOD^TABITHA^R",
        "19570822",
        "41 Quince Ct^^Millhaven^OR^97031",
    ]

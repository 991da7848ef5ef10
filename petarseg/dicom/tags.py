"""The DICOM attributes that petarseg reads, by keyword."""

from __future__ import annotations

from enum import IntEnum


class Tag(IntEnum):
    """Tags as ``0xGGGGEEEE``; names are the keywords of PS3.6."""

    SpecificCharacterSet = 0x00080005
    ImageType = 0x00080008
    InstanceCreationDate = 0x00080012
    SOPClassUID = 0x00080016
    SOPInstanceUID = 0x00080018
    StudyDate = 0x00080020
    SeriesDate = 0x00080021
    AcquisitionDate = 0x00080022
    ContentDate = 0x00080023
    AcquisitionDateTime = 0x0008002A
    StudyTime = 0x00080030
    SeriesTime = 0x00080031
    AcquisitionTime = 0x00080032
    ContentTime = 0x00080033
    AccessionNumber = 0x00080050
    Modality = 0x00080060
    Manufacturer = 0x00080070
    InstitutionName = 0x00080080
    InstitutionAddress = 0x00080081
    ReferringPhysicianName = 0x00080090
    CodeValue = 0x00080100
    CodingSchemeDesignator = 0x00080102
    CodeMeaning = 0x00080104
    TimezoneOffsetFromUTC = 0x00080201
    StationName = 0x00081010
    StudyDescription = 0x00081030
    SeriesDescription = 0x0008103E
    InstitutionalDepartmentName = 0x00081040
    PhysiciansOfRecord = 0x00081048
    PerformingPhysicianName = 0x00081050
    NameOfPhysiciansReadingStudy = 0x00081060
    OperatorsName = 0x00081070
    ManufacturerModelName = 0x00081090
    PatientName = 0x00100010
    PatientID = 0x00100020
    IssuerOfPatientID = 0x00100021
    PatientBirthDate = 0x00100030
    PatientSex = 0x00100040
    OtherPatientIDs = 0x00101000
    OtherPatientNames = 0x00101001
    OtherPatientIDsSequence = 0x00101002
    PatientBirthName = 0x00101005
    PatientAge = 0x00101010
    PatientSize = 0x00101020
    PatientWeight = 0x00101030
    PatientAddress = 0x00101040
    PatientMotherBirthName = 0x00101060
    PatientTelephoneNumbers = 0x00102154
    SliceThickness = 0x00180050
    DeviceSerialNumber = 0x00181000
    TriggerTime = 0x00181060
    Radiopharmaceutical = 0x00180031
    RadiopharmaceuticalStartTime = 0x00181072
    RadionuclideTotalDose = 0x00181074
    RadionuclideHalfLife = 0x00181075
    RadionuclidePositronFraction = 0x00181076
    RadiopharmaceuticalStartDateTime = 0x00181078
    DecayCorrectionDateTime = 0x00189701
    ReconstructionDiameter = 0x00181100
    ActualFrameDuration = 0x00181242
    PatientPosition = 0x00185100
    StudyInstanceUID = 0x0020000D
    SeriesInstanceUID = 0x0020000E
    StudyID = 0x00200010
    SeriesNumber = 0x00200011
    InstanceNumber = 0x00200013
    ImagePositionPatient = 0x00200032
    ImageOrientationPatient = 0x00200037
    FrameOfReferenceUID = 0x00200052
    SamplesPerPixel = 0x00280002
    PhotometricInterpretation = 0x00280004
    NumberOfFrames = 0x00280008
    Rows = 0x00280010
    Columns = 0x00280011
    PixelSpacing = 0x00280030
    CorrectedImage = 0x00280051
    BitsAllocated = 0x00280100
    BitsStored = 0x00280101
    HighBit = 0x00280102
    PixelRepresentation = 0x00280103
    PixelPaddingValue = 0x00280120
    RescaleIntercept = 0x00281052
    RescaleSlope = 0x00281053
    RescaleType = 0x00281054
    BurnedInAnnotation = 0x00280301
    LossyImageCompression = 0x00282110
    ModalityLUTSequence = 0x00283000
    RequestingPhysician = 0x00321032
    RequestingService = 0x00321033
    AdmissionID = 0x00380010
    RadiopharmaceuticalInformationSequence = 0x00540016
    NumberOfTimeSlices = 0x00540101
    NumberOfSlices = 0x00540081
    RadionuclideCodeSequence = 0x00540300
    RadiopharmaceuticalCodeSequence = 0x00540304
    SeriesType = 0x00541000
    Units = 0x00541001
    CountsSource = 0x00541002
    SUVType = 0x00541006
    AttenuationCorrectionMethod = 0x00541101
    DecayCorrection = 0x00541102
    FrameReferenceTime = 0x00541300
    DecayFactor = 0x00541321
    DoseCalibrationFactor = 0x00541322
    FloatPixelData = 0x7FE00008
    DoubleFloatPixelData = 0x7FE00009
    PixelData = 0x7FE00010


SEQUENCES = frozenset(
    int(tag)
    for tag in (
        *(Tag.OtherPatientIDsSequence, Tag.RadiopharmaceuticalInformationSequence, Tag.RadionuclideCodeSequence),
        *(Tag.RadiopharmaceuticalCodeSequence, Tag.ModalityLUTSequence),
    )
)
_PIXELS = frozenset({Tag.FloatPixelData, Tag.DoubleFloatPixelData, Tag.PixelData})
WANTED = frozenset(int(tag) for tag in Tag if int(tag) not in SEQUENCES and tag not in _PIXELS)

NUMERIC_VR: dict[int, str] = {
    int(tag): "H"
    for tag in (
        *(Tag.SamplesPerPixel, Tag.Rows, Tag.Columns, Tag.BitsAllocated, Tag.BitsStored, Tag.HighBit),
        *(Tag.PixelRepresentation, Tag.PixelPaddingValue, Tag.NumberOfTimeSlices, Tag.NumberOfSlices),
    )
}
"""Tags whose value is binary (US), with the format character of `struct`."""

IDENTIFYING = (
    *(Tag.PatientName, Tag.PatientID, Tag.IssuerOfPatientID, Tag.PatientBirthDate, Tag.OtherPatientIDs, Tag.OtherPatientNames),
    *(Tag.PatientBirthName, Tag.PatientAddress, Tag.PatientMotherBirthName, Tag.PatientTelephoneNumbers, Tag.AccessionNumber),
    *(Tag.StudyID, Tag.AdmissionID, Tag.InstitutionName, Tag.InstitutionAddress, Tag.InstitutionalDepartmentName),
    *(Tag.ReferringPhysicianName, Tag.PhysiciansOfRecord, Tag.PerformingPhysicianName, Tag.NameOfPhysiciansReadingStudy),
    *(Tag.OperatorsName, Tag.RequestingPhysician, Tag.RequestingService, Tag.StationName, Tag.DeviceSerialNumber),
    *(Tag.StudyDate, Tag.SeriesDate, Tag.AcquisitionDate, Tag.ContentDate, Tag.InstanceCreationDate),
    *(Tag.StudyInstanceUID, Tag.SeriesInstanceUID, Tag.FrameOfReferenceUID),
)
"""Attributes whose values must not be found in anything that petarseg publishes."""

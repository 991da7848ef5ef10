"""A digital PET/CT cohort with known truth: DICOM, reports and masks."""

"""Find series, read volumes, de-identify: the only package that knows DICOM tags and LPS."""

"""Match a finding to a component of the PET and grow its mask."""

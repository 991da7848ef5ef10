"""CT tissue classes and the TotalSegmentator adapter."""

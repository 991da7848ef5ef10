"""MIP pictures and HTML pages on which a physician can check the masks."""

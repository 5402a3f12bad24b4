"""Analysis: what is measured of a candidate and of what is live, and what that says."""

"""Scanners' reports: read, put together without counting anything twice, held against what is borne; one verdict.

Whatever isn't a whole report of a scan that has looked at something is a failure: no data is never a pass.
"""

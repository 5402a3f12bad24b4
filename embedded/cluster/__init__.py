"""A Kubernetes API in one process: fast, deterministic, and failing on demand.

Everything lives in one thread with one event loop, and in plain synchronous Python below the HTTP layer: a request or a controller's
turn is atomic, so that the same seed and the same requests give the same run.
"""

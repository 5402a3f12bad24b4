"""The cluster's own small API, under /control/ beside Kubernetes': its clock, its faults, its traffic, and its journal."""

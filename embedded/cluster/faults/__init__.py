"""What goes wrong in the cluster because somebody asked for it: requests, pods and nodes that fail by a rule.

`gate.FaultGate` wraps the whole API, so the API itself knows nothing of faults. A rule's chance hangs on the seed and on what the request
is about, never on the order of concurrent requests.
"""

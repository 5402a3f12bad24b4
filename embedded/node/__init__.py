"""A real Kubernetes node on this machine: etcd, the control plane, kubelet and containers, all from one folder, and gone without a trace.

Nothing of it listens anywhere but on the node's own address, which only this machine knows. What mounts things does so in a mount namespace
of its own, which ends with its last process: so even after the worst there is nothing to unmount.
"""

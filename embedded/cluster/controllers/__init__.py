"""What brings the cluster to where its objects say it should be: the controllers, the scheduler and the kubelets, in one process.

Each reacts to changes and to timers that are due; between those, none of them costs anything.
"""

"""What clusters have beside Kubernetes itself: each add-on is processes on the machine, as the node's parts are, and objects in the API."""

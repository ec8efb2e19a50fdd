"""What can be said of a container, layer by layer, from evidence: docker, containerd, shim, runc, kernel."""

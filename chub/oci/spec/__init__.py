"""The OCI runtime spec of a container: docker's default confinement, and what was asked for beside it."""

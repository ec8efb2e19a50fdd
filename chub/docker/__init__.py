"""Docker's HTTP API over its unix socket: what chub reads of it, and nothing that changes anything."""

"""A container's output: how it is kept and read again. The standard library only: the keeper runs on this."""

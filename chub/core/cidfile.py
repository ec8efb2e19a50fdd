"""The file that a new container's id is written into."""

from __future__ import annotations

import os

from chub.errors import ChubError, Conflict


def reserve(path: str) -> None:
    """Make the file, empty; raises Conflict in docker's words if there is one: of two clients exactly one gets it."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    except FileExistsError as failure:
        raise Conflict(
            f"container ID file found, make sure the other container isn't running or delete {path}"
        ) from failure
    except (OSError, ValueError) as failure:
        raise ChubError(f"failed to create the container ID file: open {path}: {_why(failure)}") from failure


def write(path: str, id: str) -> None:
    """Write the id, 64 bytes without a line's end."""
    try:
        with open(path, "w") as file:
            file.write(id)
    except OSError as failure:
        raise ChubError(f"failed to write the container ID to the file: write {path}: {_why(failure)}") from failure


def _why(failure: OSError | ValueError) -> str:
    return (getattr(failure, "strerror", None) or str(failure)).lower()

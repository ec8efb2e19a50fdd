"""The host's programs that an engine is made of."""

from __future__ import annotations

import os
import shutil
from dataclasses import fields

from chub.errors import NotFound
from chub.records import record

NAMES = {"containerd": "containerd", "shim": "containerd-shim-runc-v2", "runc": "runc"}
INSTALL = "apt-get install containerd runc (Debian, Ubuntu)"
_BESIDE_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


@record
class Programs:
    """Absolute paths of containerd, its shim for runc, and runc."""

    containerd: str
    shim: str
    runc: str

    @property
    def path(self) -> str:
        """A PATH on which the engine finds these programs first, and the system's behind them."""
        own = (os.path.dirname(getattr(self, field.name)) for field in fields(self))
        return os.pathsep.join(dict.fromkeys((*own, *_BESIDE_PATH)))


def find(path: str | None = None) -> Programs:
    """Look for the programs on `path`, or on PATH and where a plain user's PATH does not lead.

    NotFound names all that are missing.
    """
    searched = os.pathsep.join((os.environ.get("PATH", ""), *_BESIDE_PATH)) if path is None else path
    found = {field: shutil.which(name, path=searched) for field, name in NAMES.items()}
    missing = [NAMES[field] for field, program in found.items() if program is None]
    if missing:
        raise NotFound(f"this host has no {' and no '.join(missing)}", hint=INSTALL)
    return Programs(**{field: os.path.abspath(program) for field, program in found.items() if program})

"""docker's own configuration of who runs chub: how listings look, and which keys leave a program."""

from __future__ import annotations

import os

from chub.errors import Invalid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def text(key: str, environ: Mapping[str, str] = os.environ) -> str:
    """What ``config.json`` has under `key`, such as psFormat; "" where there is no file or no such key.

    The file is in DOCKER_CONFIG or ``~/.docker``. Raises Invalid for one that cannot be read.
    """
    directory = environ.get("DOCKER_CONFIG") or os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".docker")
    file = os.path.join(directory, "config.json")
    try:
        with open(file, encoding="utf-8") as opened:
            content = opened.read()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as failure:
        raise Invalid(f"Error loading config file: {file}: {getattr(failure, 'strerror', failure)}") from failure
    import json  # most hosts have no such file

    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as failure:
        raise Invalid(f"Error parsing config file ({file}): {failure}") from failure
    found = document.get(key, "") if isinstance(document, dict) else None
    if not isinstance(found, str):
        raise Invalid(f"Error parsing config file ({file}): {key} is no text")
    return found

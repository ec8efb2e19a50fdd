"""The program: its words, environment, directory and user."""

import os

from chub.errors import Invalid
from chub.options.pairs import read_pairs
from chub.records import record

LARGEST_ID = 2**31 - 1


@record
class Process:
    """How the container's first process is started."""

    entrypoint: str | None = None  # one program; None: the image's; "": none, and no image's command either
    env: tuple[str, ...] = ()  # NAME=VALUE; NAME alone takes the variable out
    workdir: str | None = None  # absolute; None: the image's, else /
    user: str | None = None  # NAME|UID[:GROUP|GID]; None: the image's, else root
    groups: tuple[str, ...] = ()  # supplementary groups beside those of /etc/group, by name or number
    init: bool = False  # the host's docker-init is the first process, and starts the program


def parse_env(text: str) -> str:
    """A variable written ``NAME=VALUE``, or ``NAME`` to take the value from chub's own environment.

    A name that is not set there stays without value: it sets nothing, and takes out what docker would set.
    """
    name, equals, _ = text.partition("=")
    if not name:
        raise Invalid(f"invalid environment variable: {text}")
    return text if equals or name not in os.environ else f"{name}={os.environ[name]}"


def read_env_file(path: str) -> tuple[str, ...]:
    """The variables in a file, as NAME=VALUE; a name alone takes the value from chub's own environment, if it has one.

    Raises Invalid as `read_pairs` does.
    """
    return read_pairs(path, lambda name: f"{name}={os.environ[name]}" if name in os.environ else "")


def parse_user(text: str) -> str:
    """A user written ``NAME|UID[:GROUP|GID]``; either may be empty. The root filesystem knows the names."""
    user, _, group = text.partition(":")
    _check_id(user)
    _check_id(group)
    return text


def parse_group(text: str) -> str:
    """A group, by name or number."""
    if not text:
        raise Invalid("invalid group: it is empty")
    _check_id(text)
    return text


def _check_id(text: str) -> None:
    """Refuse a number that is no user or group id."""
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and (text != digits or int(digits[:11]) > LARGEST_ID):
        raise Invalid(f"uids and gids must be in range 0-{LARGEST_ID}")


def parse_workdir(text: str) -> str:
    """A working directory, absolute; empty is as if none was given."""
    if text and not text.startswith("/"):
        raise Invalid(f"the working directory '{text}' is invalid, it needs to be an absolute path")
    return text

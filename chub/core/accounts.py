"""Users and groups of a container, looked up in its own /etc/passwd and /etc/group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chub.errors import Invalid
from chub.records import record

PASSWD, GROUP = "etc/passwd", "etc/group"
LARGEST = (1 << 31) - 1  # docker's limit for an id


@record
class Account:
    """Whom the program runs as."""

    uid: int
    gid: int
    groups: tuple[int, ...]  # the first is gid


def account(files: Mapping[str, bytes], user: str, extra: Sequence[str] = ()) -> Account:
    """Resolve ``USER[:GROUP]`` (names or numbers, "" is root) and further groups, as docker does.

    `files` has the bytes of ``etc/passwd`` and ``etc/group`` where the image has them. With a group given, the user's
    groups of /etc/group do not count. Raises Invalid for a name that is not there or an id that is out of range.
    """
    who, _, whose = user.partition(":")
    users = list(_records(files.get(PASSWD, b""), 7))
    groups = list(_records(files.get(GROUP, b""), 4))

    number = _number(who or "0")
    entry = next((each for each in users if each[0] == who), None) or next(
        (each for each in users if each[2] == str(number)), None
    )
    if entry is not None:
        name, uid, gid = entry[0], int(entry[2]), int(entry[3])
    elif number is not None:
        name, uid, gid = "", number, 0
    else:
        raise Invalid(
            f"unable to find user {who}: no matching entries in passwd file",
            hint="give a name of the image's /etc/passwd, or a number",
        )

    member: list[int] = []
    if whose:
        gid = _group(groups, whose)
    elif name:
        member = [int(each[2]) for each in groups if name in each[3].split(",")]
    all_groups = tuple(dict.fromkeys([gid, *member, *(_group(groups, word) for word in extra)]))
    _in_range(uid, *all_groups)
    return Account(uid=uid, gid=gid, groups=all_groups)


def _records(content: bytes, count: int) -> Iterator[list[str]]:
    """Lines of passwd(5) or group(5) with all their fields and numbers where numbers belong."""
    for line in content.decode(errors="replace").splitlines():
        fields = line.strip().split(":")
        numbers = fields[2:4] if count == 7 else fields[2:3]
        if len(fields) >= count and all(_number(each) is not None for each in numbers):
            yield fields


def _group(groups: Sequence[list[str]], word: str) -> int:
    for fields in groups:
        if fields[0] == word:
            return int(fields[2])
    number = _number(word)
    if number is None:
        raise Invalid(
            f"Unable to find group {word}: no matching entries in group file",
            hint="give a name of the image's /etc/group, or a number",
        )
    return number


def _number(word: str) -> int | None:
    """The number in decimal digits; None for what is none, or has more of them than any id."""
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 20 else None


def _in_range(*ids: int) -> None:
    for each in ids:
        if not 0 <= each <= LARGEST:
            raise Invalid(f"uids and gids must be in range 0-{LARGEST}, not {each}")

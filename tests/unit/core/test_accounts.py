"""Users and groups of a container's own files."""

import pytest

from chub.core.accounts import Account, account
from chub.errors import Invalid

FILES = {
    "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nu:x:1000:1000::/home/u:/bin/sh\nbroken line\nx:y\n",
    "etc/group": b"root:x:0:\nu:x:1000:\nvideo:x:44:u\naudio:x:63:root,u\nnogroup:x:65534:\n",
}


@pytest.mark.parametrize(
    ("user", "extra", "expected"),
    [
        ("", (), (0, 0, (0, 63))),
        ("u", (), (1000, 1000, (1000, 44, 63))),
        ("1000", (), (1000, 1000, (1000, 44, 63))),
        ("u:video", (), (1000, 44, (44,))),
        ("u:7", (), (1000, 7, (7,))),
        (":5", (), (0, 5, (5,))),
        ("4242", (), (4242, 0, (0,))),
        ("4242:4243", (), (4242, 4243, (4243,))),
        ("u", ("nogroup", "99", "44"), (1000, 1000, (1000, 44, 63, 65534, 99))),
    ],
)
def test_a_user_is_found(user: str, extra: tuple[str, ...], expected: tuple[int, int, tuple[int, ...]]) -> None:
    """Names and numbers, with and without a group, as docker resolves them."""
    uid, gid, groups = expected

    assert Account(uid=uid, gid=gid, groups=groups) == account(FILES, user, extra)


@pytest.mark.parametrize(
    ("user", "extra", "words"),
    [
        ("nobodyhere", (), "unable to find user nobodyhere: no matching entries in passwd file"),
        ("u:nosuch", (), "Unable to find group nosuch"),
        ("u", ("nosuch",), "Unable to find group nosuch"),
        ("4294967295", (), "uids and gids must be in range 0-2147483647"),
        ("-1", (), "unable to find user -1"),
    ],
)
def test_a_user_is_not_found(user: str, extra: tuple[str, ...], words: str) -> None:
    """The error says which word, and where it was looked for."""
    with pytest.raises(Invalid, match=words):
        account(FILES, user, extra)


def test_an_id_of_any_length() -> None:
    """An image's own files cannot make it fail: such a line is none."""
    passwd = b"u:x:" + b"9" * 5000 + b":0::/:/bin/sh\n"

    with pytest.raises(Invalid, match="unable to find user u"):
        account({"etc/passwd": passwd}, "u")
    with pytest.raises(Invalid, match="unable to find user 999"):
        account({"etc/passwd": passwd}, "9" * 5000)


def test_an_image_without_the_files() -> None:
    """Numbers work where the image has no /etc/passwd."""
    assert Account(uid=7, gid=0, groups=(0,)) == account({}, "7")

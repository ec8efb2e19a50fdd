"""tar headers: POSIX ustar with pax extended headers, written one way only, and read from whoever wrote them.

Format: POSIX.1-2001 pax interchange format; GNU's long names and base-256 numbers are read, never written.
Extended attributes are ``SCHILY.xattr.NAME`` records, as star, GNU tar and Go's archive/tar have them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from enum import StrEnum

from chub.errors import DataLoss, Invalid
from chub.records import record

BLOCK = 512
END = bytes(2 * BLOCK)
CHAIN_LIMIT = 1024 * 1024  # bytes of extended headers before one entry; Go's reader has the same limit
LARGEST_DEVICE = 0o7777777  # what a header holds; Linux's numbers have up to 20 bits
SECOND = 1_000_000_000
_XATTR = b"SCHILY.xattr."
_NO_TAR = "not a tar archive, or a damaged one"


class Kind(StrEnum):
    """What an entry is; the value is the header's typeflag."""

    FILE = "0"
    LINK = "1"  # a further name of an earlier entry
    SYMLINK = "2"
    CHARACTER = "3"
    BLOCK = "4"
    DIRECTORY = "5"
    FIFO = "6"


@record
class Entry:
    """One member of an archive, as its headers tell it. Owners are numbers only."""

    name: bytes  # no slash at the end
    kind: Kind
    mode: int = 0o644  # permission bits, with set-id and sticky
    uid: int = 0
    gid: int = 0
    size: int = 0  # bytes that follow; 0 for all but files
    mtime: int = 0  # nanoseconds since 1970
    link: bytes = b""  # target of a link
    device: tuple[int, int] = (0, 0)  # major, minor
    xattrs: Mapping[bytes, bytes] = field(default_factory=dict)


def printable(name: bytes) -> str:
    """A name for a message: what is not printable text is escaped, so that it says nothing to a terminal."""
    text = name.decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def padding(size: int) -> int:
    """How many zero bytes follow this many bytes of data."""
    return -size % BLOCK


def encode(entry: Entry) -> bytes:
    """The entry's header blocks: the same bytes for the same entry, wherever they are made."""
    name = entry.name + b"/" if entry.kind == Kind.DIRECTORY else entry.name
    if max(entry.device) > LARGEST_DEVICE:
        raise Invalid(f"{printable(entry.name)}: device {entry.device[0]}:{entry.device[1]} is out of range")
    records = _records(entry, name)
    header = _header(
        name=name[:100],
        mode=entry.mode,
        uid=entry.uid if entry.uid < 0o10000000 else 0,
        gid=entry.gid if entry.gid < 0o10000000 else 0,
        size=entry.size if entry.size < 0o100000000000 else 0,
        mtime=min(max(entry.mtime // SECOND, 0), 0o77777777777),
        kind=entry.kind,
        link=entry.link[:100],
        device=entry.device,
    )
    if not records:
        return header
    if len(records) > CHAIN_LIMIT:
        raise Invalid(f"{printable(entry.name)}: extended attributes of more than {CHAIN_LIMIT} bytes")
    extended = _header(name=b"././@PaxHeader", mode=0o644, size=len(records), kind="x")
    return extended + records + bytes(padding(len(records))) + header


def _records(entry: Entry, name: bytes) -> bytes:
    records = []
    if len(name) > 100:
        records.append(_record(b"path", name))
    if len(entry.link) > 100:
        records.append(_record(b"linkpath", entry.link))
    if entry.uid >= 0o10000000:
        records.append(_record(b"uid", b"%d" % entry.uid))
    if entry.gid >= 0o10000000:
        records.append(_record(b"gid", b"%d" % entry.gid))
    if entry.size >= 0o100000000000:
        records.append(_record(b"size", b"%d" % entry.size))
    if entry.mtime % SECOND or not 0 <= entry.mtime < 0o100000000000 * SECOND:
        records.append(_record(b"mtime", _decimal(entry.mtime)))
    for key in sorted(entry.xattrs):
        if b"=" in key:
            raise Invalid(
                f"{printable(entry.name)}: extended attribute {printable(key)}: tar cannot hold a name with ="
            )
        records.append(_record(_XATTR + key, entry.xattrs[key]))
    return b"".join(records)


def _record(key: bytes, value: bytes) -> bytes:
    """Length, key, value and a newline, where the length counts its own digits."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    if len(str(length)) != len(str(rest)):
        length = rest + len(str(length))
    return b"%d %b=%b\n" % (length, key, value)


def _decimal(nanoseconds: int) -> bytes:
    seconds, fraction = divmod(abs(nanoseconds), SECOND)
    text = f"{'-' if nanoseconds < 0 else ''}{seconds}.{fraction:09d}"
    return text.rstrip("0").rstrip(".").encode()


def _header(
    *,
    name: bytes,
    kind: str,
    mode: int = 0,
    uid: int = 0,
    gid: int = 0,
    size: int = 0,
    mtime: int = 0,
    link: bytes = b"",
    device: tuple[int, int] = (0, 0),
) -> bytes:
    numbers = b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (mode, uid, gid, size, mtime)
    owners = b"ustar\x0000" + bytes(64) + b"%07o\0%07o\0" % device
    flag = kind.encode()
    # The checksum counts its own field as eight spaces; zeros count nothing.
    checksum = sum(name) + sum(numbers) + 8 * 32 + flag[0] + sum(link) + sum(owners)
    return b"".join(
        (
            name.ljust(100, b"\0"),
            numbers,
            b"%06o\0 " % checksum,
            flag,
            link.ljust(100, b"\0"),
            owners,
            bytes(167),
        )
    )


def decode(read: Callable[[int], bytes]) -> Iterator[Entry]:
    """The entries of an archive. ``read(n)`` gives n bytes, fewer only at the end of input.

    After an entry the caller reads its ``size`` bytes and the padding before it takes the next. Invalid,
    with the entry's name, for what is not understood; DataLoss for an archive that ends before its end
    mark.
    """
    everywhere: dict[bytes, bytes] = {}  # global pax records
    while True:
        own: dict[bytes, bytes] = {}
        chain = 0
        while True:
            block = read(BLOCK)
            if len(block) < BLOCK:
                raise DataLoss("the archive ends before its end mark", hint="is it cut off?")
            if not any(block):
                return
            flag = _checked(block)
            if flag not in b"xgLKV":
                break
            size = _number(block[124:136], "size")
            chain += BLOCK + size
            if chain > CHAIN_LIMIT:
                raise Invalid(f"{printable(_name(block))}: more than {CHAIN_LIMIT} bytes of headers before one entry")
            data = read(size + padding(size))
            if len(data) < size + padding(size):
                raise DataLoss("the archive ends within an extended header")
            _extend(flag, data[:size], own, everywhere)
        yield _entry(block, flag, everywhere | own)


def _checked(block: bytes) -> bytes:
    """The typeflag of a header block whose checksum is right."""
    if _number(block[148:156], "checksum") != sum(block) - sum(block[148:156]) + 8 * 32:
        raise Invalid(f"{_NO_TAR}: the checksum of a header is wrong")
    return block[156:157]


def _extend(flag: bytes, data: bytes, own: dict[bytes, bytes], everywhere: dict[bytes, bytes]) -> None:
    if flag == b"L":
        own[b"path"] = data.rstrip(b"\0")
    elif flag == b"K":
        own[b"linkpath"] = data.rstrip(b"\0")
    elif flag == b"x":
        own.update(_parsed(data))
    elif flag == b"g":
        records = dict(_parsed(data))
        for key in (b"path", b"linkpath", b"size"):
            if key in records:
                raise Invalid(f"a global pax header says the {key.decode()} of every entry")
        everywhere.update(records)


def _parsed(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    while data:
        digits, space, _ = data[:20].partition(b" ")
        length = int(digits) if space and digits.isdigit() else 0
        key, equals, value = data[len(digits) + 1 : length - 1].partition(b"=")
        if not equals or not key or length > len(data) or data[length - 1 : length] != b"\n":
            raise Invalid("malformed pax header")
        yield key, value
        data = data[length:]


def _name(block: bytes) -> bytes:
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0] if block[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _entry(block: bytes, flag: bytes, records: Mapping[bytes, bytes]) -> Entry:
    name = records.get(b"path", _name(block))
    link = records.get(b"linkpath", block[157:257].partition(b"\0")[0])
    for text in (name, link):
        if b"\0" in text:
            raise Invalid(f"{printable(name)}: a zero byte in a name")
    if flag == b"S" or any(key.startswith(b"GNU.sparse.") for key in records):
        raise Invalid(f"{printable(name)}: sparse entries are not read", hint="make the archive without tar's -S")
    kind = _kind(flag, name)
    size = _integer(records.get(b"size"), "size", name)
    if size is None:
        size = _number(block[124:136], "size")
    if kind != Kind.FILE:
        if kind == Kind.DIRECTORY and flag != b"5" and size:
            raise Invalid(f"{printable(name)}: a directory's name, a file's content")
        size = 0
    uid = _integer(records.get(b"uid"), "uid", name)
    gid = _integer(records.get(b"gid"), "gid", name)
    return Entry(
        name=name.rstrip(b"/") or name[:1],
        kind=kind,
        mode=_number(block[100:108], "mode") & 0o7777,
        uid=_number(block[108:116], "uid") if uid is None else uid,
        gid=_number(block[116:124], "gid") if gid is None else gid,
        size=size,
        mtime=_time(records.get(b"mtime"), block, name),
        link=link if kind in (Kind.LINK, Kind.SYMLINK) else b"",
        device=_device(block) if kind in (Kind.CHARACTER, Kind.BLOCK) else (0, 0),
        xattrs={key[len(_XATTR) :]: value for key, value in records.items() if key.startswith(_XATTR)},
    )


def _kind(flag: bytes, name: bytes) -> Kind:
    if flag in (b"0", b"\0", b"7"):
        return Kind.DIRECTORY if name.endswith(b"/") else Kind.FILE
    try:
        return Kind(flag.decode("latin-1"))
    except ValueError:
        raise Invalid(f"{printable(name)}: unknown kind of entry {printable(flag)!r}") from None


def _device(block: bytes) -> tuple[int, int]:
    return _number(block[329:337], "device"), _number(block[337:345], "device")


def _number(field: bytes, what: str) -> int:
    """Octal text, or GNU's base 256 where the first bit is set. Never negative, but for times (see _time)."""
    if field[0] & 0x80:
        value = int.from_bytes(field, "big", signed=False) & ((1 << (8 * len(field) - 1)) - 1)
        if field[0] & 0x40:
            raise Invalid(f"{_NO_TAR}: a header's {what} is negative")
        if value >= 1 << 63:
            raise Invalid(f"{_NO_TAR}: a header's {what} is out of range")
        return value
    digits = field.replace(b"\0", b" ").strip(b" ")
    if not digits:
        return 0
    if all(48 <= digit < 56 for digit in digits):
        return int(digits, 8)
    raise Invalid(f"{_NO_TAR}: a header's {what} is no number")


def _integer(text: bytes | None, what: str, name: bytes) -> int | None:
    if text is None:
        return None
    if not text.isdigit() or len(text) > 19:
        raise Invalid(f"{printable(name)}: {what} is no number")
    return int(text)


def _time(text: bytes | None, block: bytes, name: bytes) -> int:
    if text is None:
        field = block[136:148]
        if field[0] == 0xFF:  # base 256, before 1970
            return int.from_bytes(field, "big", signed=True) * SECOND
        return _number(field, "mtime") * SECOND
    sign = -1 if text.startswith(b"-") else 1
    whole, _, fraction = text.removeprefix(b"-").partition(b".")
    if not whole.isdigit() or len(whole) > 12 or (fraction and not fraction.isdigit()):
        raise Invalid(f"{printable(name)}: mtime is no time")
    return sign * (int(whole) * SECOND + int(fraction[:9].ljust(9, b"0")))

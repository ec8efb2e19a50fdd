"""Output that docker, nerdctl and Kubernetes keep, read from files in their formats."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chub.output.foreign import BLOCK, Rotated, cri_entry, json_entry, nanoseconds
from chub.output.format import Stream
from chub.output.read import Line, lines

OUT, ERR = Stream.STDOUT, Stream.STDERR
BASE = 1_700_000_000  # seconds since 1970
DAY = "2023-11-14T22:13:20"  # the same


def stamp(number: int) -> str:
    """A time, `number` milliseconds after the base."""
    seconds, rest = divmod(number, 1000)
    return f"2023-11-14T22:{13 + (20 + seconds) // 60:02}:{(20 + seconds) % 60:02}.{rest:03}000000Z"


def as_json(number: int, stream: str, data: str) -> str:
    """A record of docker's."""
    return json.dumps({"log": data, "stream": stream, "time": stamp(number)}) + "\n"


def as_cri(number: int, stream: str, data: str) -> str:
    """A record of CRI's."""
    return f"{stamp(number)} {stream} {'F' if data.endswith(chr(10)) else 'P'} {data.removesuffix(chr(10))}\n"


Write = Callable[[int, str, str], str]
FORMATS = pytest.mark.parametrize(("write", "parse"), [(as_json, json_entry), (as_cri, cri_entry)])


@contextmanager
def opened(path: Path, parse: Callable[[bytes], object] = json_entry, **options: bool) -> Iterator[Rotated]:
    """A reader that is closed."""
    reader = Rotated(str(path), parse, **options)  # type: ignore[arg-type]
    try:
        yield reader
    finally:
        reader.close()


def whole(reader: Rotated) -> list[Line]:
    """All lines."""
    return list(lines(reader.chunks()))


def numbered(first: int, last: int) -> str:
    """Records of the lines first…last-1."""
    return "".join(as_json(number, "stdout", f"{number}\n") for number in range(first, last))


def numbers(reader: Rotated) -> list[int]:
    """The numbers of the lines that have come."""
    return [int(line.data) for line in lines(reader.chunks())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{DAY}Z", BASE * 10**9),
        (f"{DAY}.5Z", BASE * 10**9 + 5 * 10**8),
        (f"{DAY}.000000001Z", BASE * 10**9 + 1),
        ("2023-11-15T07:13:20.123456789+09:00", BASE * 10**9 + 123456789),
        ("2023-11-14T17:13:20.1-05:00", BASE * 10**9 + 10**8),
    ],
)
def test_times_keep_their_nanoseconds(text: str, expected: int) -> None:
    """With any number of digits and in any zone: CRI writes the host's."""
    assert nanoseconds(text) == expected


@pytest.mark.parametrize("text", ["", "yesterday", DAY, f"{DAY}.Z9", f"{DAY}.12"])
def test_what_is_no_time(text: str) -> None:
    """Its record is none."""
    assert json_entry(json.dumps({"log": "x\n", "stream": "stdout", "time": text}).encode()) is None
    assert cri_entry(f"{text} stdout F x".encode()) is None


@FORMATS
@pytest.mark.parametrize(
    "junk", [b"", b"\0\0\0\0", b"{}", b"[]", b'{"log":1,"stream":"stdout","time":"x"}', b"a b c d", b"[" * 9999]
)
def test_what_is_no_record_is_left_out(
    tmp_path: Path, write: Write, parse: Callable[[bytes], object], junk: bytes
) -> None:
    """A crash of its writer leaves such lines, and what comes after them counts."""
    path = tmp_path / "log"
    path.write_bytes(write(1, "stdout", "a\n").encode() + junk + b"\n" + write(2, "stderr", "b\n").encode())

    with opened(path, parse) as reader:
        assert [(line.stream, line.data) for line in whole(reader)] == [(OUT, b"a\n"), (ERR, b"b\n")]


@FORMATS
def test_a_line_in_pieces_is_one_line(tmp_path: Path, write: Write, parse: Callable[[bytes], object]) -> None:
    """Also where the other stream's lines come in between; the last one need not have an end."""
    path = tmp_path / "log"
    pieces = [("stdout", "x" * 16384), ("stderr", "err\n"), ("stdout", "y\n"), ("stdout", "no end")]
    path.write_text("".join(write(number, *piece) for number, piece in enumerate(pieces)))

    with opened(path, parse) as reader:
        assert [line.data for line in whole(reader)] == [b"err\n", b"x" * 16384 + b"y\n", b"no end"]
    with opened(path, parse) as reader:
        reader.skip_to_last(0)
        assert b"x" * 16384 + b"y\n" in [line.data for line in whole(reader)]


def test_details_begin_each_line_once(tmp_path: Path) -> None:
    """By name, as in a URL's query; a space alone where there are none."""
    path = tmp_path / "log"
    record = {"stream": "stdout", "time": stamp(1)}
    attributes = {"foo": "bar", "SP": "x y", "baz": "a,b"}
    records = [{**record, "log": text, "attrs": attributes} for text in ("x" * 16384, "y\n", "z\n")]
    path.write_text("".join(json.dumps(each) + "\n" for each in (*records, {**record, "log": "plain\n"})))

    with opened(path, partial(json_entry, details=True), details=True) as reader:
        found = [line.data for line in whole(reader)]
    told = b"SP=x+y,baz=a%2Cb,foo=bar "
    assert found == [told + b"x" * 16384 + b"y\n", told + b"z\n", b" plain\n"]


@pytest.mark.parametrize(
    "names",
    [["log.3", "log.2", "log.1"], ["log.1", "log.2", "log.3"], ["log.20230101-000000", "log.20230102-000000", "log.9"]],
    ids=["docker", "nerdctl", "kubelet"],
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_rotated_files_come_first(tmp_path: Path, names: list[str], packed: bool) -> None:
    """Oldest first, whatever their names are; one that is just being compressed comes once, and others not at all."""
    for place, name in enumerate(names):
        text = numbered(place * 10, place * 10 + 10).encode()
        if packed:
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(text))
        if not packed or place == 2:
            (tmp_path / name).write_bytes(text)
    (tmp_path / f"{names[0]}.tmp").write_text(numbered(90, 95))
    (tmp_path / "log-other.1").write_text(numbered(90, 95))
    (tmp_path / f"{names[2]}.gz").write_bytes(gzip.compress(numbered(20, 30).encode())[:40])
    (tmp_path / "log").write_text(numbered(30, 35))

    with opened(tmp_path / "log") as reader:
        assert numbers(reader) == list(range(35))
    for count in (3, 7, 20):
        with opened(tmp_path / "log") as reader:
            reader.skip_to_last(count)
            assert numbers(reader)[-count:] == list(range(35))[-count:]


def rotate(path: Path, keep: int, packed: bool) -> None:
    """Do as docker does."""
    end = ".gz" if packed else ""
    for number in reversed(range(1, keep)):
        if (old := path.with_name(f"log.{number}{end}")).exists():
            old.rename(path.with_name(f"log.{number + 1}{end}"))
    first = path.with_name("log.1")
    path.rename(first)
    if packed:
        first.with_name("log.1.gz").write_bytes(gzip.compress(first.read_bytes()))
        first.unlink()
    path.write_bytes(b"")


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("turns", [1, 3])
def test_following_goes_through_rotations(tmp_path: Path, packed: bool, turns: int) -> None:
    """No line is lost or comes twice, however many rotations there were between two looks."""
    path = tmp_path / "log"
    path.write_text(numbered(0, 5))
    found: list[int] = []
    with opened(path) as reader:
        place = 5
        for _ in range(6):
            assert reader.changed()
            found += numbers(reader)
            for _ in range(turns):
                with path.open("a") as log:
                    log.write(numbered(place, place + 2))
                rotate(path, 5, packed)
                place += 2
            with path.open("a") as log:
                log.write(numbered(place, place + 1))
            place += 1
        found += numbers(reader)
        assert len(os.listdir("/proc/self/fd")) < 50
        reader.changed()
        assert not reader.changed()

    assert found == list(range(place))


def test_a_file_that_is_cut_is_read_from_its_beginning(tmp_path: Path) -> None:
    """As logrotate's copytruncate does it; half a record waits for its other half."""
    path = tmp_path / "log"
    path.write_text(numbered(0, 9))
    with opened(path) as reader:
        assert numbers(reader) == list(range(9))
        text = numbered(9, 11)
        path.write_text(text[:-5])
        assert numbers(reader) == [9]
        path.write_text(text)
        assert numbers(reader) == [10]


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    """A FIFO's bytes are another's: that its writer still finds no reader tells that it was not opened."""
    path = tmp_path / "log"
    os.mkfifo(path)

    with pytest.raises(OSError, match="not a regular file"):
        Rotated(str(path), json_entry)
    with pytest.raises(OSError, match="No such device"):
        os.open(path, os.O_WRONLY | os.O_NONBLOCK)


def test_a_damaged_file(tmp_path: Path) -> None:
    """OSError, as for one that cannot be read, where a rotated file is no gzip inside."""
    (tmp_path / "log").write_text(numbered(5, 6))
    packed = gzip.compress(numbered(1, 5).encode())
    for damaged in (b"no gzip", packed[:15] + b"\xff" * 9 + packed[24:]):
        (tmp_path / "log.1.gz").write_bytes(damaged)

        with pytest.raises(OSError, match="damaged"):
            Rotated(str(tmp_path / "log"), json_entry)


def test_a_missing_file(tmp_path: Path) -> None:
    """FileNotFoundError."""
    with pytest.raises(FileNotFoundError):
        Rotated(str(tmp_path / "log"), json_entry)


PIECES = st.lists(
    st.tuples(st.sampled_from(["stdout", "stderr"]), st.sampled_from(["", "x", "y" * 3000]), st.booleans()), max_size=60
)


@FORMATS
@given(pieces=PIECES, cut=st.integers(0, 60), count=st.integers(0, 40), since=st.integers(0, 60))
def test_the_end_of_a_log_is_that_of_all_of_it(
    tmp_path_factory: pytest.TempPathFactory,
    write: Write,
    parse: Callable[[bytes], object],
    pieces: list[tuple[str, str, bool]],
    cut: int,
    count: int,
    since: int,
) -> None:
    """The last lines, and those since a moment, are the same whether reading begins early or late."""
    path = tmp_path_factory.mktemp("log") / "log"
    texts = [
        write(number * 300, stream, data + ("\n" if end else "")) for number, (stream, data, end) in enumerate(pieces)
    ]
    path.with_name("log.1").write_text("".join(texts[:cut]))
    path.write_text("".join(texts[cut:]))
    moment = BASE * 10**9 + since * 300 * 10**6

    with opened(path, parse) as reader:
        everything = whole(reader)
    with opened(path, parse) as reader:
        reader.skip_to_last(count)
        assert whole(reader)[-count or len(everything) :] == everything[-count or len(everything) :]
    with opened(path, parse) as reader:
        reader.skip_to(moment)
        found = [line for line in whole(reader) if line.time >= moment]
    assert found == [line for line in everything if line.time >= moment]


def test_beginning_late_reads_little(tmp_path: Path) -> None:
    """In a file of many blocks the last lines, and those since a moment, are found without reading all before."""
    path = tmp_path / "log"
    last = 40_000
    path.write_text(numbered(0, last))
    assert path.stat().st_size > 10 * BLOCK

    with opened(path) as reader:
        reader.skip_to_last(10)
        found = numbers(reader)
        assert found[-10:] == list(range(last - 10, last))
        assert len(found) < 20
    with opened(path) as reader:
        reader.skip_to((BASE + 30) * 10**9)
        found = numbers(reader)
        assert found[0] <= 30_000 < 30_001 <= found[-1] == last - 1
        assert len(found) < 20_000

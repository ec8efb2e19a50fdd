"""What may stand in the one layer of a root filesystem."""

from dataclasses import replace

from chub.errors import Invalid
from chub.oci.tar import Entry, Kind, printable

WHITEOUT = b".wh."  # a name that begins so removes a file of the layer below


def check(entry: Entry) -> None:
    """Invalid for what a layer's reader, or overlayfs, would take for the removal of a file."""
    if entry.name.rpartition(b"/")[2].startswith(WHITEOUT):
        raise Invalid(
            f"{printable(entry.name)}: a name that begins with .wh. means a removed file in a layer",
            hint="rename it or take it out of the root filesystem",
        )
    if entry.kind == Kind.CHARACTER and entry.device == (0, 0):
        raise Invalid(
            f"{printable(entry.name)}: character device 0:0 is overlayfs's mark for a removed file",
            hint="this looks like an overlay's upper directory: import the merged one",
        )


class Members:
    """The entries of one archive, each held against those before it."""

    def __init__(self) -> None:
        self._seen: dict[bytes, Kind] = {}

    def admit(self, entry: Entry) -> Entry | None:
        """The entry with its name in the one spelling that layers have; None for the root itself.

        Invalid, with the name, for an entry that may not stand there.
        """
        name = _inside(entry.name, entry)
        if not name:
            if entry.kind != Kind.DIRECTORY:
                raise Invalid(f"{printable(entry.name)}: the root of the archive is not a directory")
            return None
        link = entry.link
        if entry.kind == Kind.LINK:
            link = _inside(entry.link, entry)
            if self._seen.get(link, Kind.DIRECTORY) == Kind.DIRECTORY:
                raise Invalid(f"{printable(name)}: hard link to {printable(link)}, no earlier file of the archive")
        entry = replace(entry, name=name, link=link)
        check(entry)
        self._place(entry)
        return entry

    def _place(self, entry: Entry) -> None:
        earlier = self._seen.get(entry.name)
        if earlier is not None and not earlier == entry.kind == Kind.DIRECTORY:
            raise Invalid(f"{printable(entry.name)}: stands twice in the archive")
        parent = entry.name.rpartition(b"/")[0]
        while parent:
            kind = self._seen.setdefault(parent, Kind.DIRECTORY)
            if kind != Kind.DIRECTORY:
                raise Invalid(f"{printable(entry.name)}: {printable(parent)} is no directory in the archive")
            parent = parent.rpartition(b"/")[0]
        self._seen[entry.name] = entry.kind


def _inside(name: bytes, entry: Entry) -> bytes:
    """A name relative to the root, without ``.`` and empty parts."""
    if name.startswith(b"/"):
        raise Invalid(
            f"{printable(entry.name)}: absolute name in the archive",
            hint="make the archive with tar -C DIR -c .",
        )
    parts = [part for part in name.split(b"/") if part not in (b"", b".")]
    if b".." in parts:
        raise Invalid(f"{printable(entry.name)}: a name with .. leads out of the archive")
    return b"/".join(parts)

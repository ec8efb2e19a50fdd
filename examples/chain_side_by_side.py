"""Two containers beside each other, layer by layer: docker's and chub's, ctr's and chub's, two of one kind.

    sudo python3 examples/chain_side_by_side.py CONTAINER CONTAINER

They are looked for in all namespaces of the engine, and among docker's names. `*` marks what differs.
"""

import sys
from collections.abc import Iterator
from itertools import zip_longest

import chub

WIDTH = 40


def rows(client: chub.Client, one: str, other: str) -> Iterator[tuple[str, str, str]]:
    """What, and what each of the two chains says of it; empty where one says nothing."""
    chains = [client.chain(name, everywhere=True) for name in (one, other)]
    for left, right in zip(*(chain.links for chain in chains), strict=True):
        yield str(left.layer), left.missing, right.missing
        for label in dict.fromkeys(fact.label for link in (left, right) for fact in link.facts):
            for a, b in zip_longest(left.labelled(label), right.labelled(label)):
                of = a.of if a and b and a.of == b.of else ""
                yield f"{left.layer} {label} {of}".rstrip(), a.value if a else "", b.value if b else ""


def cut(text: str) -> str:
    """At most `WIDTH` characters of a text."""
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


def main(one: str, other: str) -> None:
    """Print both chains."""
    with chub.Client() as client:
        for what, left, right in rows(client, one, other):
            if left or right:
                print(f"{' ' if left == right else '*'} {what:26} {cut(left):{WIDTH}} {cut(right)}".rstrip())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])

"""The running program that the SDK's figures are measured in; see `tests.bench.peers.Program`.

A request is a line of JSON, ``[action, arguments]``; the answer is the line ``done``, or what failed.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import chub
from chub.core.marks import NAME_LABEL


def run(client: chub.Client, image: str) -> None:
    """Run a container to its end."""
    client.containers.run(image, ["true"]).check()


def run_many(client: chub.Client, image: str, count: int, threads: int) -> None:
    """Run containers to their ends, several at a time."""
    with ThreadPoolExecutor(threads) as pool:
        for result in pool.map(lambda _: client.containers.run(image, ["true"]), range(count)):
            result.check()


def add_records(client: chub.Client, namespace: str, count: int) -> None:
    """Make container records without a task, alike to the first one of the namespace."""
    containers = client.services.within(namespace).containers
    first = containers.list()[0]
    for number in range(count):
        id = f"{number:064x}"
        labels = dict(first.labels) | {NAME_LABEL: f"record-{number}"}
        containers.create(replace(first, id=id, labels=labels))


def remove_records(client: chub.Client, namespace: str, count: int) -> None:
    """Remove what `add_records` made."""
    containers = client.services.within(namespace).containers
    for number in range(count):
        containers.delete(f"{number:064x}")


def remove_images(client: chub.Client, namespace: str) -> None:
    """Remove all images of a namespace with all that they hold, collected when this returns."""
    services = client.services.within(namespace)
    for image in services.images.list():
        services.images.delete(image.name, sync=True)
    left = [*services.content.list(), *services.snapshots(client.settings.snapshotter).list()]
    if left:
        raise chub.Conflict(f"not collected: {left}")


ACTIONS = {action.__name__: action for action in (run, run_many, add_records, remove_records, remove_images)}


def main() -> None:
    """Do what standard input asks, until it ends."""
    with chub.Client() as client:
        for line in sys.stdin:
            action, arguments = json.loads(line)
            try:
                ACTIONS[action](client, **arguments)
                print("done", flush=True)
            except chub.ChubError as failure:
                print(f"{type(failure).__name__}: {failure}".replace("\n", " "), flush=True)


if __name__ == "__main__":
    main()

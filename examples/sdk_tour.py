"""What a program can do with containers: run, start, execute, read, wait, look below, and clean up.

    sudo python3 examples/sdk_tour.py DIRECTORY

DIRECTORY has a root filesystem with a shell, such as busybox's.
"""

import sys
from contextlib import ExitStack

import chub

IMAGE = "sdk-tour"


def main(directory: str) -> None:
    """Go through it, and leave nothing."""
    with ExitStack() as stack:
        client = stack.enter_context(chub.Client())
        client.images.import_rootfs(directory, name=IMAGE)
        stack.callback(client.images.remove, IMAGE)

        # A program that runs to its end. That it fails is no error, unless one asks.
        ended = client.containers.run(IMAGE, ["sh", "-c", "echo out; echo err >&2; exit 3"])
        print(f"ended with {ended.exit_code}: {ended.stdout!r} and {ended.stderr!r}")
        try:
            ended.check()
        except chub.ProgramFailed as failure:
            print(f"check: {failure}")

        # One that lives on by itself, and is removed at the end.
        request = chub.Request(
            image=IMAGE,
            words=("sh", "-c", "echo ready; trap 'exit 0' TERM; while :; do sleep 0.1; done"),
            identity=chub.Identity(name="sdk-tour", labels=("for=show",)),
            process=chub.Process(env=("COLOUR=blue",)),
            security=chub.Security(read_only=True),
        )
        container = client.containers.launch(request)
        stack.callback(container.remove, force=True)
        print(f"started: {container.name} is {container.state}")

        # Another program in it; its output so far; a signal; its end.
        print("executed:", container.exec(["sh", "-c", "echo $COLOUR"]).check().text.strip())
        for line in container.logs(follow=True):
            print("it said:", line.data.decode().strip())
            break
        chain = client.chain(container.name)
        print(f"its parent: shim {chain['shim'].value('pid')} {chain['shim'].value('version')}")
        container.stop(timeout=5)
        print(f"stopped: {container.wait()}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])

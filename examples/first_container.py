"""A directory becomes an image, the image a container.

    sudo python3 examples/first_container.py DIRECTORY [PROGRAM [ARGUMENT…]]

Where no containerd serves, a private one is started for as long as this runs.
"""

import os
import sys
from contextlib import ExitStack

import chub

NAME = "first-container"


def main(directory: str, *words: str) -> int:
    """Run `words` in a container made of `directory`; its exit code."""
    with ExitStack() as stack:
        client = stack.enter_context(chub.Client())
        if not os.path.exists(client.settings.address):
            engine = stack.enter_context(chub.Engine())
            client = stack.enter_context(chub.Client(engine.address))

        image = client.images.import_rootfs(directory, name=NAME)
        print(f"image {image.name}: {image.id}")
        try:
            ended = client.containers.run(
                NAME,
                words or ["/bin/sh", "-c", "echo hello from $(hostname)"],
                process=chub.Process(env=("GREETING=hello",)),
                security=chub.Security(read_only=True, cap_drop=("ALL",)),
            )
        except chub.ProgramNotFound as error:
            print(f"{error}: is it in {directory}?", file=sys.stderr)
            return 127
        finally:
            image.remove()
        print(f"container {ended.name} ended with {ended.exit_code} after {ended.finished - ended.started}")
        print(ended.text, end="")
        return ended.exit_code


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))

"""Does docker create containers? Look at one of docker's, from below.

    sudo python3 examples/does_docker_create_containers.py CONTAINER

CONTAINER is one of docker's that runs. Each line names where it is from, so that you can look there yourself.
"""

import sys
from pathlib import Path

import chub

STORY = (
    ("the program", "process", "arguments"),
    ("  its process", "process", "pid"),
    ("  above it, a shim", "shim", "pid"),
    ("  which is", "shim", "binary"),
    ("  started by a containerd", "containerd", "daemon pid"),
    ("  which is", "containerd", "binary"),
    ("  confined by", "runc", "binary"),
    ("  which wrote down, and left", "runc", "state"),
    ("asked for by dockerd", "docker", "daemon pid"),
    ("  through", "docker", "containerd"),
)


def above(pid: int) -> list[tuple[int, str]]:
    """The processes above one, with their names, up to the first of all."""
    found = []
    while pid := int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]):
        found.append((pid, Path(f"/proc/{pid}/comm").read_text().strip()))
    return found


def main(name: str) -> None:
    """Print who made one container, and of what."""
    with chub.Client() as client:
        chain = client.chain(name, everywhere=True)
    for what, layer, label in STORY:
        fact = chain[layer].fact(label)
        print(f"{what:28} {fact.value}  ({fact.source})" if fact else f"{what:28} {chain[layer].missing or '?'}")

    line = above(int(chain["process"].value("pid")))
    print("parents:", ", ".join(f"{pid} {comm}" for pid, comm in line))
    docker = chain["docker"].value("daemon pid")
    if docker in [str(pid) for pid, _ in line]:
        print("dockerd is one of them.")
    else:
        print("dockerd is none of them: it asked containerd, containerd a shim, the shim runc, and runc the kernel.")

    print("\nlayers:")
    for fact in chain["snapshot"].labelled("directory"):
        print(f"  {fact.value}  ({fact.source})")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])

"""Jobs from a file, each in a container of its own, several at once, none longer or larger than it may be.

    sudo python3 examples/job_runner.py IMAGE < JOBS

JOBS has a shell command on each line. A job has no network, no rights, a read-only root and a /tmp of its own; it is
killed after LIMIT seconds, and gets no more than FILES open files. What it did is a line of JSON.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import chub

AT_ONCE = 4
LIMIT = 10  # seconds
FILES = 64


def job(client: chub.Client, image: str, command: str) -> dict[str, object]:
    """Run one job to its end."""
    request = chub.Request(
        image=image,
        words=("sh", "-c", command),
        security=chub.Security(read_only=True, cap_drop=("ALL",), security_opt=("no-new-privileges",)),
        mounts=chub.Mounts(mounts=(chub.Mount(kind=chub.MountKind.TMPFS, target="/tmp"),)),
        resources=chub.Resources(ulimits=(chub.Ulimit(name="nofile", soft=FILES, hard=FILES),)),
    )
    container = client.containers.launch(request)
    try:
        late = False
        try:
            code = container.wait(timeout=LIMIT)
        except chub.TimedOut:
            late = True
            container.kill()
            code = container.wait()
        output = b"".join(chunk.data for chunk in container.output(follow=True))  # to its very end
        return {"job": command, "exit_code": code, "killed": late, "output": output.decode(errors="replace")}
    finally:
        container.remove(force=True)


def main(image: str) -> int:
    """Run all jobs; 1 if one failed."""
    jobs = [line.strip() for line in sys.stdin if line.strip()]
    with chub.Client() as client, ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(lambda command: job(client, image, command), jobs))
    for each in done:
        print(json.dumps(each))
    return int(any(each["exit_code"] for each in done))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))

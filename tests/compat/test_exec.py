"""exec through docker 28 and chub. Numbers are the cases of docs/docker.md."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

from tests.compat.test_lifecycle import made, words

if TYPE_CHECKING:
    from tests.support.command import Command, Ended

ID = re.compile(r"[0-9a-f]{64}")

SAME = [
    # 6: what cannot be executed
    ["exec web nosuch", "exec web /etc", "exec -w /nodir web true", "exec web sh -c 'exit 42'"],
    ["exec -d web nosuch", "exec -d web true", "exec -u nosuch web true", "exec -u 0:nosuch web true"],
    # 7, 12
    ["exec done true", "exec nosuch true", "pause web", "exec web true", "exec -d web true", "unpause web"],
    ["exec -it web true", "exec -t web echo hi", "exec web", "exec", "exec --bogus web true"],
    # what it is given
    ["exec web sh -c 'echo $PATH; echo $HOME; pwd; id'", "exec -e A=1 -e B web sh -c 'echo $A$B'"],
    ["exec -e A=1 -e A=2 --env HOSTNAME=x web sh -c 'echo $A $HOSTNAME'", "exec --env-file /nosuch web true"],
    ["exec -w / web pwd", "exec -w tmp web pwd", "exec -w '' web pwd", "exec --workdir=/etc web pwd"],
    ["exec -u 5 web id", "exec -u 5:6 web id", "exec -u nobody web id", "exec -u '' web id", "exec -u :7 web id"],
    ["exec -i web cat", "exec web cat", "exec -i=false web cat", "exec web echo -i -t"],
    ["exec --privileged web grep Cap /proc/self/status", "exec web grep -E 'Cap|NoNew|Seccomp:' /proc/self/status"],
    ["exec web sh -c 'echo out; echo err >&2'", "exec web sh -c 'kill -9 $$'", "exec web sh -c 'kill -TERM $$'"],
    ["exec --detach-keys zz web true", "exec web sh -c 'ulimit -n'", "exec web cat /proc/self/oom_score_adj"],
]


def told(client: Command, image: str, lines: list[str], *flags: str) -> list[Ended]:
    """What a client makes of the lines, one after the other, each with the same input."""
    with made(client, image, *flags):
        return [client(*shlex.split(line), input="text\n") for line in lines]


def plain(text: str) -> str:
    """What is said of a program, without what one runtime says twice."""
    return ID.sub("ID", text.strip()).replace("exec failed: exec failed: ", "exec failed: ")


@pytest.mark.parametrize("lines", SAME)
def test_the_same_output_and_status(
    docker: Command, docker_image: str, chub: Command, image: str, lines: list[str]
) -> None:
    """Docker's stdout and exit status, and the end of its message, for line after line."""
    flags = ["-h", "same"]
    dockers = told(docker, docker_image, lines, "--network", "none", *flags)
    for line, theirs, ours in zip(lines, dockers, told(chub, image, lines, *flags), strict=True):
        assert plain(theirs.stdout) == plain(ours.stdout), (line, theirs, ours)
        assert theirs.exit_status == ours.exit_status, (line, theirs, ours)
        assert words(theirs.stderr) in ID.sub("ID", ours.stderr), (line, theirs, ours)

"""What runtimes say of programs that they cannot execute, and docker's exit statuses for it."""

import pytest

from chub.core.refusals import refused_to_execute
from chub.errors import ChubError, EngineFault, ProgramNotExecutable, ProgramNotFound, ProgramNotStarted

EXEC = "OCI runtime exec failed: exec failed: unable to start container process: "


@pytest.mark.parametrize(
    ("said", "kind", "status"),
    [
        ('exec: "nosuch": executable file not found in $PATH', ProgramNotFound, 127),
        ('exec: "/nosuch": stat /nosuch: no such file or directory', ProgramNotFound, 127),
        ('exec: "/etc/passwd/x": stat /etc/passwd/x: not a directory', ProgramNotFound, 127),
        ('chdir to cwd ("/nodir") set in config.json failed: no such file or directory', ProgramNotFound, 127),
        ('exec: "/etc/passwd": permission denied', ProgramNotExecutable, 126),
        ('exec: "/etc": is a directory', ProgramNotExecutable, 126),
        ("error setting rlimit type 7: invalid argument", ProgramNotStarted, 128),
    ],
    ids=["path", "file", "no directory above", "cwd", "permission", "directory", "else"],
)
def test_the_status_follows_the_words(said: str, kind: type[ProgramNotStarted], status: int) -> None:
    """What those before the runtime and containerd say around its words is left out."""
    failure = EngineFault(f"start exec 'e' of task 'web': failed to start: {EXEC}{said}: unknown")
    refused = refused_to_execute(failure)

    assert type(refused) is kind
    assert refused.exit_code == status
    assert str(refused) == f"{EXEC}{said}"


def test_what_no_runtime_said_is_left_as_it_is() -> None:
    """A failure of containerd's own."""
    failure = ChubError("start exec 'e' of task 'web': no such file or directory")

    assert refused_to_execute(failure) is failure

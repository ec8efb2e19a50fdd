"""Which file an engine is configured by."""

import pytest

from chub.objects.configuration import config_file


@pytest.mark.parametrize(
    ("command", "file"),
    [
        (["containerd"], "/etc/containerd/config.toml"),
        (["containerd", "-c", "/a.toml"], "/a.toml"),
        (["containerd", "--log-level", "debug", "--config", "/a.toml"], "/a.toml"),
        (["containerd", "--config=/a.toml"], "/a.toml"),
    ],
)
def test_the_file_of_a_command_line(command: list[str], file: str) -> None:
    """Containerd's own spellings, and its default."""
    assert config_file(command) == file

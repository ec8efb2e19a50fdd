"""What holds for every file of the repository: no secrets, no hosts of strangers, no paths of one machine."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SECRETS = {
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "password in a URL": re.compile(r"\w+://[^\s/:@'\"{}<>]+:[^\s/:@'\"{}<>]+@[\w-]"),
    "AWS key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "GitHub token": re.compile(r"\bgh[opsur]_\w{36}"),
    "PyPI token": re.compile(r"\bpypi-AgE\w{20}"),
    "Slack token": re.compile(r"\bxox[abprs]-\w{10}"),
}

HOSTS = re.compile(r"https?://([\w.-]+)")
KNOWN_HOSTS = re.compile(
    r"\w|localhost|(\w+\.)*(example|invalid|test)(\.\w+)?|127\.0\.0\.1|(www\.)?apache\.org|(docs\.)?(github|docker|python)\.(com|org|io)"
    r"|(www\.)?(containerd|opencontainers|pypi|keepachangelog|semver|json-schema)\.(io|org|com)"
)
"""Where a URL may lead: the projects that chub speaks with, standards, and nowhere."""


@cache
def texts() -> dict[str, str]:
    """Every file under version control, or about to be, that is UTF-8; by its path."""
    listed = subprocess.run(
        [
            "git",
            "-c",
            f"safe.directory={ROOT}",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    found = {}
    for name in filter(None, listed.stdout.split("\0")):
        try:
            found[name] = (ROOT / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
    return found


@pytest.mark.parametrize("kind", SECRETS)
def test_no_secrets(kind: str) -> None:
    """Nothing that looks like a credential is in the repository."""
    assert [name for name, text in texts().items() if SECRETS[kind].search(text)] == []


def test_urls_lead_to_known_hosts() -> None:
    """A URL names a project that chub has to do with; mirrors and registries of one machine stay out."""
    hosts = {(host, name) for name, text in texts().items() for host in HOSTS.findall(text)}

    assert sorted((host, name) for host, name in hosts if not KNOWN_HOSTS.fullmatch(host)) == []


def test_nothing_speaks_of_one_machine() -> None:
    """No absolute path into somebody's home directory."""
    homes = re.compile(r"(?<![\w.])/(home|Users)/(?!u\b|runner\b)\w+")

    assert sorted(name for name, text in texts().items() if homes.search(text)) == []

"""Image references: docker's short form (``alpine``) and the full one (``docker.io/library/alpine:latest``).

Grammar and limits are those of the distribution project's ``reference`` package, errors are worded as
docker's.
"""

import re
from dataclasses import replace
from functools import cache

from chub.errors import Invalid
from chub.oci import digests
from chub.records import record

DEFAULT_DOMAIN = "docker.io"
LIMIT = 255  # characters of domain and path together
_BAD = "invalid reference format"


@record
class Reference:
    """A repository, and which image in it. With neither tag nor digest it names the repository."""

    domain: str
    path: str
    tag: str | None = None
    digest: str | None = None

    @property
    def repository(self) -> str:
        """``docker.io/library/alpine``"""
        return f"{self.domain}/{self.path}"

    @property
    def familiar(self) -> str:
        """The repository as docker shows it: ``alpine``."""
        if self.domain != DEFAULT_DOMAIN:
            return self.repository
        short = self.path.removeprefix("library/")
        return short if "/" not in short else self.path

    def __str__(self) -> str:
        return self.repository + self._suffix()

    def short(self) -> str:
        """The whole reference as docker shows it: ``alpine:latest``."""
        return self.familiar + self._suffix()

    def tagged(self) -> "Reference":
        """The same, with the tag ``latest`` where it has neither tag nor digest."""
        return self if self.tag or self.digest else replace(self, tag="latest")

    def _suffix(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def parse(text: str) -> Reference:
    """A reference in docker's short or the full form; nothing is added but domain and ``library/``."""
    if digests.is_hex(text) and len(text) == 64:
        raise Invalid(f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings")
    algorithm, colon, value = text.partition(":")
    if algorithm in digests.LENGTHS and len(value) == digests.LENGTHS[algorithm] and digests.is_hex(value):
        raise Invalid(_BAD, hint="this is a digest, not a name")
    domain, rest = _split_domain(text)
    name, at, digest = rest.partition("@")
    path, colon, tag = name.partition(":")
    if path.lower() != path and _path().fullmatch(path.lower()):
        raise Invalid(f"{_BAD}: repository name ({path}) must be lowercase")
    if (
        not _domain().fullmatch(domain)
        or not _path().fullmatch(path)
        or (colon and not _tag().fullmatch(tag))
        or (at and not digest)
    ):
        raise Invalid(_BAD)
    if len(domain) + 1 + len(path) > LIMIT:
        raise Invalid(f"repository name must not be more than {LIMIT} characters")
    if at:
        try:
            digests.checked(digest)
        except Invalid as failure:
            raise Invalid(f"{_BAD}: {failure}", hint=failure.hint) from failure
    return Reference(domain=domain, path=path, tag=tag or None, digest=digest or None)


def normalize(text: str) -> Reference:
    """As a user gives it to a command: ``latest`` is meant where neither tag nor digest is said."""
    return parse(text).tagged()


def familiar(name: str) -> str:
    """An image's name in containerd as docker shows it; what is no reference stays as it is."""
    try:
        return parse(name).short()
    except Invalid:
        return name


def _split_domain(text: str) -> tuple[str, str]:
    first, slash, rest = text.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost" or first != first.lower()):
        first, rest = DEFAULT_DOMAIN, text
    if first == "index.docker.io":
        first = DEFAULT_DOMAIN
    if first == DEFAULT_DOMAIN and "/" not in rest:
        rest = "library/" + rest
    return first, rest


@cache
def _domain() -> re.Pattern[str]:
    part = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
    return re.compile(rf"(?:{part}(?:\.{part})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?")


@cache
def _path() -> re.Pattern[str]:
    part = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
    return re.compile(rf"{part}(?:/{part})*")


@cache
def _tag() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")

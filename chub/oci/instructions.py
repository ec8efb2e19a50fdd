"""Instructions of a Dockerfile that change an image's configuration, as ``import --change`` takes them.

Format: docker's Dockerfile reference. Of its instructions those that make no layer are there.
"""

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from chub.errors import Invalid
from chub.oci.config import ImageConfig
from chub.options.network import parse_exposed
from chub.options.signals import parse_signal
from chub.options.times import parse_span
from chub.options.values import parse_int

SHELL = ("/bin/sh", "-c")
TIMES = {
    "interval": "Interval",
    "timeout": "Timeout",
    "start-period": "StartPeriod",
    "start-interval": "StartInterval",
}
"""Flags of HEALTHCHECK, and docker's keys for them."""

Change = Callable[[ImageConfig], ImageConfig]


def parse(text: str) -> Change:
    """What an instruction does to a configuration.

    Invalid: there is none such, or it lacks its words; what depends on variables is found wrong when it is applied.
    """
    word, _, rest = text.strip().partition(" ")
    rest = rest.strip()
    make = INSTRUCTIONS.get(word.upper())
    if make is None:
        raise Invalid(f"{word} is not a valid change command", hint=f"there are {', '.join(INSTRUCTIONS)}")
    if not rest:
        raise Invalid(f"{word.upper()} requires at least one argument")
    return make(rest)


def _cmd(rest: str) -> Change:
    words = _program(rest)
    return lambda image: replace(image, cmd=words)


def _entrypoint(rest: str) -> Change:
    words = _program(rest)
    return lambda image: replace(image, entrypoint=words)


def _env(rest: str) -> Change:
    def change(image: ImageConfig) -> ImageConfig:
        known = {**_environment(image), **_pairs("ENV", rest, image)}
        return replace(image, env=tuple(f"{name}={value}" for name, value in known.items()))

    return change


def _label(rest: str) -> Change:
    return lambda image: replace(image, labels={**image.labels, **_pairs("LABEL", rest, image)})


def _expose(rest: str) -> Change:
    def change(image: ImageConfig) -> ImageConfig:
        ports = (port for word in _expanded(rest, image).split() for port in parse_exposed(word))
        return replace(image, exposed_ports=tuple(sorted({*image.exposed_ports, *ports})))

    return change


def _volume(rest: str) -> Change:
    def change(image: ImageConfig) -> ImageConfig:
        paths = _array(rest) or tuple(_expanded(rest, image).split())
        return replace(image, volumes=tuple(sorted({*image.volumes, *paths})))

    return change


def _user(rest: str) -> Change:
    return lambda image: replace(image, user=_expanded(rest, image))


def _workdir(rest: str) -> Change:
    return lambda image: replace(
        image, workdir=posixpath.normpath(posixpath.join("/", image.workdir, _expanded(rest, image)))
    )


def _stop_signal(rest: str) -> Change:
    parse_signal(rest)
    return lambda image: replace(image, stop_signal=rest)


def _on_build(rest: str) -> Change:
    return lambda image: replace(image, on_build=(*(image.on_build or ()), rest))


def _healthcheck(rest: str) -> Change:
    check: Mapping[str, object] = {"Test": ["NONE"]} if rest.upper() == "NONE" else _health(rest)
    return lambda image: replace(image, healthcheck=check)


INSTRUCTIONS: Mapping[str, Callable[[str], Change]] = {
    "CMD": _cmd,
    "ENTRYPOINT": _entrypoint,
    "ENV": _env,
    "EXPOSE": _expose,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _label,
    "ONBUILD": _on_build,
    "STOPSIGNAL": _stop_signal,
    "USER": _user,
    "VOLUME": _volume,
    "WORKDIR": _workdir,
}


def _health(rest: str) -> dict[str, object]:
    found: dict[str, object] = {}
    while rest.startswith("--"):
        flag, _, rest = rest.partition(" ")
        name, _, value = flag[2:].partition("=")
        if name == "retries":
            found["Retries"] = parse_int(value)
        elif name in TIMES:
            found[TIMES[name]] = parse_span(value)
        else:
            raise Invalid(f"HEALTHCHECK has no flag --{name}")
        rest = rest.lstrip()
    kind, _, program = rest.partition(" ")
    if kind.upper() != "CMD" or not program.strip():
        raise Invalid(f'HEALTHCHECK takes NONE or CMD and a program, not "{rest}"')
    words = _array(program.strip())
    return {"Test": ["CMD", *words] if words is not None else ["CMD-SHELL", program.strip()], **found}


def _program(rest: str) -> tuple[str, ...]:
    """The words of a JSON array, or a line for the shell."""
    words = _array(rest)
    return words if words is not None else (*SHELL, rest)


def _array(rest: str) -> tuple[str, ...] | None:
    """The texts of a JSON array; None for what is none."""
    if not rest.startswith("["):
        return None
    try:
        found: Any = json.loads(rest)
    except (ValueError, RecursionError):
        return None
    return tuple(found) if isinstance(found, list) and all(isinstance(word, str) for word in found) else None


def _pairs(instruction: str, rest: str, image: ImageConfig) -> dict[str, str]:
    """``NAME=VALUE …`` with quotes, or one NAME and its value behind a blank."""
    first, _, value = rest.partition(" ")
    if "=" not in first:
        if not value.strip():
            raise Invalid(f"{instruction} must have two arguments")
        return {first: _expanded(value.strip(), image)}
    return dict(_named(instruction, _words(rest, image)))


def _named(instruction: str, words: Iterable[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise Invalid(f"syntax error: can't find = in {word!r}: {instruction} takes NAME=VALUE")
        yield name, value


WORD_PART = re.compile(
    r"""'(?P<raw>[^']*)'|"(?P<quoted>(?:\\.|[^"\\])*)"|\\(?P<escaped>.)|(?P<gap>\s+)|(?P<plain>[^\s'"\\]+|.)""",
    re.DOTALL,
)


def _words(text: str, image: ImageConfig) -> Iterator[str]:
    """The words of a line: single quotes keep all, double ones keep blanks, variables stand for one word."""
    word: str | None = None
    for part in WORD_PART.finditer(text):
        if part["gap"]:
            if word is not None:
                yield word
            word = None
        elif part["quoted"] is not None:
            word = (word or "") + re.sub(r'\\(["\\])', r"\1", _expanded(part["quoted"], image))
        elif part["plain"]:
            word = (word or "") + _expanded(part["plain"], image)
        else:
            word = (word or "") + (part["raw"] or part["escaped"] or "")
    if word is not None:
        yield word


def _expanded(text: str, image: ImageConfig) -> str:
    r"""The text with ``$NAME`` and ``${NAME}`` as the image's environment has them; ``\$`` is a dollar."""
    known = _environment(image)
    return re.sub(
        r"\\\$|\$(?:\{(\w+)\}|(\w+))",
        lambda found: "$" if found[0] == r"\$" else known.get(found[1] or found[2], ""),
        text,
    )


def _environment(image: ImageConfig) -> dict[str, str]:
    return dict(entry.partition("=")[::2] for entry in image.env)

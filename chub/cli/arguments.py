"""docker's spellings of flags (pflag's) that click does not know."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})
"""What Go's strconv.ParseBool takes."""


def normalised(args: Sequence[str], params: Sequence[Any], interspersed: bool) -> Iterator[str]:
    """Rewrite `args` for click: ``--rm=true`` becomes ``--rm``, ``--rm=false`` nothing, ``-e=A=1`` becomes ``-eA=1``.

    A switch that is on without being named has another name that turns it off: ``--sig-proxy=false`` becomes that.

    Without `interspersed`, what follows the first word that is no flag belongs to somebody else and stays as it is.
    """
    switches = {name for param in params if getattr(param, "is_flag", False) for name in param.opts}
    takers = {name for param in params for name in param.opts if name.startswith("-")} - switches
    off = {name: other for param in params for name in param.opts for other in param.secondary_opts}
    rest = iter(args)
    for word in rest:
        if word == "--" or (not interspersed and (not word.startswith("-") or word == "-")):
            yield word
            break
        name, equals, value = word.partition("=")
        if word.startswith("--"):
            if equals and name in switches:
                if value not in TRUE | FALSE:
                    raise _no_truth(name, value, params)
                if value in TRUE:
                    yield name
                elif name in off:
                    yield off[name]
                continue
            yield word
            if not equals and name in takers:
                yield from _next(rest)
        elif word.startswith("-") and word != "-":
            yield from _cluster(word, switches, takers, off, rest)
        else:
            yield word
    yield from rest


def _no_truth(name: str, value: str, params: Sequence[Any]) -> Exception:
    """The complaint about what is neither true nor false, in docker's words."""
    from chub.cli.flags.parsers import WrongValue

    wrong = WrongValue(value, f'strconv.ParseBool: parsing "{value}": invalid syntax')
    wrong.param = next(param for param in params if name in param.opts)
    return wrong


def _cluster(
    word: str, switches: set[str], takers: set[str], off: Mapping[str, str], rest: Iterator[str]
) -> Iterator[str]:
    """A word of one-letter flags: ``-it``, ``-itv/a:/b``, ``-t=false``, ``-e=A=1``."""
    for place in range(1, len(word)):
        flag, value = f"-{word[place]}", word[place + 1 :]
        if flag in takers:
            yield word[: place + 1] + value.removeprefix("=")
            if not value:
                yield from _next(rest)
            return
        if flag in switches and value.startswith("=") and value[1:] in TRUE | FALSE:
            kept = word[: place + 1] if value[1:] in TRUE else word[:place]
            if kept != "-":
                yield kept
            if value[1:] in FALSE and flag in off:
                yield off[flag]
            return
    yield word


def _next(rest: Iterator[str]) -> Iterator[str]:
    """The word after a flag is its value, whatever it looks like."""
    for word in rest:
        yield word
        return

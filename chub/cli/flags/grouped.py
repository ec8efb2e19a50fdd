"""Give a command the fields of dataclasses as flags.

A parameter annotated with a dataclass becomes one keyword parameter for each of the dataclass's fields, which typer
reads as flags; when the command is called they are put together again. A group may be made of groups.
``tuple[X, ...]`` is a flag that may be repeated.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """The same command, with its groups spread out."""
    signature = inspect.signature(command)
    annotations: dict[str, Any] = {name: each.annotation for name, each in signature.parameters.items()}
    groups: dict[str, Any] = {name: each for name, each in annotations.items() if is_dataclass(each)}
    spread = [each for name, each in signature.parameters.items() if name not in groups]
    repeated = set()
    for group in groups.values():
        for field in _flags(group):
            annotation, many = _for_typer(field.type)
            default = None if many else field.default
            assert default is not MISSING, f"{group.__name__}.{field.name} has no default"
            repeated.update([field.name] if many else [])
            spread.append(
                inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            )

    @functools.wraps(command)
    def called(*args: Any, **named: Any) -> None:
        for name in repeated:
            named[name] = tuple(named[name] or ())
        for name, group in groups.items():
            named[name] = _put_together(group, named)
        command(*args, **named)

    called.__signature__ = signature.replace(parameters=spread)  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in spread}
    return called


def _flags(group: Any) -> Iterator[Field[Any]]:
    """The fields of a group and of the groups in it."""
    for field in fields(group):
        if is_dataclass(field.type):
            yield from _flags(field.type)
        else:
            yield field


def _put_together(group: Any, named: dict[str, Any]) -> Any:
    """The group, of the values that its flags have in `named`, which are taken out there."""
    return group(
        **{
            field.name: _put_together(field.type, named) if is_dataclass(field.type) else named.pop(field.name)
            for field in fields(group)
        }
    )


def _for_typer(annotation: Any) -> tuple[Any, bool]:
    """The annotation typer understands, and whether the flag may be repeated."""
    if get_origin(annotation) is Annotated:
        inner, *rest = get_args(annotation)
        if get_origin(inner) is tuple:
            return Annotated[(list[get_args(inner)[0]] | None, *rest)], True  # type: ignore[misc]
    return annotation, False

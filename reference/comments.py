"""A griffe extension: the comment behind a field of a record says what the field is."""

from __future__ import annotations

import re
from typing import Any

import griffe

COMMENT = re.compile(r"  # (?!type:|noqa)(.+)$")


class Comments(griffe.Extension):
    """Gives fields without a docstring their comment for one."""

    def on_attribute_instance(self, *, attr: griffe.Attribute, **kwargs: Any) -> None:
        """Read the line that the field stands on."""
        if attr.docstring is None and attr.parent is not None and attr.parent.is_class and attr.lineno is not None:
            found = COMMENT.search(attr.lines_collection[attr.filepath][(attr.endlineno or attr.lineno) - 1])
            if found:
                attr.docstring = griffe.Docstring(f"{found[1][0].upper()}{found[1][1:]}.", parent=attr)

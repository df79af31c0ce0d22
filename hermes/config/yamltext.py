"""YAML text to plain data, with the place of every mistake and without a value in any message."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from hermes.errors import ConfigFileError

__all__ = ["compose_yaml", "line_of", "parse_yaml"]

_EDIT_HINT = "Correct the file, then run: hermes config check"


def _reader() -> YAML:
    # The pure reader behaves alike with and without ruamel's C extension, and its marks carry an index.
    return YAML(typ="safe", pure=True)


def parse_yaml(text: str, path: Path) -> Any:
    """The data in ``text``; None where it holds only comments.

    Raises:
        ConfigFileError: the text is not one YAML document, or a mapping has a key twice.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a reused anchor is legal YAML
            return _reader().load(text)
    except DuplicateKeyError as error:
        # The library's own words quote both values, and a value may be a key.
        mark = error.problem_mark
        name = re.match(r"[\w.-]+", text[mark.index :])
        what = f"the key `{name[0]}`" if name else "a key"
        raise ConfigFileError(
            f"{path}, line {mark.line + 1}, column {mark.column + 1}: {what} stands twice in one mapping.",
            hint=f"Keep one of the two. {_EDIT_HINT}",
        ) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        words = (error.problem or "the text cannot be parsed").replace("character '\\t'", "a tab")
        raise ConfigFileError(f"{path}{where}: not valid YAML: {words}.", hint=_EDIT_HINT) from None
    except RecursionError:
        raise ConfigFileError(f"{path}: the YAML is nested too deeply.", hint=_EDIT_HINT) from None
    except YAMLError as error:
        position = getattr(error, "position", None)
        where = f", line {text.count(chr(10), 0, position) + 1}" if isinstance(position, int) else ""
        raise ConfigFileError(
            f"{path}{where}: not valid YAML: there is a control character in it.", hint=_EDIT_HINT
        ) from None
    except ValueError:
        # The library builds dates and tagged numbers with Python's own constructors, which tell no place.
        raise ConfigFileError(
            f"{path}: not valid YAML: a date or number in it does not exist.",
            hint=f"Put quotes around it if it is text. {_EDIT_HINT}",
        ) from None


def compose_yaml(text: str) -> Node | None:
    """The node tree of text that ``parse_yaml`` accepts; its marks say where everything stands."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        node: Node | None = _reader().compose(text)
        return node


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """The line, counted from 1, of the value at ``path``, or of the nearest thing above it that exists."""
    node = compose_yaml(text)
    line = None
    for step in path:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return line


def _child(node: Node | None, step: str | int) -> tuple[int, Node] | None:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark.line + 1, item
    return None

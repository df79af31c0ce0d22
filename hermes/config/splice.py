"""Edits of the two plugin lists in the text of ``config.yaml``, leaving every other byte as it is.

A YAML library that loads and dumps a file keeps most comments, but it normalises indentation, ``null`` and
folded text, and it drops the comments that follow a deleted list item. So the tree of nodes only tells where
things stand, and the edit is made in the text. The caller checks that the result means what it should.
"""

from __future__ import annotations

import json
import re

from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from hermes.config.yamltext import compose_yaml

__all__ = ["CannotSpliceError", "add_plugin", "remove_plugin"]

_SECTION = "plugins"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_COLON = re.compile(r"[ \t]*:")
_RESERVED = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


class CannotSpliceError(Exception):
    """The text is laid out in a way that these edits do not know."""


def add_plugin(text: str, list_name: str, name: str) -> str:
    """The text with ``name`` at the end of ``plugins.<list_name>``; what is missing on the way is made."""
    root = compose_yaml(text)
    if root is None or _is_null(root):
        return _append_section(text, list_name, name)
    if not isinstance(root, MappingNode):
        raise CannotSpliceError
    section = _value(root, _SECTION)
    if section is None:
        if root.flow_style:
            return _insert_in_flow(text, root, f"{_SECTION}: {{{list_name}: [{_scalar(name)}]}}")
        return _append_section(text, list_name, name)
    if _is_null(section) and not section.value and not root.flow_style:
        return _insert_line(
            text, _key_end(text, root, _SECTION), _block_list(text, "  ", "  ", list_name, name)
        )
    if _is_null(section):
        return _replace_null(text, root, _SECTION, f"{{{list_name}: [{_scalar(name)}]}}")
    if not isinstance(section, MappingNode):
        raise CannotSpliceError
    names = _value(section, list_name)
    if names is None:
        return _insert_list(text, section, list_name, name)
    if _is_null(names):
        return _replace_null(text, section, list_name, f"[{_scalar(name)}]")
    if not isinstance(names, SequenceNode):
        raise CannotSpliceError
    if names.flow_style:
        return _insert_in_flow(text, names, _scalar(name))
    return _insert_line(text, _end(names), f"{' ' * names.start_mark.column}- {_scalar(name)}")


def remove_plugin(text: str, list_name: str, name: str) -> str:
    """The text without the item ``name``, in that spelling, in ``plugins.<list_name>``."""
    root = compose_yaml(text)
    section = _value(root, _SECTION) if isinstance(root, MappingNode) else None
    names = _value(section, list_name) if isinstance(section, MappingNode) else None
    if not isinstance(section, MappingNode) or not isinstance(names, SequenceNode):
        raise CannotSpliceError
    for index, item in enumerate(names.value):
        if isinstance(item, ScalarNode) and item.value.strip() == name:
            if names.flow_style:
                return _remove_from_flow(text, names, index)
            return _remove_line(text, section, list_name, names, index)
    raise CannotSpliceError


def _value(mapping: MappingNode, name: str) -> Node | None:
    key: Node
    value: Node
    for key, value in mapping.value:
        if key.value == name:
            if value.start_mark.index < key.end_mark.index:
                raise CannotSpliceError  # an alias: the value stands elsewhere
            return value
    return None


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and str(node.tag).endswith(":null")


def _scalar(name: str) -> str:
    """The name as YAML text, in quotes where it could be read as something else."""
    return name if _PLAIN.fullmatch(name) and name.lower() not in _RESERVED else json.dumps(name)


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _end(node: Node) -> int:
    """Where the node ends; the end mark of a block collection is only after the comments below it."""
    if not isinstance(node, CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    key, value = last if isinstance(last, tuple) else (None, last)
    if key is not None and _is_null(value) and value.start_mark.index == value.end_mark.index:
        return int(key.end_mark.index)
    return _end(value)


def _insert_line(text: str, after: int, line: str) -> str:
    """Put a line below the line that ``after`` is in."""
    end = text.find("\n", after)
    if end < 0:
        return text + _line_end(text) + line + _line_end(text)
    return text[: end + 1] + line + _line_end(text) + text[end + 1 :]


def _append_section(text: str, list_name: str, name: str) -> str:
    line_end = _line_end(text)
    gap = "" if not text or text.endswith("\n") else line_end
    return f"{text}{gap}{_SECTION}:{line_end}{_block_list(text, '  ', '  ', list_name, name)}{line_end}"


def _insert_list(text: str, section: MappingNode, list_name: str, name: str) -> str:
    if section.flow_style:
        return _insert_in_flow(text, section, f"{list_name}: [{_scalar(name)}]")
    indent = " " * section.start_mark.column
    step = "  "
    for key, value in section.value:
        if isinstance(value, SequenceNode) and not value.flow_style and value.value:
            step = " " * (value.start_mark.column - key.start_mark.column)  # as the user indents lists
    return _insert_line(text, _end(section), _block_list(text, indent, step, list_name, name))


def _block_list(text: str, indent: str, step: str, list_name: str, name: str) -> str:
    return f"{indent}{list_name}:{_line_end(text)}{indent}{step}- {_scalar(name)}"


def _key_end(text: str, mapping: MappingNode, name: str) -> int:
    """Where the colon of a key ends."""
    for key, _ in mapping.value:
        if key.value == name:
            colon = _COLON.match(text, key.end_mark.index)
            if colon is not None:
                return colon.end()
    raise CannotSpliceError


def _replace_null(text: str, mapping: MappingNode, name: str, value: str) -> str:
    """Give a key whose value is empty, ``~`` or ``null`` a value on its own line."""
    colon = _key_end(text, mapping, name)
    old = _value(mapping, name)
    rest = old.end_mark.index if old is not None and old.value else colon
    return f"{text[:colon]} {value}{text[rest:]}"


def _insert_in_flow(text: str, node: Node, item: str) -> str:
    if not node.value:
        inside = node.start_mark.index + 1
        return text[:inside] + item + text[inside:]
    last = node.value[-1]
    end = _end(last[1] if isinstance(last, tuple) else last)
    return f"{text[:end]}, {item}{text[end:]}"


def _remove_from_flow(text: str, names: SequenceNode, index: int) -> str:
    start, end = names.value[index].start_mark.index, names.value[index].end_mark.index
    after = re.compile(r"[ \t]*,[ \t]*").match(text, end)
    if after is not None and index < len(names.value) - 1:
        return text[:start] + text[after.end() :]
    before = re.search(r",\s*\Z", text[:start])
    if before is not None:
        return text[: before.start()] + text[end:]
    return text[:start] + text[after.end() if after is not None else end :]


def _remove_line(text: str, section: MappingNode, list_name: str, names: SequenceNode, index: int) -> str:
    item = names.value[index]
    start = text.rfind("\n", 0, item.start_mark.index) + 1
    end = text.find("\n", _end(item))
    end = len(text) if end < 0 else end + 1
    if not re.fullmatch(r"[ \t]*-[ \t]+", text[start : item.start_mark.index]):
        raise CannotSpliceError
    comment = text[_end(item) : end].lstrip()
    if comment.startswith("#"):
        comment = " " * names.start_mark.column + comment
    kept = text[:start] + comment + text[end:]
    if len(names.value) > 1:
        return kept
    colon = _key_end(text, section, list_name)
    return f"{kept[:colon]} []{kept[colon:]}"

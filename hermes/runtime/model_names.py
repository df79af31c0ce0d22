"""Whether the model that answered is another one than was asked for, as far as the names tell.

Names differ for harmless reasons: a dated snapshot, the maker's name before a slash, the name of a
deployment. A user wants to hear of it where both are names of versions of models, and not of the same one.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_another_model"]

_LONGEST: Final = 200
_SNAPSHOT: Final = re.compile(r"[-@_:]?(?:\d{4}-?\d{2}-?\d{2}|latest|preview|\d{4})$")
_VERSIONED: Final = re.compile(r"[a-z]{2,}[-_. ]?v?\d")
_SEPARATORS: Final = re.compile(r"[-_. ]+")


def is_another_model(asked: object, told: object) -> bool:
    """Whether ``told`` names another model than ``asked``, rather than the same one in other words.

    A name that holds the other one is a deployment or an effort of it: ``gpt-5.4-high`` of ``gpt-5.4``.
    """
    if not isinstance(asked, str) or not isinstance(told, str):
        return False
    wanted, got = _plain(asked), _plain(told)
    if not _VERSIONED.search(wanted) or not _VERSIONED.search(got):
        return False
    return _SEPARATORS.sub("", got) not in _SEPARATORS.sub("", wanted)


def _plain(name: str) -> str:
    name = name[:_LONGEST].strip().lower().rpartition("/")[2]
    name = name.partition(":")[0]  # a gateway's variant of it, as in `name:free`
    return _SNAPSHOT.sub("", name)

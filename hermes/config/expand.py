"""``${NAME}`` in a value of ``config.yaml``."""

from __future__ import annotations

import re

from hermes.config.dotenv import Environment
from hermes.errors import ConfigError

__all__ = ["expand", "how_to_set", "references"]

_REFERENCE = re.compile(r"\$\{([^}]*)\}?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def expand(text: str, env: Environment, where: str) -> str:
    """``text`` with every ``${NAME}`` replaced.

    Args:
        text: the value as it is written.
        env: the variables.
        where: the key path of the value, for the message.

    Raises:
        ConfigError: a variable is unset or blank, or the braces hold no name.
    """

    def replacement(found: re.Match[str]) -> str:
        name = found[1]
        if not (_NAME.fullmatch(name) and found[0].endswith("}")):
            raise ConfigError(
                f"`{where}` in config.yaml has a `${{…}}` that holds no name of a variable.",
                hint="Write it as ${NAME}, with letters, digits and _ only.",
            )
        value = env.value(name)
        if value is None:
            raise ConfigError(
                f"`{where}` in config.yaml uses ${{{name}}}, which is not set.", hint=how_to_set(name, env)
            )
        return value

    return _REFERENCE.sub(replacement, text)


def references(text: str) -> list[str]:
    """The names of the variables that ``text`` uses."""
    return [name for name in _REFERENCE.findall(text) if _NAME.fullmatch(name)]


def how_to_set(name: str, env: Environment) -> str:
    """The hint for a variable that is missing."""
    return f"Add the line {name}=… to {env.path}, or run: export {name}=…"

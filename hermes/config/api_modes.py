"""The wire protocols that ``api_mode`` may name, and the one that Hermes speaks."""

from __future__ import annotations

from typing import Final

from hermes.errors import UnsupportedApiModeError
from hermes.names import nearest

__all__ = ["API_MODE", "spoken_api_mode"]

API_MODE: Final = "codex_responses"

_SPOKEN = frozenset({"codex_responses", "responses", "openai_responses"})
_NOT_SPOKEN = frozenset(
    {"chat_completions", "anthropic_messages", "bedrock_converse", "codex_app_server", "openai_chat"}
)


def spoken_api_mode(written: str, where: str) -> str:
    """The one mode that Hermes speaks, if ``written`` means it.

    Args:
        written: the value of ``api_mode``.
        where: its key path, for the message.

    Raises:
        UnsupportedApiModeError: the mode is another one, or unknown.
    """
    mode = written.strip().lower().replace("-", "_")
    if mode in _SPOKEN:
        return API_MODE
    if mode in _NOT_SPOKEN:
        raise UnsupportedApiModeError(
            f"`{where}` is `{mode}`, which Hermes does not speak.",
            hint=f"If the backend has a /responses endpoint, set {where} to {API_MODE}; "
            "else choose another provider, with --provider NAME.",
        )
    near = nearest(mode, _SPOKEN | _NOT_SPOKEN)
    guess = f"Did you mean {near}? " if near else ""
    raise UnsupportedApiModeError(
        f"`{where}` is {_quoted(mode)}, which is no API mode that Hermes knows.",
        hint=f"{guess}Hermes speaks {API_MODE}. To check the file, run: hermes config check",
    )


def _quoted(mode: str) -> str:
    # Something long is no misspelt mode, and may be a key on the wrong line.
    return f"`{mode}`" if len(mode) <= 24 else "a long text"

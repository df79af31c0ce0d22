"""Every exception that Hermes raises, in one tree.

    HermesError                        has a sentence for the user and, mostly, a hint: the next thing to do
    ├── UsageError                     exit code 2: the command line says something impossible
    ├── ConfigError                    exit code 2
    │   ├── ConfigFileError            config.yaml or .env cannot be read, parsed or written
    │   ├── UnknownProviderError       no provider of that name is configured
    │   ├── UnsupportedApiModeError    an api_mode that Hermes does not speak, or does not know
    │   └── UnknownPluginError         no installed plugin has that name
    ├── PluginError                    exit code 1
    │   └── PluginLoadError            an enabled plugin cannot be imported or breaks the hook contract
    ├── ProtocolError                  the backend's bytes break the Responses API
    │   ├── StreamOrderError           an event that cannot come here; carries the violation
    │   ├── FrameTooLargeError         one SSE frame or JSON body is over the limit
    │   └── ResponseBodyError          a body that is neither SSE nor a Response object
    └── CallError                      exit code 1: a model call ended without a usable answer
        └── CallInterrupted            exit code 130: the user stopped the call

The module is a leaf: everything may import it, it imports nothing of Hermes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

__all__ = [
    "CallError",
    "CallInterrupted",
    "ConfigError",
    "ConfigFileError",
    "FrameTooLargeError",
    "HermesError",
    "PluginError",
    "PluginLoadError",
    "ProtocolError",
    "ResponseBodyError",
    "StreamOrderError",
    "UnknownPluginError",
    "UnknownProviderError",
    "UnsupportedApiModeError",
    "UsageError",
]


class HermesError(Exception):
    """What a user of Hermes may see.

    Args:
        message: one sentence that says what happened.
        hint: what to do next, often a command to type; empty where there is nothing to do.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(HermesError):
    """The command line asks for something that cannot be done."""

    exit_code = 2


class ConfigError(HermesError):
    """The configuration is wrong."""

    exit_code = 2


class ConfigFileError(ConfigError):
    """``config.yaml`` or ``.env`` cannot be read, parsed or written."""


class UnknownProviderError(ConfigError):
    """The configuration or ``--provider`` names a provider that is not configured."""


class UnsupportedApiModeError(ConfigError):
    """The provider names an ``api_mode`` that Hermes does not speak."""


class UnknownPluginError(ConfigError):
    """The configuration or ``--plugin`` names a plugin that is not installed."""


class PluginError(HermesError):
    """A plugin cannot be used."""


class PluginLoadError(PluginError):
    """An enabled plugin cannot be imported, or does not keep the hook contract."""


class ProtocolError(HermesError):
    """The backend's answer breaks the Responses API."""


class StreamOrderError(ProtocolError):
    """The accumulator refuses an event; its state is as it was before the event.

    Args:
        message: the sentence, in the words that SDK users know.
        violation: a ``hermes.responses.violations.Violation`` that says which rule is broken.
        event: the ``hermes.responses.events.Event`` that is refused.
    """

    def __init__(self, message: str, *, violation: Any, event: Any) -> None:
        super().__init__(message)
        self.violation = violation
        self.event = event


class FrameTooLargeError(ProtocolError):
    """One SSE frame or one JSON body is longer than the limit.

    Args:
        limit: the limit in bytes.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(f"The backend sent a single frame of more than {limit:,} bytes.")
        self.limit = limit


class ResponseBodyError(ProtocolError):
    """The body of a successful HTTP answer is neither SSE nor a Response object."""


class CallError(HermesError):
    """A model call ended without a usable answer.

    Args:
        message: what happened, for the user.
        hint: what to do next.
        verdict: the ``hermes.providers.contract.Verdict`` that ended the call.
        attempts: the ``hermes.responses.result.Attempt`` of every HTTP request that was made.
    """

    def __init__(
        self, message: str, *, hint: str = "", verdict: Any = None, attempts: Sequence[Any] = ()
    ) -> None:
        super().__init__(message, hint=hint)
        self.verdict = verdict
        self.attempts = tuple(attempts)


class CallInterrupted(CallError):
    """The user stopped the call before it had a usable answer."""

    exit_code = 130

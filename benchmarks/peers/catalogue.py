"""Which peers there are, and the versions that they were tried with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["PEERS", "Peer", "find_peer"]

_SDK: Final = ("openai==3.54.0",)


@dataclass(frozen=True, slots=True)
class Peer:
    """A client to compare with.

    Attributes:
        name: for the command line.
        title: for tables.
        driver: the program in ``drivers/``.
        kind: ``library`` answers many turns in one process; ``command`` is a process a turn.
        python: requirements from the package index, pinned.
        npm: the same from the npm registry.
        ours: it is Hermes itself, which runs in the environment that this program runs in.
        speaks: what of a turn it can be told besides the prompt: ``tools``, ``extra`` and ``profile``.
    """

    name: str
    title: str
    driver: str
    kind: Literal["library", "command"] = "library"
    python: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    ours: bool = False
    speaks: tuple[str, ...] = ("tools", "extra")


PEERS: Final[tuple[Peer, ...]] = (
    Peer("hermes", "Hermes", "hermes_call.py", ours=True, speaks=("tools", "extra", "profile")),
    Peer("openai-stream", "openai `responses.stream()`", "openai_stream.py", python=_SDK),
    Peer("openai-create", "openai `create(stream=True)`", "openai_create.py", python=_SDK),
    Peer("openai-agents", "openai-agents", "openai_agents.py", python=("openai-agents==0.24.0", *_SDK)),
    Peer(
        "pydantic-ai",
        "pydantic-ai",
        "pydantic_ai_agent.py",
        python=("pydantic-ai-slim[openai]==2.68.0", *_SDK),
    ),
    Peer(
        "langchain-openai",
        "langchain-openai",
        "langchain_openai_chat.py",
        python=("langchain-openai==1.7.3", *_SDK),
    ),
    Peer("litellm", "litellm", "litellm_responses.py", python=("litellm[mcp]==1.106.2",)),
    Peer("hermes-cli", "`hermes -z`", "hermes_cli.py", "command", ours=True, speaks=("profile",)),
    Peer(
        "codex",
        "codex CLI",
        "codex_cli.py",
        "command",
        npm=("@openai/codex@0.169.0",),
        speaks=(),
    ),
    Peer(
        "hermes-agent",
        "hermes-agent",
        "hermes_agent_cli.py",
        "command",
        python=("hermes-agent==0.19.0",),
        speaks=(),
    ),
)


def find_peer(name: str) -> Peer:
    """The peer of that name.

    Raises:
        KeyError: there is none.
    """
    return {peer.name: peer for peer in PEERS}[name]

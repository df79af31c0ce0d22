"""No backend is named in the core: not in code, not in comments. The URL of a source may name one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import hermes

ROOT = Path(hermes.__file__).parent
ADAPTERS = ROOT / "providers" / "adapters"
CORE = [
    path
    for folder in ("responses", "runtime", "providers")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if ADAPTERS not in path.parents
]
NAMES = re.compile(
    r"codex[-_. ]?lb|chatgpt|copilot|\bgrok|\bxai\b|\bx\.ai|azure|openrouter|vllm|ollama|lm[-_ ]?studio|llama"
    r"|litellm|sub2api|new-?api\b|cliproxy|chatmock|bedrock|dashscope|omniroute|9router|opencode|sglang|cloudflare",
    re.IGNORECASE,
)
URL = re.compile(r"https?://\S+")


def named(text: str) -> list[str]:
    return NAMES.findall(URL.sub("", text))


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_core_names_no_backend(path: Path) -> None:
    assert named(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text", ["if provider == 'ollama':", "# as LM Studio does", "codex_lb", "x-grok-id", "api.x.ai"]
)
def test_a_name_is_found(text: str) -> None:
    assert named(text)


def test_the_url_of_a_source_is_no_name() -> None:
    assert named("seen at https://github.com/Soju06/codex-lb/pull/696, twice") == []

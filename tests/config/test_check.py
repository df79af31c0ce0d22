from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hermes.config.check import Finding, check_config

Write = Callable[[str | bytes], Path]

SECRET = "sk-marked-7f3a9c"
GOOD = "model: {provider: custom, default: gpt-5.4, base_url: http://127.0.0.1:2455/v1}\n"


@pytest.fixture
def check(home: Path, write_config: Write) -> Callable[..., list[Finding]]:
    def run(text: str, **environ: str) -> list[Finding]:
        write_config(text).chmod(0o600)
        findings = check_config(home, environ)
        assert SECRET not in repr(findings)
        return findings

    return run


Check = Callable[..., list[Finding]]


def test_good_file_has_no_findings(check: Check) -> None:
    assert check(GOOD + "plugins: {enabled: [codex_lb]}\nrecovery: {after_output: restart}\n") == []


def test_missing_files(home: Path) -> None:
    assert check_config(home, {}) == [
        Finding(
            "info",
            "model",
            "No provider is configured, so Hermes answers from its built-in demo backend.",
            "Set model.provider and model.base_url in config.yaml.",
        )
    ]


def test_broken_yaml(check: Check, home: Path) -> None:
    [finding] = check("model: [\n")
    assert (finding.level, finding.where) == ("error", "config.yaml")
    assert finding.message.startswith(f"{home / 'config.yaml'}, line 2, column 1: not valid YAML")
    assert finding.hint


def test_every_wrong_value_and_misspelt_key_is_listed(check: Check) -> None:
    findings = check("model: {default: 1}\nplugins: 3\nrecovery: {after_ouput: keep}\n")
    assert [finding.level for finding in findings] == ["error", "error", "warning"]
    assert "`model.default` is a number" in findings[0].message
    assert "`plugins` is a number" in findings[1].message
    assert findings[2] == Finding(
        "warning", "line 3", "Hermes does not read `after_ouput`.", "Did you mean after_output?"
    )


@pytest.mark.parametrize(
    ("text", "line", "key", "near"),
    [
        ("plugin: {enabled: [a]}\n", 2, "plugin", "plugins"),
        ("custom_provider: []\n", 2, "custom_provider", "custom_providers"),
        ("plugins:\n  enable: [a]\n", 3, "enable", "enabled"),
        ("providers:\n  lb:\n    url: http://a\n    key_evn: X\n", 5, "key_evn", "key_env"),
        ("custom_providers:\n  - name: lb\n    base_ulr: http://a\n", 4, "base_ulr", "base_url"),
    ],
)
def test_misspelt_keys(check: Check, text: str, line: int, key: str, near: str) -> None:
    assert check(GOOD + text) == [
        Finding("warning", f"line {line}", f"Hermes does not read `{key}`.", f"Did you mean {near}?")
    ]


def test_keys_of_others_are_not_misspelt(check: Check) -> None:
    others = "context_length: 1, max_tokens: 2, streaming: true, ollama_num_ctx: 3}\n"
    roots = (
        "models: {}\nmodel_aliases: {}\nfallback_providers: []\nprovider_routing: {}\nterminal: {}\n3: x\n"
    )
    assert check(GOOD.replace("}\n", f", {others}") + roots) == []


def test_key_command_is_told(check: Check) -> None:
    [finding] = check(GOOD + "providers: {lb: {url: http://a, key_cmd: x}}\n")
    assert finding.message == "Hermes runs no `key_cmd`, so this provider has no key from it."
    assert finding.where == "line 2"


def test_provider_that_cannot_be_used_is_an_error(check: Check) -> None:
    [finding] = check(GOOD.replace("base_url", "key_env: NOPE, base_url"))
    assert (finding.level, finding.where) == ("error", "model")
    assert finding.message == "`model.key_env` in config.yaml names NOPE, which is not set."


def test_other_entries_are_warnings(check: Check, home: Path) -> None:
    findings = check(
        GOOD + "providers:\n  a: {url: 'a:1', transport: chat_completions, key_env: UNSET_A}\n"
        "  b: {url: http://b, api_key: '${UNSET_B}', keyEnv: deadbeef}\n  c: {url: 'http://${UNSET_C}'}\n"
    )
    assert [(finding.level, finding.where, finding.message) for finding in findings] == [
        (
            "warning",
            "providers.a.transport",
            "`providers.a.transport` is `chat_completions`, which Hermes does not speak.",
        ),
        ("warning", "providers.a.url", "`providers.a.url` must begin with http:// or https://"),
        ("warning", "providers.a.key_env", "The variable UNSET_A is not set."),
        ("warning", "providers.b.keyEnv", "The variable that is named there is not set."),
        ("warning", "providers.b.api_key", "The variable UNSET_B is not set."),
        ("warning", "providers.c.url", "`providers.c.url` in config.yaml uses ${UNSET_C}, which is not set."),
    ]
    assert "deadbeef" not in repr(findings)
    assert check(GOOD + "providers: {a: {url: http://a, key_env: SET_A}}\n", SET_A="1") == []


def test_same_name_twice(check: Check) -> None:
    [finding] = check(
        GOOD + "providers: {lb: {url: http://a}}\ncustom_providers: [{name: LB, url: http://b}]\n"
    )
    assert finding.message == "2 entries have the name `lb`; the first one is used."


def test_two_base_urls(check: Check) -> None:
    text = "model: {provider: lb, default: m, url: http://a/v1}\nproviders: {lb: {url: http://b/v1}}\n"
    [finding] = check(text)
    assert (finding.level, finding.where) == ("warning", "model.url")
    assert finding.message == "`providers.lb` has another base URL, and that one is used."
    assert check(text.replace("http://b", "http://a")) == []


def test_name_without_an_entry(check: Check) -> None:
    [finding] = check(GOOD.replace("provider: custom", "provider: deepseek"))
    assert finding.message == "There is no entry for `deepseek`; Hermes uses what stands in `model`."


def test_plugin_in_both_lists(check: Check) -> None:
    [finding] = check(GOOD + "plugins: {enabled: [codex_lb], disabled: [codex-lb, lenient]}\n")
    assert finding.message == "The plugin `codex_lb` is both enabled and disabled, so it is disabled."
    assert finding.hint == "Run: hermes plugins enable codex_lb"


def test_keys_that_others_may_read(home: Path, write_config: Write) -> None:
    path = write_config(GOOD.replace("base_url", f"api_key: {SECRET}, base_url"))
    path.chmod(0o644)
    (home / ".env").write_text("A=1\n= broken\n")
    (home / ".env").chmod(0o640)
    findings = check_config(home, {})
    assert [(finding.where, finding.message) for finding in findings] == [
        ("model.api_key", f"A key stands in {path}, which other users of this machine may read."),
        (".env", f"{home / '.env'}, line 2: this is no NAME=value."),
        (".env", f"Other users of this machine may read the keys in {home / '.env'}."),
    ]
    assert SECRET not in repr(findings)


def test_unreadable_dotenv(check: Check, home: Path) -> None:
    (home / ".env").mkdir(parents=True)
    [finding] = check(GOOD)
    assert (finding.level, finding.where) == ("error", ".env")
    assert finding.message == f"{home / '.env'} is a folder, but Hermes expects a file there."

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hermes.config.dotenv import Environment
from hermes.config.models import Config
from hermes.config.resolve import ResolvedProvider, resolve_provider
from hermes.errors import ConfigError, UnknownProviderError, UnsupportedApiModeError

Resolve = Callable[..., ResolvedProvider | None]

SECRET = "sk-marked-7f3a9c"
OPENAI = {"OPENAI_API_KEY": SECRET}
CODEX_LB = """\
model: {provider: custom, default: gpt-5.4, base_url: http://127.0.0.1:2455/v1, api_mode: codex_responses}
plugins: {enabled: [codex_lb]}
"""


def refusal(
    resolve: Resolve, text: str, kind: type[ConfigError] = ConfigError, **arguments: Any
) -> ConfigError:
    with pytest.raises(kind) as caught:
        resolve(text, **arguments)
    error = caught.value
    assert type(error) is kind
    assert error.exit_code == 2
    assert error.hint
    assert SECRET not in str(error) + repr(error) + error.hint
    return error


@pytest.mark.parametrize("environ", [{}, OPENAI])
def test_codex_lb_on_loopback_gets_no_key(resolve: Resolve, environ: dict[str, str]) -> None:
    assert resolve(CODEX_LB, environ=environ) == ResolvedProvider(
        name="custom",
        kind="custom",
        base_url="http://127.0.0.1:2455/v1",
        model="gpt-5.4",
        api_mode="codex_responses",
        api_key=None,
        api_key_source="",
        extra_headers={},
        deadlines={},
        max_frame_bytes=None,
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "model: gpt-5.4\n",
        "model: {default: m, provider: auto}\n",
        "providers: {openai: {timeout_seconds: 3}}\n",
    ],
)
def test_nothing_configured(resolve: Resolve, text: str) -> None:
    assert resolve(text, environ=OPENAI) is None
    assert resolve(text, environ=OPENAI, provider="", base_url="", model="") is None


# Which provider is meant

LISTED = """\
model: {provider: PROVIDER, default: gpt-5.4}
providers:
  My LB: {url: http://lb/v1}
  custom:packy: {api: http://packy/v1}
  other: {base_url: http://other/v1}
custom_providers:
  - {name: gateway, base_url: http://gateway/v1}
  - {name: other, base_url: http://shadowed/v1}
"""


@pytest.mark.parametrize(
    ("provider", "name", "base_url"),
    [
        ("My LB", "My LB", "http://lb/v1"),
        ("my-lb", "My LB", "http://lb/v1"),
        ("custom:my_lb", "My LB", "http://lb/v1"),
        ("custom:packy", "custom:packy", "http://packy/v1"),
        ("packy", "custom:packy", "http://packy/v1"),
        ("gateway", "gateway", "http://gateway/v1"),
        ("custom:gateway", "gateway", "http://gateway/v1"),
        ("custom:Gateway", "gateway", "http://gateway/v1"),
        ("other", "other", "http://other/v1"),
    ],
)
@pytest.mark.parametrize("by_flag", [True, False])
def test_entry_by_name(resolve: Resolve, provider: str, name: str, base_url: str, by_flag: bool) -> None:
    text = LISTED.replace("PROVIDER", "gateway" if by_flag else f"'{provider}'")
    found = resolve(text, provider=provider if by_flag else None)
    assert found is not None
    assert (found.name, found.kind, found.base_url, found.model) == (name, "custom", base_url, "gpt-5.4")


@pytest.mark.parametrize(
    "where", ["providers: {custom: {ENTRY}}", "custom_providers: [{name: custom, ENTRY}]"]
)
def test_entry_that_is_named_custom(resolve: Resolve, where: str) -> None:
    entry = where.replace("ENTRY", "url: http://a/v1, stale_timeout_seconds: 5")
    found = resolve(f"model: {{provider: custom, default: m}}\n{entry}\n")
    assert found is not None
    assert (found.base_url, found.deadlines) == ("http://a/v1", {"idle_bytes": 5.0})
    overlay = where.replace("ENTRY", "stale_timeout_seconds: 5")
    found = resolve(f"model: {{provider: custom, default: m, url: http://b/v1}}\n{overlay}\n")
    assert found is not None
    assert (found.base_url, found.deadlines) == ("http://b/v1", {"idle_bytes": 5.0})


@pytest.mark.parametrize("provider", ["", "provider: auto, "])
def test_base_url_without_a_provider_is_custom(resolve: Resolve, provider: str) -> None:
    found = resolve(f"model: {{{provider}default: m, base_url: http://a/v1}}\n")
    assert found is not None
    assert (found.name, found.base_url) == ("custom", "http://a/v1")


def test_only_entry_is_selected(resolve: Resolve) -> None:
    found = resolve(
        "model: mine\nproviders: {lb: {url: http://lb/v1, default_model: theirs}, x: {timeout_seconds: 1}}\n"
    )
    assert found is not None
    assert (found.name, found.model) == ("lb", "mine")


def test_several_entries_need_a_selection(resolve: Resolve) -> None:
    text = LISTED.replace("provider: PROVIDER, ", "")
    error = refusal(resolve, text)
    assert error.message == "config.yaml describes several providers and selects none of them."
    assert error.hint == "Set model.provider, or pass --provider: My LB, custom:packy, other, gateway, other"
    found = resolve(text, provider="other")
    assert found is not None
    assert found.base_url == "http://other/v1"


def test_name_of_the_users_own_with_a_base_url(resolve: Resolve) -> None:
    found = resolve("model: {provider: deepseek, default: m, url: https://d/v1, api_mode: codex_responses}\n")
    assert found is not None
    assert (found.name, found.kind, found.base_url) == ("deepseek", "custom", "https://d/v1")


def test_misspelt_custom_with_a_base_url(resolve: Resolve) -> None:
    text = CODEX_LB.replace("provider: custom", "provider: custmo")
    error = refusal(resolve, text, UnknownProviderError)
    assert error.message == "`model.provider` names the provider `custmo`, which is not configured."
    assert error.hint == (
        "Did you mean custom? There are: openai, custom. To see them, run: hermes providers list"
    )


def test_unknown_provider(resolve: Resolve) -> None:
    error = refusal(resolve, LISTED.replace("PROVIDER", "other"), UnknownProviderError, provider="gatway")
    assert error.message == "--provider names the provider `gatway`, which is not configured."
    assert error.hint == (
        "Did you mean gateway? There are: My LB, custom:packy, other, gateway, openai, custom. "
        "To see them, run: hermes providers list"
    )
    error = refusal(resolve, "model: {provider: zzz}\n", UnknownProviderError)
    assert error.hint == "There are: openai, custom. To see them, run: hermes providers list"
    refusal(resolve, "providers: {lb: {url: http://a}}\n", UnknownProviderError, provider="custom:nope")


@pytest.mark.parametrize(
    ("text", "name", "hint"),
    [
        (
            "model: {provider: custom, default: m}\n",
            "custom",
            "Set model.base_url, or pass --base-url, as in http://127.0.0.1:2455/v1",
        ),
        (
            "model: {provider: lb}\ncustom_providers: [{name: lb, model: m}]\n",
            "lb",
            "Set custom_providers[0].base_url, as in http://127.0.0.1:2455/v1",
        ),
    ],
)
def test_missing_base_url(resolve: Resolve, text: str, name: str, hint: str) -> None:
    error = refusal(resolve, text)
    assert error.message == f"The provider `{name}` has no base URL."
    assert error.hint == hint


def test_model_section_fills_the_gaps_of_the_entry_that_it_selects(resolve: Resolve) -> None:
    found = resolve(
        "model: {provider: lb, default: m, url: http://b/v1, api_key: k, max_frame_bytes: 5,"
        " timeout_seconds: 1, connect_timeout_seconds: 2, extra_headers: {X: a, Y: b}}\n"
        "providers: {lb: {timeout_seconds: 9, extra_headers: {x: c}}, z: {url: http://z}}\n"
    )
    assert found is not None
    assert (found.base_url, found.api_key, found.max_frame_bytes) == ("http://b/v1", "k", 5)
    assert found.deadlines == {"total": 9.0, "connect": 2.0}
    assert found.extra_headers == {"x": "c", "Y": "b"}


def test_model_section_says_nothing_about_another_provider(resolve: Resolve) -> None:
    found = resolve(
        "model: {provider: custom, default: m, url: http://b/v1, api_key: k, api_mode: chat_completions,"
        " timeout_seconds: 1, extra_headers: {X: a}}\nproviders: {lb: {url: http://lb/v1}}\n",
        provider="lb",
    )
    assert found == ResolvedProvider(name="lb", kind="custom", base_url="http://lb/v1", model="m")


# Models


@pytest.mark.parametrize(
    ("flags", "model"),
    [
        ({}, "chosen"),
        ({"model": "flag"}, "flag"),
        ({"provider": "lb"}, "chosen"),
        ({"provider": "b"}, "its-own"),
        ({"provider": "c"}, "chosen"),
    ],
)
def test_model(resolve: Resolve, flags: dict[str, str], model: str) -> None:
    found = resolve(
        "model: {provider: lb, default: chosen}\nproviders:\n  lb: {url: http://lb, default_model: theirs}\n"
        "  b: {url: http://b, model: its-own}\n  c: {url: http://c}\n",
        **flags,
    )
    assert found is not None
    assert found.model == model


def test_models_of_the_entry(resolve: Resolve) -> None:
    found = resolve(
        "model: {provider: lb}\nproviders: {lb: {url: http://lb, default_model: '${M}'}}\n",
        environ={"M": "m1"},
    )
    assert found is not None
    assert found.model == "m1"


def test_missing_model(resolve: Resolve) -> None:
    error = refusal(resolve, "model: {base_url: http://a/v1}\n")
    assert error.message == "No model is chosen for the provider `custom`."
    assert error.hint == "Pass it with -m NAME, or set model.default in config.yaml."


# Base URLs


def test_base_url_is_expanded_and_normalised(resolve: Resolve) -> None:
    found = resolve(
        "model: {default: m, api: 'http://${HOST}:${PORT}/v1/responses/'}\n",
        environ={"HOST": "lb", "PORT": "1"},
    )
    assert found is not None
    assert found.base_url == "http://lb:1/v1"


def test_bad_base_url_is_named_as_it_is_written(resolve: Resolve) -> None:
    error = refusal(resolve, f"model: {{default: m, url: 'http://me:{SECRET}@lb/v1'}}\n")
    assert error.message == "`model.url` has a user name or password in it."
    error = refusal(resolve, "", base_url="lb:1")
    assert error.message == "`--base-url` must begin with http:// or https://"


# Modes


@pytest.mark.parametrize("mode", ["codex_responses", "Codex-Responses", "responses", "openai_responses"])
@pytest.mark.parametrize(
    "text",
    [
        "model: {KEY, default: m, url: http://a}",
        "model: {provider: a, default: m}\nproviders: {a: {url: http://a, KEY}}",
    ],
)
def test_mode_that_hermes_speaks(resolve: Resolve, mode: str, text: str) -> None:
    found = resolve(text.replace("KEY", f"transport: {mode}"))
    assert found is not None
    assert found.api_mode == "codex_responses"


@pytest.mark.parametrize(
    "mode", ["chat_completions", "anthropic_messages", "bedrock_converse", "codex_app_server"]
)
def test_mode_that_hermes_does_not_speak(resolve: Resolve, mode: str) -> None:
    error = refusal(
        resolve, f"model: {{url: http://a, default: m, transport: {mode}}}", UnsupportedApiModeError
    )
    assert error.message == f"`model.transport` is `{mode}`, which Hermes does not speak."
    assert error.hint == (
        "If the backend has a /responses endpoint, set model.transport to codex_responses; "
        "else choose another provider, with --provider NAME."
    )


def test_unknown_mode(resolve: Resolve) -> None:
    text = "model: {url: http://a, default: m, api_mode: MODE}"
    error = refusal(resolve, text.replace("MODE", "codex_respones"), UnsupportedApiModeError)
    assert error.message == "`model.api_mode` is `codex_respones`, which is no API mode that Hermes knows."
    speaks = "Hermes speaks codex_responses. To check the file, run: hermes config check"
    assert error.hint == f"Did you mean codex_responses? {speaks}"
    error = refusal(resolve, text.replace("MODE", "grpc"), UnsupportedApiModeError)
    assert error.hint == speaks
    error = refusal(resolve, text.replace("MODE", f"{SECRET}-and-more-of-it"), UnsupportedApiModeError)
    assert error.message == "`model.api_mode` is a long text, which is no API mode that Hermes knows."


def test_mode_of_another_provider_does_not_matter(resolve: Resolve) -> None:
    found = resolve(CODEX_LB + "providers: {x: {url: http://x, api_mode: nonsense}}\n")
    assert found is not None
    assert found.name == "custom"


# Keys


@pytest.mark.parametrize(
    ("written", "variables", "key", "source"),
    [
        ("api_key: inline", {}, "inline", "config.yaml: model.api_key"),
        ("apiKey: inline", {}, "inline", "config.yaml: model.apiKey"),
        ("api_key: '${K}'", {"environ": {"K": "v"}}, "v", "environment: K"),
        ("api_key: '${K}'", {"dotenv": "K=v"}, "v", ".env: K"),
        ("key_env: K", {"environ": {"K": " v "}, "dotenv": "K=w"}, "v", "environment: K"),
        ("key_env: K", {"dotenv": "K=w"}, "w", ".env: K"),
        ("api_key: inline, key_env: K", {}, "inline", "config.yaml: model.api_key"),
        ("key_env: OPENAI_API_KEY", {"environ": OPENAI}, SECRET, "environment: OPENAI_API_KEY"),
        ("api_key: '${OPENAI_API_KEY}'", {"environ": OPENAI}, SECRET, "environment: OPENAI_API_KEY"),
        ("default: m", {"environ": OPENAI, "dotenv": "OPENAI_API_KEY=x"}, None, ""),
    ],
)
def test_key(resolve: Resolve, written: str, variables: dict[str, Any], key: str | None, source: str) -> None:
    found = resolve(f"model: {{model: m, url: http://a/v1, {written}}}\n", **variables)
    assert found is not None
    assert (found.api_key, found.api_key_source) == (key, source)


def test_unset_key_variable_is_named(resolve: Resolve, home: Path) -> None:
    error = refusal(resolve, "model: {model: m, url: http://a, api_key_env: LB_KEY}\n")
    assert error.message == "`model.api_key_env` in config.yaml names LB_KEY, which is not set."
    assert error.hint == f"Add the line LB_KEY=… to {home / '.env'}, or run: export LB_KEY=…"
    error = refusal(resolve, "model: {model: m, url: http://a, api_key: '${LB_KEY}'}\n", dotenv="LB_KEY=\n")
    assert error.message == "`model.api_key` in config.yaml uses ${LB_KEY}, which is not set."


def test_key_in_place_of_the_variable_is_not_shown(resolve: Resolve, home: Path) -> None:
    error = refusal(resolve, "model: {model: m, url: http://a, key_env: deadbeef42}\n")
    assert error.message == "`model.key_env` in config.yaml names a variable that is not set."
    assert (
        error.hint
        == f"It takes the name of a variable, such as MY_API_KEY; the key itself belongs in {home / '.env'}."
    )


def test_unset_variables_of_another_provider_do_not_matter(resolve: Resolve) -> None:
    others = (
        "providers: {x: {url: 'http://${X}', key_env: X}, y: {url: http://127.0.0.1:2455, api_key: '${Y}'}}\n"
    )
    found = resolve(CODEX_LB + others)
    assert found is not None
    assert found.api_key is None


@pytest.mark.parametrize("key", ["a\\nb", "a\\u201d", "a b\\t"])
def test_key_that_no_header_can_carry(resolve: Resolve, key: str) -> None:
    error = refusal(resolve, f'model: {{model: m, url: http://a, api_key: "{SECRET}{key}x"}}\n')
    assert error.message == "`model.api_key` has a character in it that an HTTP header cannot carry."
    error = refusal(resolve, f'model: {{model: m, url: http://a, extra_headers: {{X: "{SECRET}{key}x"}}}}\n')
    assert error.message == "`model.extra_headers.X` has a character in it that an HTTP header cannot carry."


def test_secrets_are_hidden(resolve: Resolve) -> None:
    found = resolve(
        f"model: {{model: m, url: http://a, api_key: {SECRET}, extra_headers: {{X: '${{S}}'}}}}\n",
        environ={"S": SECRET},
    )
    assert found is not None
    assert (found.api_key, found.extra_headers) == (SECRET, {"X": SECRET})
    assert SECRET not in f"{found!r} {found}"


def test_resolved_provider_cannot_be_changed(resolve: Resolve) -> None:
    found = resolve(CODEX_LB)
    assert found is not None
    with pytest.raises(TypeError):
        found.deadlines["total"] = 1.0  # type: ignore[index]
    with pytest.raises(AttributeError):
        found.model = "x"  # type: ignore[misc]


# OpenAI itself


@pytest.mark.parametrize("provider", ["openai", "OpenAI", "openai-api"])
def test_openai(resolve: Resolve, provider: str) -> None:
    found = resolve(f"model: {{provider: {provider}, default: gpt-5.4}}\n", environ=OPENAI)
    assert found == ResolvedProvider(
        name="openai",
        kind="openai",
        base_url="https://api.openai.com/v1",
        model="gpt-5.4",
        api_key=SECRET,
        api_key_source="environment: OPENAI_API_KEY",
    )
    assert resolve("", environ=OPENAI, provider=provider, model="gpt-5.4") == found


def test_openai_without_a_key(resolve: Resolve, home: Path) -> None:
    error = refusal(resolve, "", provider="openai", model="m")
    assert error.message == "api.openai.com needs a key, and OPENAI_API_KEY is not set."
    assert error.hint == f"Add the line OPENAI_API_KEY=… to {home / '.env'}, or run: export OPENAI_API_KEY=…"
    found = resolve("model: {provider: openai, default: m, extra_headers: {authorization: Bearer x}}\n")
    assert found is not None
    assert found.api_key is None


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:2455/v1",
        "http://api.openai.com/v1",
        "https://api.openai.com.evil.example/v1",
        "https://api.openai.com.:443/v1",
        "https://api.openai.com:8443/v1",
        "https://xapi.openai.com/v1",
    ],
)
@pytest.mark.parametrize(
    ("text", "by_flag"),
    [
        ("model: {provider: openai, default: m, base_url: URL}\n", False),
        ("model: {provider: openai, default: m}\nproviders: {openai: {base_url: URL}}\n", False),
        ("model: {provider: custom, default: m, base_url: URL}\n", False),
        ("model: {provider: openai, default: m}\n", True),
        ("model: {provider: openai, default: m, key_env: OPENAI_API_KEY}\n", True),
    ],
)
def test_openai_key_goes_nowhere_else(resolve: Resolve, text: str, base_url: str, by_flag: bool) -> None:
    for provider in (None, "openai") if by_flag else (None,):
        found = resolve(
            text.replace("URL", base_url),
            environ=OPENAI,
            base_url=base_url if by_flag else None,
            provider=provider,
        )
        assert found is not None
        assert (found.base_url, found.kind, found.api_key) == (base_url, "custom", None)


@pytest.mark.parametrize("url", ["https://api.openai.com/v1", "https://api.openai.com:443/v2/responses"])
def test_openai_key_goes_to_openai_under_any_name(resolve: Resolve, url: str) -> None:
    for text, flags in [
        (f"model: {{provider: custom, default: m, base_url: '{url}'}}\n", {}),
        ("model: m\n", {"base_url": url}),
    ]:
        found = resolve(text, environ=OPENAI, **flags)
        assert found is not None
        assert (found.kind, found.api_key) == ("openai", SECRET)


def test_entry_for_openai_keeps_what_is_built_in(resolve: Resolve) -> None:
    found = resolve(
        "model: {provider: openai, default: m}\nproviders: {openai: {timeout_seconds: 5}}\n", environ=OPENAI
    )
    assert found is not None
    assert (found.base_url, found.api_key, found.deadlines) == (
        "https://api.openai.com/v1",
        SECRET,
        {"total": 5.0},
    )


# --base-url

KEYED = """\
model: {provider: lb, default: chosen, extra_headers: {X-Model: m}}
providers:
  lb:
    extra_headers: {X: lb}
    url: http://lb:1/v1
    api_key: lb-key
    api_mode: chat_completions
    timeout_seconds: 5
  twin: {url: http://lb:1/v2, api_key: twin-key}
  far: {url: https://far/v1, key_env: FAR, default_model: far-model}
"""


def test_base_url_alone_keeps_the_model_and_no_key(resolve: Resolve) -> None:
    found = resolve(KEYED, environ={**OPENAI, "FAR": "f"}, base_url="http://new:1/v1/")
    assert found == ResolvedProvider(name="custom", kind="custom", base_url="http://new:1/v1", model="chosen")
    assert resolve("", base_url="http://new:1/v1", model="m") == ResolvedProvider(
        name="custom", kind="custom", base_url="http://new:1/v1", model="m"
    )


def test_base_url_alone_keeps_the_model_of_the_selected_entry(resolve: Resolve) -> None:
    found = resolve(
        "model: {provider: lb}\nproviders: {lb: {url: http://lb, model: m, api_key: k}}\n",
        base_url="http://new",
    )
    assert found is not None
    assert (found.model, found.api_key) == ("m", None)


@pytest.mark.parametrize(
    "base_url", ["http://lb:2/v1", "https://lb:1/v1", "http://lb.x:1/v1", "http://b:1/v1"]
)
@pytest.mark.parametrize("provider", [None, "lb", "twin"])
def test_keys_and_headers_stay_with_their_origin(
    resolve: Resolve, base_url: str, provider: str | None
) -> None:
    text = KEYED.replace("    api_mode: chat_completions\n", "")
    found = resolve(text, environ={"FAR": "f"}, base_url=base_url, provider=provider)
    assert found is not None
    assert (found.api_key, found.extra_headers) == (None, {})


@pytest.mark.parametrize(
    ("flags", "key", "headers", "deadlines"),
    [
        ({"base_url": "http://lb:1/other"}, "lb-key", {"X": "lb"}, {"total": 5.0}),
        ({"base_url": "http://lb:1/v2", "provider": "twin"}, "twin-key", {}, {}),
        ({"base_url": "https://far/v9"}, "f", {}, {}),
        ({"base_url": "https://far/v9", "provider": "twin"}, "f", {}, {}),
    ],
)
def test_base_url_of_a_configured_origin_takes_its_key(
    resolve: Resolve, flags: dict[str, str], key: str, headers: dict[str, str], deadlines: dict[str, float]
) -> None:
    found = resolve(KEYED, environ={"FAR": "f"}, **flags)
    assert found is not None
    assert (found.api_key, found.extra_headers, found.deadlines) == (key, headers, deadlines)
    assert found.model == "chosen"


def test_base_url_prefers_the_selected_entry_of_an_origin(resolve: Resolve) -> None:
    found = resolve(KEYED.replace("provider: lb", "provider: twin"), base_url="http://lb:1/v3")
    assert found is not None
    assert found.api_key == "twin-key"


def test_key_beside_another_base_url_is_not_for_the_entry(resolve: Resolve) -> None:
    found = resolve(
        "model: {provider: lb, default: m, base_url: http://old, api_key: old-key, extra_headers: {X: old}}\n"
        "providers: {lb: {url: http://lb}}\n"
    )
    assert found is not None
    assert (found.base_url, found.api_key, found.extra_headers) == ("http://lb", None, {})


def test_key_of_no_provider_is_for_nobody(resolve: Resolve) -> None:
    found = resolve(
        "model: {default: m, api_key: stray, timeout_seconds: 3}\nproviders: {lb: {url: http://lb}}\n"
    )
    assert found is not None
    assert (found.base_url, found.api_key, found.deadlines) == ("http://lb", None, {"total": 3.0})


# Deadlines


def test_deadlines_have_the_runtimes_names(resolve: Resolve) -> None:
    found = resolve(
        "model: {url: http://a, default: m, connect_timeout_seconds: 1, first_event_timeout_seconds: 2,"
        " stale_timeout_seconds: 3, event_idle_timeout_seconds: 4, request_timeout_seconds: 5,"
        " headers_timeout_seconds: 6}\n"
    )
    assert found is not None
    assert found.deadlines == {
        "connect": 1,
        "headers": 6,
        "first_event": 2,
        "idle_bytes": 3,
        "idle_events": 4,
        "total": 5,
    }


@pytest.mark.parametrize(("model", "total"), [("slow", 600.0), ("fast", 30.0)])
def test_deadlines_of_a_single_model_win(resolve: Resolve, model: str, total: float) -> None:
    found = resolve(
        "model: {provider: lb, timeout_seconds: 1}\n"
        "providers: {lb: {url: http://a, timeout_seconds: 30, models: {slow: {timeout_seconds: 600}}}}\n",
        model=model,
    )
    assert found is not None
    assert found.deadlines == {"total": total}


def test_frame_limit(resolve: Resolve) -> None:
    found = resolve(
        "model: {provider: lb, default: m}\nproviders: {lb: {url: http://a, max_frame_bytes: 9}}\n"
    )
    assert found is not None
    assert found.max_frame_bytes == 9


def test_empty_config_by_hand() -> None:
    assert resolve_provider(Config(), Environment(OPENAI)) is None


@pytest.mark.parametrize(
    ("text", "client"),
    [
        ("providers: {lb: {url: http://a}}\n", "light"),
        ("providers: {lb: {url: http://a, client: openai}, other: {client: light}}\n", "openai"),
        ("providers: {lb: {url: http://a}, other: {url: http://b, client: openai}}\n", "light"),
        ("client: openai\nproviders: {lb: {url: http://a}}\n", "openai"),
        ("client: openai\nproviders: {lb: {url: http://a, client: light}}\n", "light"),
    ],
)
def test_what_sends_the_requests(resolve: Resolve, text: str, client: str) -> None:
    found = resolve("model: {provider: lb, default: m}\n" + text)
    assert found is not None
    assert found.client == client


def test_what_sends_the_requests_to_a_bare_base_url(resolve: Resolve) -> None:
    found = resolve("client: openai\nmodel: {default: m}\n", base_url="http://a")
    assert found is not None
    assert found.client == "openai"

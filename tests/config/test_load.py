from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hermes.config.load import load_config
from hermes.config.models import Config
from hermes.errors import ConfigFileError

Write = Callable[[str | bytes], Path]

SECRET = "sk-marked-7f3a9c"


def refused(home: Path) -> ConfigFileError:
    with pytest.raises(ConfigFileError) as caught:
        load_config(home)
    error = caught.value
    assert SECRET not in str(error) + repr(error) + error.hint
    assert error.__cause__ is None  # a chained exception would print the values in a traceback
    for jargon in ("pydantic", "validation error", "Input should", "type=", "str_type"):
        assert jargon not in error.message
    return error


def test_missing_file_is_an_empty_config(home: Path) -> None:
    assert load_config(home) == Config()
    assert load_config() == Config()
    assert not home.exists()


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# only a comment\n", "---\n", "{}", "null\n", "\ufeff", "model:\n"]
)
def test_file_without_settings_is_an_empty_config(home: Path, write_config: Write, text: str) -> None:
    write_config(text)
    assert load_config(home) == Config()


def test_template_with_empty_values_is_an_empty_config(home: Path, write_config: Write) -> None:
    write_config(
        "model: {default: '', provider: ' ', base_url: ~, api_key:}\nproviders:\ncustom_providers: \n"
        "plugins: {enabled: , disabled: []}\nrecovery:\n"
    )
    config = load_config(home)
    assert config == Config()
    assert config.recovery.after_output == "keep"
    assert (config.recovery.max_attempts, config.recovery.max_wait_seconds) == (3, 60.0)


def test_model_as_text_is_the_whole_name(home: Path, write_config: Write) -> None:
    write_config("model: openai/gpt-5.4\n")
    assert load_config(home).model.default == "openai/gpt-5.4"
    assert load_config(home).model.provider is None


@pytest.mark.parametrize("key", ["default", "model", "name", "model_name"])
def test_spellings_of_the_model(home: Path, write_config: Write, key: str) -> None:
    write_config(f"model: {{{key}: gpt-5.4}}\n")
    assert load_config(home).model.default == "gpt-5.4"


@pytest.mark.parametrize("key", ["base_url", "api", "url", "api_base", "baseUrl", "apiBase"])
@pytest.mark.parametrize(
    "text",
    [
        "model: {KEY: http://a/v1}",
        "providers: {x: {KEY: http://a/v1}}",
        "custom_providers: [{name: x, KEY: http://a/v1}]",
    ],
)
def test_spellings_of_the_base_url(home: Path, write_config: Write, key: str, text: str) -> None:
    write_config(text.replace("KEY", key))
    config = load_config(home)
    sections = [config.model, *config.providers.values(), *config.custom_providers]
    assert [section.base_url for section in sections if section.base_url] == ["http://a/v1"]


@pytest.mark.parametrize(
    ("written", "field", "value"),
    [
        ("key_env: NAME", "key_env", "NAME"),
        ("api_key_env: NAME", "key_env", "NAME"),
        ("keyEnv: NAME", "key_env", "NAME"),
        ("apiKeyEnv: NAME", "key_env", "NAME"),
        ("api_mode: codex_responses", "api_mode", "codex_responses"),
        ("transport: codex_responses", "api_mode", "codex_responses"),
        ("apiMode: codex_responses", "api_mode", "codex_responses"),
        ("default_model: gpt-5.4", "default_model", "gpt-5.4"),
        ("model: gpt-5.4", "default_model", "gpt-5.4"),
        ("request_timeout_seconds: 300", "request_timeout_seconds", 300.0),
        ("timeout_seconds: 300", "request_timeout_seconds", 300.0),
        ("connect_timeout_seconds: '2.5'", "connect_timeout_seconds", 2.5),
        ("first_event_timeout_seconds: 9", "first_event_timeout_seconds", 9.0),
        ("idle_timeout_seconds: 9", "idle_timeout_seconds", 9.0),
        ("stale_timeout_seconds: 900", "idle_timeout_seconds", 900.0),
        ("stream_idle_timeout_seconds: 900", "idle_timeout_seconds", 900.0),
        ("event_idle_timeout_seconds: 7", "event_idle_timeout_seconds", 7.0),
        ("max_frame_bytes: 1048576", "max_frame_bytes", 1048576),
        ("client: openai", "client", "openai"),
    ],
)
def test_spellings_in_an_entry(
    home: Path, write_config: Write, written: str, field: str, value: object
) -> None:
    write_config(f"providers:\n  lb:\n    {written}\n")
    assert getattr(load_config(home).providers["lb"], field) == value


def test_first_spelling_with_a_value_wins(home: Path, write_config: Write) -> None:
    write_config("model: {api: http://c/v1, url: http://b/v1, base_url: ''}\n")
    model = load_config(home).model
    assert model.base_url == "http://b/v1"
    assert model.written("base_url") == "url"


@pytest.mark.parametrize(
    "models",
    [
        "[gpt-5.4, gpt-5]",
        "[{id: gpt-5.4}, {name: gpt-5}]",
        "{gpt-5.4: {}, gpt-5: , }",
        "{gpt-5.4: 1, gpt-5: {a: 2}}",
    ],
)
def test_models_as_list_or_mapping(home: Path, write_config: Write, models: str) -> None:
    write_config(f"providers: {{lb: {{models: {models}}}}}\n")
    listed = load_config(home).providers["lb"].models
    assert listed is not None
    assert list(listed) == ["gpt-5.4", "gpt-5"]


def test_provider_beside_the_model_counts_as_in_it(home: Path, write_config: Write) -> None:
    write_config("model: gpt-5.4\nprovider: custom\nbase_url: http://a/v1\n")
    model = load_config(home).model
    assert (model.default, model.provider, model.base_url) == ("gpt-5.4", "custom", "http://a/v1")
    write_config("model: {provider: lb}\nprovider: custom\nbase_url: http://a/v1\n")
    assert load_config(home).model.provider == "lb"


def test_headers_of_both_kinds_are_merged(home: Path, write_config: Write) -> None:
    write_config("model: {default_headers: {A: '1', B: '2'}, extra_headers: {B: 3, C: ~}}\n")
    headers = {name: value.text for name, value in load_config(home).model.headers.items()}
    assert headers == {"A": "1", "B": "3"}


def test_keys_of_others_are_left_alone(home: Path, write_config: Write) -> None:
    write_config(
        "_config_version: 50\nterminal: {backend: 3}\n7: x\nmodel: {default: m, context_length: [1]}\n"
    )
    assert load_config(home).model.default == "m"


def test_anchors_and_merge_keys(home: Path, write_config: Write) -> None:
    write_config("providers:\n  a: &a {url: 'http://a/v1', key_env: K}\n  b: {<<: *a, key_env: L}\n")
    entry = load_config(home).providers["b"]
    assert (entry.base_url, entry.key_env) == ("http://a/v1", "L")


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfmodel: m\n", b"model: m\r\n", b"\xef\xbb\xbfmodel: m\r\n"])
def test_byte_order_mark_and_crlf(home: Path, write_config: Write, content: bytes) -> None:
    write_config(content)
    assert load_config(home).model.default == "m"


# Files that are no config


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (
            "model: m\nplugins: [a\nb: 2\n",
            "line 3, column 2",
            "not valid YAML: expected ',' or ']', but got ':'",
        ),
        (
            "model:\n\tdefault: m\n",
            "line 2, column 1",
            "not valid YAML: found a tab that cannot start any token",
        ),
        ("a: b: c\n", "line 1, column 5", "not valid YAML: mapping values are not allowed here"),
        ("a: *b\n", "line 1, column 4", "not valid YAML: found undefined alias 'b'"),
        ("a: 1\n---\nb: 1\n", "line 2, column 1", "not valid YAML: but found another document"),
        ("a: 1\nb: \x00\n", "line 2", "not valid YAML: there is a control character in it"),
    ],
)
def test_invalid_yaml_is_refused_with_its_place(
    home: Path, write_config: Write, text: str, place: str, words: str
) -> None:
    path = write_config(text)
    error = refused(home)
    assert error.message == f"{path}, {place}: {words}."
    assert error.hint == "Correct the file, then run: hermes config check"


def test_date_that_does_not_exist_is_refused(home: Path, write_config: Write) -> None:
    path = write_config("a: 2026-99-99\n")
    assert refused(home).message == f"{path}: not valid YAML: a date or number in it does not exist."


def test_deep_nesting_is_refused(home: Path, write_config: Write) -> None:
    path = write_config("a: " + "[" * 5000 + "]" * 5000)
    assert refused(home).message == f"{path}: the YAML is nested too deeply."


def test_duplicate_key_is_refused_without_its_values(home: Path, write_config: Write) -> None:
    path = write_config(f"model:\n  api_key: {SECRET}\n  api_key: {SECRET}2\n")
    error = refused(home)
    assert error.message == f"{path}, line 3, column 3: the key `api_key` stands twice in one mapping."
    assert error.hint.startswith("Keep one of the two.")


def test_folder_in_place_of_the_file(home: Path) -> None:
    (home / "config.yaml").mkdir(parents=True)
    assert refused(home).message == f"{home / 'config.yaml'} is a folder, but Hermes expects a file there."


def test_unreadable_file(home: Path, write_config: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_config("model: m\n")

    def deny(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", deny)
    error = refused(home)
    assert error.message == f"{path} cannot be read: permission denied."
    assert error.hint == f"Make it yours and readable: chmod u+r {path}"


def test_other_read_errors(home: Path, write_config: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_config("model: m\n")

    def fail(self: Path) -> bytes:
        raise OSError(5, "Input/output error", str(self))

    monkeypatch.setattr(Path, "read_bytes", fail)
    assert refused(home).message == f"{path} cannot be read: input/output error."


def test_text_in_another_encoding(home: Path, write_config: Write) -> None:
    path = write_config("model: m\n# caf\xe9\n".encode("latin-1"))
    assert refused(home).message == f"{path}, line 2: the file is not UTF-8 text."
    write_config("model: m\n".encode("utf-16"))
    assert refused(home).message == f"{path} is saved as UTF-16, but Hermes reads UTF-8."


# Values of the wrong shape

MAPPING = "a mapping of `key: value` lines"
TEXT = "text; put quotes around it if it is a number or a date"
SECONDS = "a number of seconds above 0, such as 30"
BYTES = "a whole number of bytes above 0, such as 268435456"
VARIABLE = "the name of an environment variable, such as MY_API_KEY, and not the key itself"


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        (f"- {SECRET}\n", None, f"the file is a list, but must be {MAPPING}"),
        (f"{SECRET}\n", None, f"the file is text, but must be {MAPPING}"),
        ("a: 1\nmodel: [x]\n", 2, f"`model` is a list, but must be {MAPPING}"),
        ("model:\n  default: 5.4\n", 2, f"`model.default` is a number, but must be {TEXT}"),
        ("model:\n  name: 2026-01-01\n", 2, f"`model.name` is a date, but must be {TEXT}"),
        (f"model:\n  api_key: [{SECRET}]\n", 2, f"`model.api_key` is a list, but must be {TEXT}"),
        ("model:\n  url: true\n", 2, f"`model.url` is true, but must be {TEXT}"),
        ("providers: [a]\n", 1, f"`providers` is a list, but must be {MAPPING}"),
        (f"providers:\n  lb: {SECRET}\n", 2, f"`providers.lb` is text, but must be {MAPPING}"),
        ("custom_providers: {name: a}\n", 1, "`custom_providers` is a mapping, but must be a list"),
        ("custom_providers:\n  - url: http://a\n", 2, "`custom_providers[0]` has no `name`"),
        (
            "custom_providers:\n  - name: a\n  - 3\n",
            3,
            f"`custom_providers[1]` is a number, but must be {MAPPING}",
        ),
        (
            "model: {request_timeout_seconds: 0}\n",
            1,
            f"`model.request_timeout_seconds` is a number, but must be {SECONDS}",
        ),
        (
            f"model: {{timeoutSeconds: {SECRET}}}\n",
            1,
            f"`model.timeoutSeconds` is text, but must be {SECONDS}",
        ),
        (
            "model: {connect_timeout_seconds: .inf}\n",
            1,
            f"`model.connect_timeout_seconds` is a number, but must be {SECONDS}",
        ),
        (
            "model: {connect_timeout_seconds: yes}\n",
            1,
            f"`model.connect_timeout_seconds` is text, but must be {SECONDS}",
        ),
        (
            "model: {connect_timeout_seconds: true}\n",
            1,
            f"`model.connect_timeout_seconds` is true, but must be {SECONDS}",
        ),
        (
            "providers:\n  lb:\n    stale_timeout_seconds: -1\n",
            3,
            f"`providers.lb.stale_timeout_seconds` is a number, but must be {SECONDS}",
        ),
        (
            "providers:\n  lb:\n    models:\n      gpt-5.4:\n        timeout_seconds: soon\n",
            5,
            f"`providers.lb.models.gpt-5.4.timeout_seconds` is text, but must be {SECONDS}",
        ),
        (
            "providers:\n  lb:\n    client: opneai\n",
            3,
            "`providers.lb.client` is `opneai`, but must be `light` or `openai`",
        ),
        ("client: 3\n", 1, "`client` is a number, but must be `light` or `openai`"),
        (
            "model: {max_frame_bytes: 1.5}\n",
            1,
            f"`model.max_frame_bytes` is a number, but must be {BYTES}",
        ),
        (
            f"model:\n  key_env: {SECRET}\n",
            2,
            f"`model.key_env` is text, but must be {VARIABLE}",
        ),
        (
            f"model:\n  extra_headers: {{'A B': {SECRET}}}\n",
            2,
            "the key `model.extra_headers.A B` must be a header name made of letters, digits and -",
        ),
        (
            "model: {extra_headers: {A: false}}\n",
            1,
            "`model.extra_headers.A` is false, but must be text; put quotes around it",
        ),
        ("plugins: {enabled: codex_lb}\n", 1, "`plugins.enabled` is text, but must be a list"),
        ("plugins:\n  enabled:\n    - 3\n", 3, f"`plugins.enabled[0]` is a number, but must be {TEXT}"),
        (
            "recovery: {after_output: restrat}\n",
            1,
            "`recovery.after_output` is `restrat`, but must be `keep` or `restart`",
        ),
        (
            f"recovery: {{after_output: {SECRET}}}\n",
            1,
            "`recovery.after_output` is text, but must be `keep` or `restart`",
        ),
        (
            "recovery: {max_attempts: 0}\n",
            1,
            "`recovery.max_attempts` is a number, but must be a whole number from 1 to 10",
        ),
        (
            "recovery: {max_wait_seconds: -1}\n",
            1,
            "`recovery.max_wait_seconds` is a number, but must be a number of seconds, 0 or more",
        ),
        (
            "recovery: {remember_days: 1e300}\n",
            1,
            "`recovery.remember_days` is a number, but must be a number of days from 0 to 3650",
        ),
    ],
)
def test_wrong_value_is_one_sentence(
    home: Path, write_config: Write, text: str, line: int | None, sentence: str
) -> None:
    path = write_config(text)
    error = refused(home)
    where = f"{path}, line {line}" if line is not None else str(path)
    assert error.message == f"{where}: {sentence}."
    assert error.hint == "Correct the value, then run: hermes config check"


def test_several_wrong_values_are_counted(home: Path, write_config: Write) -> None:
    write_config("model: {default: 1}\nplugins: 3\n")
    error = refused(home)
    assert "`model.default`" in error.message
    assert error.hint == "2 values need correction. To see them all, run: hermes config check"


def test_config_hides_secrets(home: Path, write_config: Write) -> None:
    write_config(
        f"model: {{api_key: {SECRET}, base_url: 'http://me:{SECRET}@a/v1', extra_headers: {{X: {SECRET}}}}}\n"
        f"custom_providers: [{{name: x, apiKey: {SECRET}, default_headers: {{X: {SECRET}}}, keyEnv: sk}}]\n"
    )
    config = load_config(home)
    shown = f"{config!r} {config} {config.model!r} {config.model.headers} {config.custom_providers}"
    assert SECRET not in shown
    assert "'sk'" not in shown
    assert config.model.api_key is not None
    assert config.model.api_key.text == SECRET


def test_config_cannot_be_changed(home: Path, write_config: Write) -> None:
    write_config("model: m\n")
    with pytest.raises(AttributeError, match="frozen"):
        load_config(home).model.default = "n"

"""Which of Hermes' own adapters a call gets by itself, and how the user overrules that."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from hermes.cli.adapters import plugin_manager
from hermes.cli.options import OneShot
from hermes.cli.setup import set_up
from hermes.config.load import load_config
from hermes.config.models import Config
from hermes.config.resolve import ResolvedProvider
from hermes.providers.known import own_adapters

from .conftest import Hermes, Serve


@pytest.fixture
def hermes(hermes_inside: Hermes) -> Hermes:
    return hermes_inside


def configure(hermes: Hermes, base_url: str, *, name: str = "mine", more: str = "", rest: str = "") -> None:
    hermes.config_file.write_text(
        f"model: {{provider: {name!r}, default: gpt-5.4}}\n"
        f"providers: {{{name!r}: {{base_url: '{base_url}'{more}}}}}\n{rest}"
    )


def adapters(hermes: Hermes, *arguments: str) -> list[str]:
    """The adapters that a call says it uses."""
    ran = hermes("-z", "hi", "-v", *arguments)
    assert (ran.code, ran.out) == (0, "Hello\n")
    found = re.search(r"adapters: (.*)\)", ran.err.splitlines()[0])
    assert found is not None
    return found[1].split(", ")


GENERAL = ["builtin", "lenient"]
DISABLED = "plugins: {disabled: [ollama]}\n"


@pytest.mark.parametrize(
    ("name", "more", "rest", "arguments", "expected"),
    [
        ("mine", "", "", [], []),
        ("ollama", "", "", [], ["ollama"]),
        ("LM Studio", "", "", [], ["lm_studio"]),
        # What the user wrote for the provider is stronger than its name.
        ("mine", ", profile: xai", "", [], ["xai"]),
        ("mine", ", profile: lm-studio", "", [], ["lm_studio"]),
        ("mine", ", profile: llama.cpp", "", [], ["llama_cpp"]),
        ("ollama", ", profile: xai", "", [], ["xai"]),
        ("ollama", ", profile: none", "", [], []),
        # Disabled is disabled, unless the command line says otherwise.
        ("ollama", "", DISABLED, [], []),
        ("ollama", ", profile: ollama", DISABLED, [], []),
        ("ollama", "", DISABLED, ["--plugin", "ollama"], ["ollama"]),
        ("ollama", "", "", ["--no-plugin", "ollama"], []),
        # One that is switched on by hand takes the place of the automatic one.
        ("ollama", "", "", ["--plugin", "vllm"], ["vllm"]),
        # One that is enabled for good is for backends that nothing else tells.
        ("mine", "", "plugins: {enabled: [vllm]}\n", [], ["vllm"]),
        ("ollama", "", "plugins: {enabled: [vllm]}\n", [], ["ollama"]),
        ("mine", ", profile: none", "plugins: {enabled: [vllm]}\n", [], []),
        ("mine", ", profile: xai", "plugins: {enabled: [vllm]}\n", [], ["xai"]),
    ],
)
def test_which_adapter_a_call_gets(
    hermes: Hermes,
    serve: Serve,
    name: str,
    more: str,
    rest: str,
    arguments: list[str],
    expected: list[str],
) -> None:
    configure(hermes, serve("good-text", configure=False).base_url, name=name, more=more, rest=rest)
    assert adapters(hermes, *arguments) == GENERAL + expected


def test_the_profile_may_stand_in_the_model_section(hermes: Hermes, serve: Serve) -> None:
    serve("good-text", model="profile: vllm")
    assert adapters(hermes) == [*GENERAL, "vllm"]
    shown = hermes("config", "show", "--json")
    assert json.loads(shown.out)["profile"] == "vllm"


def test_a_profile_of_the_entry_is_stronger_than_that_of_the_model(hermes: Hermes, serve: Serve) -> None:
    base_url = serve("good-text", configure=False).base_url
    hermes.config_file.write_text(
        "model: {provider: mine, default: gpt-5.4, profile: vllm}\n"
        f"providers: {{mine: {{base_url: '{base_url}', profile: ollama}}}}\n"
    )
    assert adapters(hermes) == [*GENERAL, "ollama"]


def test_openai_itself_is_nobody_else(hermes: Hermes) -> None:
    provider = ResolvedProvider("ollama", "openai", "https://api.openai.com/v1", "gpt-5.4")
    config = Config.read({"plugins": {"enabled": ["xai"]}})
    assert [one.name for one in plugin_manager(config, provider=provider).adapters] == ["builtin"]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("olama", ["`providers.mine.profile` is `olama`", "Did you mean ollama?", "and none."]),
        ("qqq", ["`qqq`", "There are: azure_openai, "]),
        ("codex_lb", ["a plugin of its own", "hermes plugins enable codex_lb"]),
        ("k" * 40, ["a long text"]),
    ],
)
def test_a_profile_that_is_not_there(hermes: Hermes, written: str, words: list[str]) -> None:
    configure(hermes, "http://127.0.0.1:9/v1", more=f", profile: {written}")
    ran, checked = hermes("-z", "hi"), hermes("config", "check")
    assert (ran.code, ran.out, checked.code) == (2, "", 2)
    for word in words:
        assert word in ran.err
        assert word in checked.out
    assert "error: providers.mine.profile" in checked.out
    assert "k" * 40 not in ran.err + checked.out


def test_a_profile_of_another_provider_is_a_warning(hermes: Hermes) -> None:
    hermes.config_file.write_text(
        "model: {provider: custom, default: m, base_url: 'http://127.0.0.1:9/v1', profile: none}\n"
        "providers: {other: {base_url: 'http://127.0.0.1:9/v1', profile: olama}}\n"
    )
    checked = hermes("config", "check")
    assert checked.code == 0
    assert "warning: providers.other.profile: " in checked.out


def test_a_profile_that_is_disabled_is_a_warning(hermes: Hermes) -> None:
    more = ", profile: LM Studio"
    configure(hermes, "http://127.0.0.1:9/v1", more=more, rest="plugins: {disabled: [lm-studio]}\n")
    checked = hermes("config", "check")
    assert checked.code == 0
    assert "warning: providers.mine.profile: The plugin `lm_studio` is disabled" in checked.out
    assert "hermes plugins enable lm_studio" in checked.out


def test_the_key_itself_may_be_misspelt(hermes: Hermes) -> None:
    configure(hermes, "http://127.0.0.1:9/v1", more=", profil: ollama")
    assert "Did you mean profile?" in hermes("config", "check").out


@pytest.mark.parametrize(("name", "speed"), [("ollama", "slow"), ("copilot", "fast"), ("litellm", "slow")])
def test_how_fast_the_backend_is(
    hermes: Hermes, monkeypatch: pytest.MonkeyPatch, name: str, speed: str
) -> None:
    """A backend of unknown speed on this machine is taken for a slow one."""
    configure(hermes, "http://127.0.0.1:9/v1", name=name)
    monkeypatch.setenv("HERMES_HOME", str(hermes.home))
    assert load_config().model.provider == name
    with set_up(OneShot("hi"), live=False) as setup:
        assert getattr(setup.options.deadlines, "speed", "") == speed


def test_one_request_instead_of_two(hermes: Hermes, serve: Serve) -> None:
    backend = serve("builtin-tools-rejected/llama-cpp", configure=False)
    configure(hermes, backend.base_url, name="llama.cpp")
    assert hermes("-z", "hi").out == "Hello\n"
    assert len(backend.requests) == 1


class TestStartUp:
    """A call imports the adapter that it uses and no other one."""

    SCRIPT = """
import sys
from hermes.cli.main import main
assert main(sys.argv[1:]) == 0
print(*sys.modules, file=sys.stderr)
"""

    def imported(self, hermes: Hermes, *arguments: str) -> set[str]:
        argv = [sys.executable, "-c", self.SCRIPT, *arguments]
        done = subprocess.run(argv, env=hermes.env, capture_output=True, text=True, check=True)
        own = {f"hermes.providers.adapters.{known.adapter}": known.adapter for known in own_adapters()}
        return {own[name] for name in done.stderr.split() if name in own}

    def test_a_call_to_a_backend_of_unknown_manners(self, hermes: Hermes, serve: Serve) -> None:
        serve("good-text")
        assert self.imported(hermes, "-z", "hi") == set()

    def test_a_call_to_a_known_one(self, hermes: Hermes, serve: Serve) -> None:
        configure(hermes, serve("good-text", configure=False).base_url, name="ollama")
        assert self.imported(hermes, "-z", "hi") == {"ollama"}

    def test_the_list(self, hermes: Hermes) -> None:
        assert self.imported(hermes, "plugins", "list") == set()

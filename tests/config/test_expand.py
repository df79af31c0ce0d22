from __future__ import annotations

from pathlib import Path

import pytest

from hermes.config.dotenv import Environment
from hermes.config.expand import expand, references
from hermes.errors import ConfigError

ENV = Environment({"A": " 1 ", "B_2": "two", "BLANK": " "}, path=Path("/h/.env"))


@pytest.mark.parametrize(
    ("text", "expanded"),
    [("${A}", "1"), ("x${A}y${B_2}", "x1ytwo"), ("plain", "plain"), ("$A {A} $$", "$A {A} $$"), ("", "")],
)
def test_expansion(text: str, expanded: str) -> None:
    assert expand(text, ENV, "x") == expanded


def test_values_are_not_expanded_again() -> None:
    assert expand("${A}", Environment({"A": "${B}"}), "x") == "${B}"


@pytest.mark.parametrize("name", ["NOT_THERE", "BLANK"])
def test_unset_variable_is_named_with_its_place(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        expand(f"a${{{name}}}", ENV, "providers.lb.api_key")
    assert (
        caught.value.message == f"`providers.lb.api_key` in config.yaml uses ${{{name}}}, which is not set."
    )
    assert caught.value.hint == f"Add the line {name}=… to /h/.env, or run: export {name}=…"


@pytest.mark.parametrize("text", ["${}", "${A", "${A:-secret}", "${1}", "${A B}"])
def test_braces_without_a_name_are_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        expand(text, ENV, "model.api_key")
    assert (
        caught.value.message
        == "`model.api_key` in config.yaml has a `${…}` that holds no name of a variable."
    )
    assert "secret" not in caught.value.hint


def test_references() -> None:
    assert references("${A}${B}-${1}") == ["A", "B"]

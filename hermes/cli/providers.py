"""``hermes providers``: which there are, how a call to one would be made, and what its backend taught."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from hermes.cli.limits import format_duration
from hermes.cli.messages import say_dim
from hermes.cli.output import print_json, print_line
from hermes.cli.text import one_line
from hermes.config.describe import ConfiguredProvider, configured_providers, key_words
from hermes.config.dotenv import read_environment
from hermes.config.load import load_config
from hermes.config.models import Config
from hermes.config.paths import config_path, lessons_path
from hermes.config.resolve import ResolvedProvider, resolve_provider
from hermes.errors import ConfigError, UnknownProviderError

if TYPE_CHECKING:
    from hermes.cli.setup import CallSetup
    from hermes.runtime.lessons import KeptLesson, LessonsFile

__all__ = ["providers"]

_DAY: Final = 86400
_LONGEST_NAME: Final = 80

_FACTS: Final = {
    "breaks_order": "Its streams break the event order.",
    "sends_prelude": "Its streams begin with events of its own, which are passed over.",
    "non_stream_works": "It answers requests without streaming.",
    "stream_required": "It refuses requests without streaming.",
}

_json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@click.group()
def providers() -> None:
    """List and show providers, and what their backends taught."""


@providers.command("list")
@_json_option
def list_providers(as_json: bool) -> None:
    """List the configured providers: base URL, model and where the key comes from."""
    found = configured_providers(load_config(), read_environment())
    if as_json:
        print_json([_summary(one) for one in found])
        return
    if not found:
        print_line("No provider is configured, so Hermes answers from its built-in demo backend.")
    rows = [_row(one) for one in found]
    widths = [max(len(row[column]) for row in rows) for column in range(3)] if rows else []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)]
        print_line("  ".join([*cells, row[3]]))


@providers.command()
@click.argument("name", required=False)
@click.option("-m", "--model", metavar="NAME", help="Only what was learnt with this model.")
@click.option("--base-url", metavar="URL", help="The backend, as for a question with --base-url.")
@click.option("--forget", is_flag=True, help="Forget what its backend taught.")
@_json_option
def show(name: str | None, model: str | None, base_url: str | None, forget: bool, as_json: bool) -> None:
    """Show how a call to a provider would be made, and what its backend taught.

    Without NAME it is the provider that a question goes to.
    """
    from hermes.runtime.lessons import LessonsFile

    config = load_config()
    provider = _provider(config, name, model, base_url)
    lessons = LessonsFile(lessons_path(), max_age_seconds=config.recovery.remember_days * _DAY)
    if forget:
        _forget(provider, lessons, model, as_json=as_json)
        return
    from hermes.cli.options import OneShot
    from hermes.cli.setup import set_up

    # As a question would be asked, so that nothing is shown that would not be done.
    with set_up(OneShot("", model=model, provider=name, base_url=base_url), live=False) as setup:
        kept = lessons.lessons_of(provider.base_url, model)
        if as_json:
            print_json(_as_dict(provider, setup, kept, lessons.max_age_seconds))
        else:
            for line in _lines(provider, setup, kept, lessons.max_age_seconds):
                print_line(line)
    _tell_problem(lessons)


def _provider(config: Config, name: str | None, model: str | None, base_url: str | None) -> ResolvedProvider:
    try:
        provider = resolve_provider(config, read_environment(), provider=name, model=model, base_url=base_url)
    except UnknownProviderError as error:
        if name is None:
            raise
        raise UnknownProviderError(f"No provider named `{name}` is configured.", hint=error.hint) from None
    if provider is None:
        raise ConfigError(
            "No provider is configured.", hint=f"Set model.base_url and model.default in {config_path()}"
        )
    return provider


# What is shown.


def _row(found: ConfiguredProvider) -> tuple[str, str, str, str]:
    name = one_line(found.name) + (" (default)" if found.is_default else "")
    provider = found.provider
    if provider is None:
        return name, "-", "-", one_line(f"not usable: {found.problem}")
    return name, one_line(provider.base_url), one_line(provider.model), f"key {one_line(key_words(provider))}"


def _summary(found: ConfiguredProvider) -> dict[str, Any]:
    provider = found.provider
    return {
        "name": found.name,
        "default": found.is_default,
        "base_url": provider.base_url if provider else "",
        "model": provider.model if provider else "",
        "api_key": key_words(provider) if provider else "",
        "problem": found.problem,
    }


def _lines(
    provider: ResolvedProvider, setup: CallSetup, kept: Sequence[KeptLesson], max_age: float
) -> Iterator[str]:
    deadlines = asdict(setup.options.deadlines.for_request({}))
    facts = {
        "name": provider.name,
        "base url": provider.base_url,
        "model": provider.model,
        "api mode": provider.api_mode,
        "client": provider.client,
        "api key": key_words(provider),
        "extra headers": ", ".join(provider.extra_headers),
        "deadlines of a short question": ", ".join(
            f"{name.replace('_', ' ')} {seconds:g} s" for name, seconds in deadlines.items() if seconds
        ),
        "adapters": ", ".join(_adapters(setup)),
    }
    for label, value in facts.items():
        if value:
            yield f"{label}: {one_line(value)}"
    if not max_age:
        yield "learnt: nothing, for recovery.remember_days is 0"
    elif not kept:
        yield "learnt: nothing"
    else:
        yield "learnt:"
        for one in kept:
            yield f"  {_learnt(one, _adapters(setup), max_age)}"


def _learnt(one: KeptLesson, adapters: Sequence[str], max_age: float) -> str:
    age = time.time() - one.lesson.learned_at
    if _is_heeded(one, adapters):
        end = f"It is heeded for another {format_duration(max_age - age)}."
    else:
        end = f"It is not heeded now, for other adapters were on: {one_line(', '.join(one.adapters))}."
    return f"{_shown(one.model)}, {format_duration(age)} ago: {_words(one.lesson.name)} {end}"


def _as_dict(
    provider: ResolvedProvider, setup: CallSetup, kept: Sequence[KeptLesson], max_age: float
) -> dict[str, Any]:
    adapters = _adapters(setup)
    return {
        "name": provider.name,
        "base_url": provider.base_url,
        "model": provider.model,
        "api_mode": provider.api_mode,
        "client": provider.client,
        "api_key": key_words(provider),
        "extra_headers": list(provider.extra_headers),
        "deadlines": asdict(setup.options.deadlines.for_request({})),
        "adapters": adapters,
        "lessons": [
            {
                **_lesson_dict(one),
                "expires_at": one.lesson.learned_at + max_age,
                "heeded": _is_heeded(one, adapters),
            }
            for one in kept
        ],
    }


def _lesson_dict(one: KeptLesson) -> dict[str, Any]:
    return {
        "model": one.model,
        "name": one.lesson.name,
        "text": _words(one.lesson.name),
        "learned_at": one.lesson.learned_at,
        "adapters": list(one.adapters),
    }


def _adapters(setup: CallSetup) -> list[str]:
    return [adapter.name for adapter in setup.plugins.adapters]


def _is_heeded(one: KeptLesson, adapters: Sequence[str]) -> bool:
    return sorted(one.adapters) == sorted(adapters)


def _words(lesson: str) -> str:
    """A lesson in words; one that an adapter of another package learnt is shown by its name."""
    from hermes.providers.adapters.builtin.changes import change_named

    known = change_named(lesson)
    if known is not None:
        return f"It is asked {_shown(known.how)}."
    return _FACTS.get(lesson) or f"`{_shown(lesson)}`."


def _shown(text: str) -> str:
    """A name that a backend may have had a hand in."""
    line = one_line(text)
    return line if len(line) <= _LONGEST_NAME else f"{line[:_LONGEST_NAME]}…"


# What is forgotten.


def _forget(provider: ResolvedProvider, lessons: LessonsFile, model: str | None, *, as_json: bool) -> None:
    forgotten = lessons.forget(provider.base_url, model)
    _tell_problem(lessons)
    if as_json:
        told = [_lesson_dict(one) for one in forgotten]
        print_json({"name": provider.name, "base_url": provider.base_url, "forgotten": told})
        return
    for one in forgotten:
        print_line(f"Forgotten of {_shown(one.model)}: {_words(one.lesson.name)}")
    if not forgotten:
        whom = f"{one_line(provider.base_url)}" + (f" and {_shown(model)}" if model else "")
        print_line(f"There was nothing to forget of {whom}.")


def _tell_problem(lessons: LessonsFile) -> None:
    if lessons.problem:
        say_dim(f"hermes: {lessons.problem}")

"""Real distributions on the path, calls with given adapters, and streams driven as the runtime does it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hermes.errors import StreamOrderError
from hermes.providers.contract import EndpointMemory, Event, Failure, Notice, RateLimits, Violation
from hermes.providers.dispatch import Adapter, CallDispatch
from hermes.providers.manager import PluginManager
from hermes.responses.accumulator import Answer
from hermes.responses.events import Delta
from hermes.runtime.engine import AnswerEngine

GOOD_ADAPTER = """
from hermes.providers.contract import hookimpl

name = "acme"
api_version = 1
event_types = ("acme.*",)


@hookimpl
def normalize_stream_event(event, context):
    return []
"""


@dataclass
class Site:
    """A folder of installed packages."""

    path: Path

    def install(
        self,
        package: str,
        entry_points: Mapping[str, str],
        modules: Mapping[str, str] | None = None,
        *,
        metadata: str | None = None,
    ) -> None:
        """Installs a distribution that offers adapters, with the source of its modules."""
        info = self.path / f"{package.replace('-', '_')}-1.2.dist-info"
        info.mkdir(parents=True)
        lines = [f"{name} = {target}" for name, target in entry_points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[hermes.adapters]", *lines, ""]))
        if metadata is None:
            metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n"
        if metadata:
            (info / "METADATA").write_text(metadata)
        for name, source in (modules or {}).items():
            (self.path / f"{name}.py").write_text(source)
        importlib.invalidate_caches()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    path = tmp_path / "site"
    path.mkdir()
    monkeypatch.syspath_prepend(str(path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield Site(path)
    for name, module in list(sys.modules.items()):
        if str(path) in str(getattr(module, "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def good_adapter() -> str:
    """The source of a module that keeps the contract."""
    return GOOD_ADAPTER


@dataclass
class Call:
    """The dispatch of one call, and what the caller was told."""

    dispatch: CallDispatch
    reports: list[RateLimits | Notice]
    memory: EndpointMemory

    @property
    def faults(self) -> list[str]:
        """The plugins' faults that were told."""
        return [item.text for item in self.reports if isinstance(item, Notice) and item.kind == "plugin"]


def begin_call(*adapters: Adapter, provider: str = "acme", model: str = "m-1") -> Call:
    reports: list[RateLimits | Notice] = []
    memory = EndpointMemory()
    dispatch = CallDispatch(adapters, provider=provider, model=model, memory=memory, on_report=reports.append)
    return Call(dispatch, reports, memory)


@pytest.fixture(name="begin_call")
def begin_call_fixture() -> Callable[..., Call]:
    """Begins a call with these adapters."""
    return begin_call


@dataclass
class Driven:
    """What became of a stream."""

    answer: Answer
    deltas: list[Delta]
    repairs: list[Violation]
    failure: Failure | None = None
    refusal: StreamOrderError | None = None
    reports: list[RateLimits | Notice] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether the runtime would call the answer complete."""
        return self.refusal is None and self.failure is None and self.answer.status == "completed"

    @property
    def text(self) -> str:
        """The text of a complete answer; anything else fails the test."""
        assert self.refusal is None
        assert self.failure is None
        assert self.answer.status == "completed"
        return self.answer.text

    @property
    def calls(self) -> list[tuple[str, str, str]]:
        """The confirmed function calls of a complete answer: call id, name, arguments."""
        assert self.is_complete
        found = [item.function_call for item in self.answer.items if item.confirmed]
        return [(call.call_id, call.name, call.arguments) for call in found if call is not None]

    @property
    def delivered(self) -> str:
        return "".join(delta.text for delta in self.deltas if delta.kind == "text")


@cache
def own_adapters(*, lenient: bool) -> tuple[Adapter, ...]:
    return PluginManager(["lenient"] if lenient else []).adapters


def drive(events: Iterable[Mapping[str, Any]], *, lenient: bool = True) -> Driven:
    repairs: list[Violation] = []
    adapters = [_counting(adapter, repairs) for adapter in own_adapters(lenient=lenient)]
    call = begin_call(*adapters)
    deltas: list[Delta] = []
    engine = AnswerEngine(
        call.dispatch,
        on_delta=deltas.append,
        on_notice=call.reports.append,
        on_restart=lambda void: deltas.clear(),
    )
    refusal = None
    try:
        for event in events:
            engine.feed_event(event)
            if engine.finished:
                break
    except StreamOrderError as error:
        refusal = error
    answer = engine.answer()
    failure = None if refusal else engine.failure_of(answer)
    assert call.faults == []
    return Driven(answer, deltas, repairs, failure, refusal, call.reports)


def _counting(adapter: Adapter, repairs: list[Violation]) -> Adapter:
    repair = adapter.hooks.get("repair_stream_event")
    if repair is None:
        return adapter

    def counted(violation: Violation, event: Event, context: Any) -> Any:
        repairs.append(violation)
        return repair(violation, event, context)

    return replace(adapter, hooks={**adapter.hooks, "repair_stream_event": counted})


@pytest.fixture(name="drive", scope="session")
def drive_fixture() -> Callable[..., Driven]:
    """Feeds events to an accumulator as the runtime does, with Hermes' own adapters."""
    return drive

"""A backend that begins another answer within its stream: the second one replaces the first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hermes.providers.contract import RESTARTED, AdapterContext, Event, Violation, hookimpl
from hermes.responses.events import Delta
from hermes.runtime.recovery import RecoveryPolicy
from hermes.runtime.stream import Restarted
from hermes.testing.backend import LoopbackBackend
from hermes.testing.frames import frames
from hermes.testing.replies import event_stream
from hermes.testing.scenario import Scenario
from hermes.testing.wire import (
    completed,
    created,
    function_call_events,
    good_events,
    message_events,
    message_item,
    response_object,
    text_delta,
    up_to,
)

from .helpers import plugins_with, run_with


@hookimpl
def repair_stream_event(violation: Violation, event: Event, context: AdapterContext) -> list[Event] | None:
    return [event.with_data(type=RESTARTED)] if violation is Violation.CREATED_AGAIN else None


ADAPTER = SimpleNamespace(name="acme", api_version=1, priority=9, repair_stream_event=repair_stream_event)
ONCE = RecoveryPolicy(max_attempts=1)


def second(text: str) -> list[dict[str, Any]]:
    again = {"type": "response.created", "response": response_object(status="in_progress", id="resp_2")}
    return [again, *message_events(text), completed(message_item(text))]


def run(*events: dict[str, Any], **options: Any) -> Any:
    stream = event_stream(*frames(events))
    scenario = Scenario("restart", 37, "", (stream,), (stream,))
    with LoopbackBackend(scenario) as backend:
        from hermes.runtime.client import Endpoint, build_client

        client = build_client(Endpoint("custom", backend.base_url))
        try:
            return run_with(client, plugins=plugins_with(ADAPTER), recovery=ONCE, **options)
        finally:
            client.close()


HALF = up_to(good_events(), "response.output_text.delta")


def told(ended: Any) -> list[Any]:
    return [
        event.text if isinstance(event, Delta) else event
        for event in ended.events
        if isinstance(event, Delta | Restarted)
    ]


def test_who_waits_for_the_end_gets_the_second_answer() -> None:
    ended = run(*HALF, *second("Goodbye"))
    assert (ended.result.status, ended.result.text) == ("complete", "Goodbye")
    assert told(ended) == []


def test_calls_of_the_first_answer_never_run() -> None:
    ended = run(created(), *function_call_events(), *second("Goodbye"))
    assert ended.result.tool_calls == ()
    assert [item.type for item in ended.result.items] == ["message"]


def test_a_second_answer_that_goes_on_is_continued() -> None:
    ended = run(*HALF, *second("Help me"), live=True)
    assert told(ended) == ["Hel", Restarted(continues=True), "p me"]
    assert (ended.result.status, ended.result.text) == ("complete", "Help me")


def test_another_answer_replaces_what_was_shown() -> None:
    ended = run(*HALF, *second("Goodbye"), live=True)
    assert told(ended) == ["Hel", Restarted(continues=False), "Goodbye"]
    assert (ended.result.status, ended.result.text) == ("complete", "Goodbye")


def test_what_cannot_be_taken_back_stays_the_answer() -> None:
    ended = run(*HALF, *second("Goodbye"), live=True, retractable=False)
    assert told(ended) == ["Hel"]
    assert (ended.result.status, ended.result.text) == ("partial", "Hel")
    assert "began another answer" in ended.result.reason


def test_what_cannot_be_taken_back_may_be_continued() -> None:
    ended = run(*HALF, *second("Help me"), live=True, retractable=False)
    assert (ended.result.status, ended.result.text) == ("complete", "Help me")


def test_a_second_answer_that_breaks_off_leaves_the_one_that_was_shown() -> None:
    ended = run(*HALF, *second("Goodbye")[:-1], live=True)
    assert told(ended) == ["Hel"]
    assert (ended.result.status, ended.result.text) == ("partial", "Hel")


REVISED = [
    created(),
    *message_events()[:2],
    text_delta("Jello"),
    *message_events()[-3:],
    completed(message_item()),
]


def test_an_answer_that_the_backend_revises_is_shown_as_it_is_in_the_end() -> None:
    ended = run(*REVISED, live=True)
    assert told(ended) == ["Jello", Restarted(continues=False), "Hello"]
    assert (ended.result.status, ended.result.text) == ("complete", "Hello")


def test_a_revised_answer_that_was_written_before_is_not_told_as_complete() -> None:
    ended = run(*REVISED, live=True, retractable=False)
    assert told(ended) == ["Jello"]
    assert (ended.result.status, ended.result.text) == ("partial", "Hello")
    assert "revised" in ended.result.reason

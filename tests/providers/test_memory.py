"""What an endpoint taught."""

from __future__ import annotations

from hermes.providers.contract import EndpointFact, EndpointMemory, Lesson


def test_a_lesson_is_learnt_once() -> None:
    told: list[Lesson] = []
    memory = EndpointMemory(on_learn=told.append, now=lambda: 7.0)
    memory.learn("without_temperature")
    memory.learn("without_temperature")
    assert memory.knows("without_temperature")
    assert not memory.knows("without_user")
    assert told == [Lesson("without_temperature", 7.0)]
    assert memory.lessons == (Lesson("without_temperature", 7.0),)


def test_what_was_learnt_before_is_known_and_not_told_again() -> None:
    told: list[Lesson] = []
    memory = EndpointMemory([Lesson("stream_required", 3.0)], on_learn=told.append)
    memory.learn(EndpointFact.STREAM_REQUIRED)
    assert memory.knows(EndpointFact.STREAM_REQUIRED)
    assert told == []


def test_a_fact_is_kept_as_plain_text() -> None:
    memory = EndpointMemory(now=lambda: 1.0)
    memory.learn(EndpointFact.BREAKS_ORDER)
    assert type(memory.lessons[0].name) is str
    assert memory.lessons[0].name == "breaks_order"


def test_a_backend_cannot_fill_the_memory() -> None:
    memory = EndpointMemory()
    for number in range(1000):
        memory.learn(f"without_{number}")
    memory.learn("x" * 201)
    assert len(memory.lessons) == 64


def test_what_is_assumed_is_known_and_not_told() -> None:
    told: list[Lesson] = []
    memory = EndpointMemory(on_learn=told.append)
    memory.assume(EndpointFact.STREAM_REQUIRED)
    memory.learn(EndpointFact.STREAM_REQUIRED)
    assert memory.knows(EndpointFact.STREAM_REQUIRED)
    assert told == []

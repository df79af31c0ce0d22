"""What is known of one kind of backend, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hermes.providers.verdict import VerdictKind

__all__ = ["Profile"]


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of one kind of backend. What is not said is as the Responses API has it.

    An adapter that has one under ``profile`` tells Hermes so how fast the backend is.

    https://platform.openai.com/docs/api-reference/responses/create

    Attributes:
        title: the backend's name for people.
        refuses: keywords of a request that it refuses whatever their value.
        requires: keywords and the only value that it takes.
        defaults: keywords that it requires and the value where a request has none.
        ignores_previous_response: whether it answers without what came before, and without a word, where a
            request names it with ``previous_response_id`` only.
        keeps_item_ids: whether it takes back the ids of the items that it sent.
        system_messages: whether it takes messages of the roles ``system`` and ``developer`` in the input.
        function_tools_only: whether it refuses tools that it would have to run itself.
        plain_schemas: whether it refuses the finer keywords of JSON Schema.
        efforts: the values of ``reasoning.effort`` besides ``none`` that it knows, the least one first;
            empty where it takes all or nothing is known.
        models_without_effort: patterns, as of a shell, for the models that refuse any ``reasoning.effort``.
        telemetry: event types, exact or ending in ``*``, that are no part of an answer.
        reasoning_is_final: whether an answer of nothing but reasoning is the model's last word. Elsewhere it
            may mean that the model wants another turn.
        early_end_passes: whether a stream that ends too early is a passing fault, and the same request
            mostly succeeds.
        is_pool: whether several accounts or servers stand behind it, so that the next one may take what one
            refused for its login or its models; None where that is not known.
        speed: ``slow`` where it runs the model on the user's own hardware, ``fast`` where it is hosted and
            known to begin soon; None where it can be both.
        wrong_path: what to tell the user where there is no Responses API at the base URL.
        hints: what the user can do next, by the meaning of the failure, where this backend has an answer of
            its own.
    """

    title: str
    refuses: tuple[str, ...] = ()
    requires: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    ignores_previous_response: bool = False
    keeps_item_ids: bool = True
    system_messages: bool = True
    function_tools_only: bool = False
    plain_schemas: bool = False
    efforts: tuple[str, ...] = ()
    models_without_effort: tuple[str, ...] = ()
    telemetry: tuple[str, ...] = ()
    reasoning_is_final: bool = False
    early_end_passes: bool = False
    is_pool: bool | None = None
    speed: Literal["fast", "slow"] | None = None
    wrong_path: str = ""
    hints: Mapping[VerdictKind, str] = field(default_factory=dict)

    @property
    def slow(self) -> bool:
        """Whether it runs the model on the user's own hardware."""
        return self.speed == "slow"

"""Adapters that are data: what a profile says, turned into hooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, Final

from hermes.providers.adapters.losses import losses, tell_once
from hermes.providers.adapters.rewrites import (
    EFFORTS,
    stands_alone,
    system_to_instructions,
    with_defaults,
    with_effort_at_least,
    with_effort_at_most,
    with_function_tools_only,
    with_plain_schemas,
    without_item_ids,
    without_parameters,
)
from hermes.providers.contract import (
    API_VERSION,
    REASONING_ONLY_FINAL,
    AdapterContext,
    EndpointFact,
    Event,
    Failure,
    FailureKind,
    Profile,
    Request,
    Verdict,
    VerdictKind,
    hookimpl,
)

__all__ = ["ProfiledAdapter", "QuietedAdapter"]

_FORGETS: Final = "keeps no conversations: the model sees this request only, not what came before it."
_NO_API_STATUSES: Final = (404, 405)


class ProfiledAdapter:
    """An adapter for a backend of which a profile says all.

    Args:
        name: as users write it.
        profile: what is known of the backend.
    """

    api_version = API_VERSION
    priority = -100
    """After adapters of other packages, and before Hermes' general ones."""

    def __init__(self, name: str, profile: Profile) -> None:
        self.name = name
        self.profile = profile

    @hookimpl
    def prepare_request(self, request: Request, context: AdapterContext) -> Request:
        """The request as this backend takes it."""
        if self.profile.requires.get("stream"):
            context.memory.assume(EndpointFact.STREAM_REQUIRED)
        return self._told(request, self._as_profiled(request, context.model), context)

    def _told(self, before: Request, after: Request, context: AdapterContext) -> Request:
        """``after``, once the user knows what of ``before`` is not in it, or will not be heeded."""
        if self.profile.ignores_previous_response and "previous_response_id" in after:
            tell_once(f"{self.profile.title} {_FORGETS}", context)
        for lost in losses(before, after, self.profile.title):
            tell_once(lost, context)
        return after

    def _as_profiled(self, request: Request, model: str) -> Request:
        profile = self.profile
        request = without_parameters(request, *profile.refuses)
        if profile.ignores_previous_response and stands_alone(request):
            request = without_parameters(request, "previous_response_id")
        wrong = {name: value for name, value in profile.requires.items() if request.get(name) != value}
        request = request.replacing(**wrong) if wrong else request
        request = _within_efforts(request, profile, model)
        if not profile.system_messages:
            request = system_to_instructions(request)
        request = with_defaults(request, **profile.defaults)
        if profile.function_tools_only:
            request = with_function_tools_only(request)
        if profile.plain_schemas:
            request = with_plain_schemas(request)
        return request if profile.keeps_item_ids else without_item_ids(request)

    @hookimpl
    def classify_stream_error(self, failure: Failure, context: AdapterContext) -> Verdict | None:
        """The general verdict, with what this backend means by the failure; None where that is the same."""
        profile = self.profile
        from hermes.providers.adapters.verdicts import verdict_of  # only failed attempts need it

        verdict = verdict_of(failure)
        told: dict[str, Any] = {}
        if profile.reasoning_is_final and failure.kind is FailureKind.NO_ANSWER:
            told["code"] = REASONING_ONLY_FINAL
        if profile.early_end_passes and failure.kind is FailureKind.EARLY_END:
            told["retryable"] = True
        if profile.is_pool is not None and _is_about_account(verdict, failure):
            told.update(retryable=profile.is_pool, retries=1 if profile.is_pool else 0)
        hint = profile.hints.get(verdict.kind, "")
        no_api = verdict.kind in (VerdictKind.BAD_REQUEST, VerdictKind.NETWORK_GATEWAY)
        if no_api and failure.status in _NO_API_STATUSES and not verdict.param:
            hint = profile.wrong_path
        if hint:
            told["hint"] = hint
        return replace(verdict, **told) if told else None


class QuietedAdapter(ProfiledAdapter):
    """A profiled adapter for a backend whose streams hold telemetry."""

    def __init__(self, name: str, profile: Profile) -> None:
        super().__init__(name, profile)
        self.event_types = profile.telemetry

    @hookimpl
    def normalize_stream_event(self, event: Event, context: AdapterContext) -> Sequence[Event]:
        """Drops telemetry."""
        return ()


def _is_about_account(verdict: Verdict, failure: Failure) -> bool:
    """Whether the request was refused for what the account may do: another one of a pool may take it.

    https://github.com/Soju06/codex-lb/issues/480
    """
    if verdict.kind is VerdictKind.AUTH:
        return (failure.detail.status or failure.status) == 401
    return verdict.kind is VerdictKind.MODEL_UNAVAILABLE


def _within_efforts(request: Request, profile: Profile, model: str) -> Request:
    """The request with an effort that the backend and the model know."""
    if any(fnmatchcase(model.lower(), pattern) for pattern in profile.models_without_effort):
        return without_parameters(request, "reasoning.effort")
    reasoning = request.get("reasoning")
    effort = reasoning.get("effort") if isinstance(reasoning, Mapping) else None
    known = profile.efforts
    if not known or effort not in EFFORTS or effort in ("none", *known):
        return request
    above = [one for one in known if EFFORTS.index(one) > EFFORTS.index(effort)]
    return with_effort_at_least(request, above[0]) if above else with_effort_at_most(request, known[-1])

"""What the errors of codex-lb, and of ChatGPT behind it, mean.

The same error comes as an HTTP status with JSON, or in a stream that began with HTTP 200, depending on how
fast it happened; both are judged by the error's code, so both get the same verdict. The codes:
https://github.com/Soju06/codex-lb/blob/main/app/modules/proxy/api.py
https://github.com/Soju06/codex-lb/blob/main/app/core/resilience/overload.py
https://github.com/openai/codex/blob/main/codex-rs/codex-api/src/api_bridge.rs
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from hermes.providers.contract import (
    ErrorDetail,
    Failure,
    FailureKind,
    RateLimits,
    Verdict,
    VerdictKind,
    retry_at,
)
from hermes_codex_lb import rate_limits
from hermes_codex_lb.notes import CallNotes
from hermes_codex_lb.values import epoch, text

__all__ = ["judge"]

_TOLD_BY_BACKEND: Final = (FailureKind.HTTP_STATUS, FailureKind.ERROR_EVENT, FailureKind.RESPONSE_FAILED)

_GROWING: Final = (2.0, 8.0, 20.0)
"""Seconds before the next attempt where the server names none."""
_MASKED: Final = (2.0, 8.0)
"""The same for failures that may hide a usage limit: after two retries there is nothing to hope for."""
_LOCAL_OVERLOAD: Final = 5.0
"""codex-lb's own ``Retry-After``; it is missing where the error comes inside a stream."""
_COOL_DOWN: Final = 30.0
"""codex-lb keeps an account out of use for about this long after a failure."""

_CONFIG_KEY: Final = "Put a key from the codex-lb dashboard under `key_env` (or `api_key`) in config.yaml."
_DASHBOARD: Final = "Look at the accounts on the codex-lb dashboard."
_ELSEWHERE: Final = "Wait for the reset, add an account to codex-lb, or choose another provider (--provider)."


@dataclass(frozen=True, slots=True)
class _Case:
    """One failure with all that is known of it; it happened ``at`` these Unix seconds."""

    failure: Failure
    notes: CallNotes
    at: float

    @property
    def detail(self) -> ErrorDetail:
        return self.failure.detail

    def verdict(
        self,
        kind: VerdictKind,
        message: str,
        *,
        hint: str = "",
        retry_at: float | None = None,
        retryable: bool = False,
        retries: int | None = None,
        param: str = "",
    ) -> Verdict:
        status = self.failure.status
        if status is None or status < 400:
            status = self.detail.status or status
        code = text(self.detail.code or self.detail.type)
        request_id = text(self.failure.request_id or self.detail.request_id, 120)
        facts = (code, f"HTTP {status}" if status not in (None, 200) else "", f"request {request_id}")
        told = ", ".join(fact for fact in facts if fact and fact != "request ")
        return Verdict(
            kind=kind,
            retryable=retryable,
            retry_at=retry_at,
            message=f"{message} ({told})." if told else f"{message}.",
            hint=hint,
            code=code,
            status=status,
            request_id=request_id,
            param=param,
            retries=retries,
        )

    def quoting(self, sentence: str) -> str:
        """``sentence``, followed by the backend's own words."""
        said = text(self.detail.message, 400).rstrip(".")
        return f"{sentence}: {said}" if said else sentence

    def again(self, otherwise: float) -> float:
        """When the backend wants to be asked again, or in ``otherwise`` seconds."""
        asked = retry_at(self.failure)
        return self.at + otherwise if asked is None else max(asked, self.at)

    def growing(self, family: str) -> float:
        """A delay that grows with each failure of ``family`` in this call."""
        return _GROWING[min(self.notes.count(family), len(_GROWING)) - 1]

    def limits(self) -> RateLimits | None:
        """The main rate limits: those of this failure, or else the latest of the call."""
        for headers in (self.detail.headers, self.failure.headers):
            for limits in rate_limits.from_headers(headers, self.at):
                if not limits.limit_name and limits.windows:
                    return limits
        return self.notes.limits.get("")

    def plan(self) -> str:
        known = self.limits()
        return text(self.detail.plan) or (known.plan if known else "")


_Judge = Callable[[_Case], Verdict | None]


def judge(failure: Failure, notes: CallNotes, at: float) -> Verdict | None:
    """The verdict on a failure that codex-lb or its upstream told; None for what is neither's own.

    Args:
        failure: the failed attempt.
        notes: what is known of the call; repeated failures are counted there.
        at: Unix seconds of the failure, to which relative delays are added.
    """
    if failure.kind not in _TOLD_BY_BACKEND:
        return None
    if failure.received_at != at:
        failure = replace(failure, received_at=at)
    case = _Case(failure, notes, at)
    found = _judge_for(case)
    return found(case) if found else None


def _judge_for(case: _Case) -> _Judge | None:
    detail = case.detail
    for pattern, by_sentence in _BY_SENTENCE:
        if pattern.search(detail.message[:1000]):
            return by_sentence
    by_word = _BY_CODE.get(detail.code.lower()) or _BY_CODE.get(detail.type.lower())
    if by_word is None and case.failure.status == 413:
        return _too_large
    return by_word


def _usage_limit(case: _Case) -> Verdict:
    plan = case.plan()
    whose = f"the ChatGPT {plan} plan" if plan else "the ChatGPT accounts behind codex-lb"
    return case.verdict(
        VerdictKind.QUOTA,
        f"The usage limit of {whose} is reached",
        hint=_ELSEWHERE,
        retry_at=_quota_reset(case),
    )


def _quota_reset(case: _Case) -> float | None:
    """When the quota is there again: the error's own time, else the windows', else the vaguer hints.

    The hint in codex-lb's sentence is capped at 300 s, so it comes last:
    https://github.com/Soju06/codex-lb/blob/main/app/core/balancer/logic.py
    """
    resets_in = case.detail.resets_in
    told = (
        epoch(case.detail.resets_at),
        None if resets_in is None else epoch(case.at + resets_in),
        rate_limits.reset_of(rate_limits.exhausted(case.limits())),
        retry_at(case.failure),
    )
    return next((time for time in told if time is not None and time >= case.at), None)


def _no_quota(case: _Case) -> Verdict:
    return case.verdict(
        VerdictKind.QUOTA,
        case.quoting("No account behind codex-lb has quota for this request"),
        hint=_ELSEWHERE,
        retry_at=_quota_reset(case),
    )


def _rate_limited(case: _Case) -> Verdict:
    return case.verdict(
        VerdictKind.RATE_LIMITED,
        case.quoting("The rate limit is reached"),
        retryable=True,
        retry_at=case.again(case.growing("rate_limited")),
    )


def _local_overload(case: _Case) -> Verdict:
    return case.verdict(
        VerdictKind.OVERLOADED,
        case.quoting("codex-lb is busy"),
        retryable=True,
        retry_at=case.again(_LOCAL_OVERLOAD),
    )


def _upstream_overload(case: _Case) -> Verdict:
    return case.verdict(
        VerdictKind.OVERLOADED,
        case.quoting("ChatGPT is overloaded"),
        retryable=True,
        retry_at=case.again(case.growing("overloaded")),
    )


def _no_accounts(case: _Case) -> Verdict:
    if _ACCOUNTS_NEED_A_PERSON.search(case.detail.message[:1000]):
        return case.verdict(
            VerdictKind.OVERLOADED, case.quoting("codex-lb has no usable account"), hint=_DASHBOARD
        )
    return case.verdict(
        VerdictKind.OVERLOADED,
        case.quoting("codex-lb has no free account"),
        hint=_DASHBOARD,
        retryable=True,
        retry_at=case.again(_COOL_DOWN),
    )


def _masked(kind: VerdictKind) -> _Judge:
    """For codes that stand for a broken connection, and on codex-lb's default transport also for a limit.

    With an upstream websocket, codex-lb tells an upstream 429 or 503 as 502 ``stream_incomplete``, without
    a delay: https://github.com/Soju06/codex-lb/blob/main/app/core/errors.py
    """

    def judge_masked(case: _Case) -> Verdict:
        count = case.notes.count("masked")
        sentence = "codex-lb lost its connection to ChatGPT before the answer was complete"
        if case.notes.continues:
            # It is told so too when the earlier response is lost, and then no retry helps:
            # https://github.com/Soju06/codex-lb/issues/221
            return case.verdict(kind, case.quoting(sentence), hint=_DASHBOARD)
        spent = rate_limits.exhausted(case.limits())
        reset = rate_limits.reset_of(spent)
        if count > len(_MASKED):
            if spent:
                return case.verdict(
                    VerdictKind.QUOTA,
                    f"{sentence}; the usage limit is probably reached",
                    hint=_ELSEWHERE,
                    retry_at=reset,
                )
            return case.verdict(kind, case.quoting(sentence), hint=_DASHBOARD)
        if spent:
            # `retry_at` is taken by the retry here, so the sentence has to name the reset.
            until = f" until {_utc(reset)}" if reset is not None else ""
            sentence += f"; the usage limit is probably reached{until}"
        else:
            sentence = case.quoting(sentence)
        return case.verdict(kind, sentence, retryable=True, retry_at=case.again(_MASKED[count - 1]))

    return judge_masked


def _upstream_error(case: _Case) -> Verdict | None:
    status = case.failure.status
    if status is not None and 400 <= status < 500:
        return None  # the status says more than this catch-all code
    if _GENERAL_REFUSAL.search(case.detail.message[:1000]):
        return None  # so do the words of whoever answered codex-lb; general adapters read them
    return case.verdict(
        VerdictKind.SERVER_ERROR,
        case.quoting("ChatGPT answered codex-lb with an error"),
        retryable=True,
        retry_at=case.again(case.growing("upstream_error")),
    )


def _model_unavailable(case: _Case) -> Verdict:
    return case.verdict(
        VerdictKind.MODEL_UNAVAILABLE,
        case.quoting("codex-lb cannot serve this model"),
        hint="Choose another model (-m); `GET /v1/models` of codex-lb lists those of its accounts.",
    )


def _model_not_for_account(case: _Case) -> Verdict:
    """The account that codex-lb took does not offer the model; the next one may.

    https://github.com/Soju06/codex-lb/issues/480
    """
    return replace(_model_unavailable(case), retryable=True, retries=1)


def _model_not_allowed(case: _Case) -> Verdict:
    return case.verdict(
        VerdictKind.MODEL_UNAVAILABLE,
        case.quoting("codex-lb does not allow this model"),
        hint="Choose another model (-m), or allow this one for the API key on the codex-lb dashboard.",
    )


def _bad_key(case: _Case) -> Verdict:
    # The backend's words are left out: servers like to repeat the key that they refuse.
    if "missing" in case.detail.message.lower():
        return case.verdict(VerdictKind.AUTH, "codex-lb wants an API key and got none", hint=_CONFIG_KEY)
    return case.verdict(VerdictKind.AUTH, "codex-lb refuses the API key", hint=_CONFIG_KEY)


def _remote_access(case: _Case) -> Verdict:
    return case.verdict(
        VerdictKind.AUTH,
        "codex-lb accepts no clients from other machines until API keys are configured on it",
        hint="Switch API-key auth on in the codex-lb dashboard and put a key under `key_env` in config.yaml, "
        "or allow this network with CODEX_LB_PROXY_UNAUTHENTICATED_CLIENT_CIDRS.",
    )


def _address_refused(case: _Case) -> Verdict:
    return case.verdict(
        VerdictKind.AUTH,
        "codex-lb's firewall refuses this machine's address",
        hint="Add the address to the firewall on the codex-lb dashboard.",
    )


def _account_login(case: _Case) -> Verdict:
    """A pooled account is logged out; codex-lb may take another one for the next request."""
    return case.verdict(
        VerdictKind.AUTH,
        "A ChatGPT account behind codex-lb has to log in again",
        hint=_DASHBOARD,
        retryable=case.notes.count("account_login") == 1,
    )


def _bad_request(case: _Case) -> Verdict | None:
    detail = case.detail
    if detail.param == "previous_response_id" or _PREVIOUS_RESPONSE.search(detail.message[:1000]):
        return _previous_response(case)
    if not _OWN_REFUSAL.search(detail.message[:1000]):
        return None  # OpenAI's own: parameters, schemas and replayed items have general answers
    param = text(detail.param)
    where = f" (parameter `{param}`)" if param else ""
    return case.verdict(
        VerdictKind.BAD_REQUEST, case.quoting(f"codex-lb refuses the request{where}"), param=param
    )


def _too_long(case: _Case) -> Verdict:
    return case.verdict(
        VerdictKind.BAD_REQUEST,
        case.quoting("The conversation is too long for this model"),
        hint="Shorten the prompt or start a new conversation.",
        param=text(case.detail.param),
    )


def _too_large(case: _Case) -> Verdict:
    return case.verdict(
        VerdictKind.BAD_REQUEST,
        case.quoting("The request is too large"),
        hint="Shorten the prompt, or leave out images and long tool outputs.",
        param=text(case.detail.param),
    )


def _effort_not_allowed(case: _Case) -> Verdict:
    return case.verdict(
        VerdictKind.BAD_REQUEST,
        case.quoting("codex-lb does not allow this reasoning effort"),
        hint="Lower the effort, or allow it for the API key on the codex-lb dashboard.",
        param="reasoning",
    )


def _previous_response(case: _Case) -> Verdict:
    return case.verdict(
        VerdictKind.REPLAY_INVALID,
        "codex-lb no longer knows the response that this request continues",
        hint="Send the whole conversation instead of `previous_response_id`.",
        param="previous_response_id",
    )


def _content(case: _Case) -> Verdict:
    return case.verdict(VerdictKind.CONTENT_FILTER, case.quoting("ChatGPT refuses the content"))


def _utc(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _table(groups: Mapping[_Judge, str]) -> dict[str, _Judge]:
    return {code: by_code for by_code, codes in groups.items() for code in codes.split()}


_BY_CODE: Final = _table(
    {
        _usage_limit: "usage_limit_reached",
        _no_quota: "quota_exhausted insufficient_quota usage_not_included "
        "no_additional_quota_eligible_accounts",
        _rate_limited: "rate_limit_exceeded rate_limit_error",
        _local_overload: "proxy_overloaded account_response_create_cap account_stream_cap "
        "api_key_stream_fair_share bridge_queue_full response_create_gate_timeout global_admission_timeout "
        "capacity_exhausted_active_sessions proxy_unavailable hard_affinity_saturated "
        "preferred_account_unavailable previous_response_owner_unavailable additional_quota_data_unavailable "
        "bridge_instance_mismatch bridge_owner_unreachable bridge_owner_forward_failed bridge_drain_active",
        _upstream_overload: "server_is_overloaded slow_down overloaded_error service_unavailable_error",
        _no_accounts: "no_accounts",
        _masked(VerdictKind.TRUNCATED): "stream_incomplete upstream_stream_truncated stream_idle_timeout",
        _masked(VerdictKind.TRANSPORT): "upstream_unavailable upstream_request_timeout "
        "upstream_proxy_unavailable",
        _upstream_error: "upstream_error",
        _model_unavailable: "no_plan_support_for_model model_not_found",
        _model_not_allowed: "model_not_allowed",
        _bad_key: "invalid_api_key authentication_error",
        _address_refused: "ip_forbidden",
        _account_login: "token_invalidated token_expired invalid_authentication refresh_token_expired "
        "refresh_token_reused refresh_token_invalidated",
        _bad_request: "invalid_request_error invalid_function_parameters invalid_json_schema "
        "unsupported_input_image_format",
        _too_long: "context_length_exceeded",
        _too_large: "payload_too_large",
        _effort_not_allowed: "reasoning_effort_not_allowed",
        _previous_response: "previous_response_not_found bridge_previous_response_not_found "
        "codex_previous_response_stale",
        _content: "cyber_policy",
    }
)
"""By ``code``, or by ``type`` where the code is missing or unknown: ChatGPT's 429 has no code."""

_BY_SENTENCE: Final[tuple[tuple[re.Pattern[str], _Judge], ...]] = (
    # The code varies with codex-lb's transport: `invalid_request_error`, `upstream_error`, or none.
    (re.compile(r"model is not supported when using codex", re.IGNORECASE), _model_not_for_account),
    (re.compile(r"selected model is at capacity", re.IGNORECASE), _upstream_overload),
    (re.compile(r"proxy authentication must be configured", re.IGNORECASE), _remote_access),
    (re.compile(r"your session has ended", re.IGNORECASE), _account_login),
)
"""Sentences that say more than their codes; the first match counts."""

_ACCOUNTS_NEED_A_PERSON: Final = re.compile(r"paused|deactivated|re-?authentication", re.IGNORECASE)
_PREVIOUS_RESPONSE: Final = re.compile(
    r"previous response\b.{0,200}\bnot found|`previous_response_id`", re.IGNORECASE | re.DOTALL
)
_OWN_REFUSAL: Final = re.compile(r"^invalid request payload|input_image|both `?messages`? and", re.IGNORECASE)
_GENERAL_REFUSAL: Final = re.compile(
    r"unsupported|not supported|unknown|unrecogni[sz]ed|invalid|must be|missing|required|validation"
    r"|encrypted content|\bitem\b|\btool|\bschema\b",
    re.IGNORECASE,
)
"""What general adapters answer with another request, whatever code and status codex-lb gave it."""

import re

import pytest

from hermes.errors import UsageError
from hermes.providers.contract import VerdictKind
from hermes.testing.corpus import all_scenarios, scenario
from hermes.testing.scenario import Control, Expected

NAMED = [
    "good-text",
    "good-tool-call",
    "good-reasoning",
    "good-refusal",
    "good-multi-item",
    "codex-lb-prelude",
    "prelude-stream-required",
    "half-stream-stream-required",
    "clb-old-prelude",
    "clb-native-first-frame-keepalive",
    "clb-v1-idle-in-progress",
    "clb-v1-failed-midstream",
    "clb-synthetic-created+failed",
    "clb-response-done-then-fake-failed",
    "clb-items-before-created-lost",
    "clb-precreated-text-rebuilt",
    "clb-synthetic-delta-before-completed",
    "clb-capacity-wait-native",
    "clb-startup-429-overload",
    "clb-startup-502-masked-prev-id",
    "clb-nonstream-exclude-none",
    "clb-recovery-comments-forever",
]
EXIT_CODES = {"complete": 0, "failed": 1, "partial": 3, "unconfirmed": 3}
MAX_ATTEMPTS = 3
MAX_CORRECTIONS = 4

every_scenario = pytest.mark.parametrize("case", all_scenarios(), ids=lambda case: case.id)


def outcomes(case):
    live = [case.expected_live] if case.expected_live else []
    return [case.expected, *live, *case.expected_with.values()]


def sent_by(reply):
    return b"".join(step for step in reply.steps if isinstance(step, bytes))


def test_ids_are_unique():
    ids = [case.id for case in all_scenarios()]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", NAMED)
def test_named_scenarios_are_found(name):
    assert scenario(name).id == name


def test_an_unknown_id_names_its_neighbours():
    with pytest.raises(UsageError, match="no scenario 'good-txt'") as caught:
        scenario("good-txt")
    assert "good-text" in caught.value.hint
    assert caught.value.exit_code == 2


def test_the_name_of_a_quirk_alone_leads_to_its_shapes():
    with pytest.raises(UsageError) as caught:
        scenario("created-missing")
    assert "created-missing/in-progress-first" in caught.value.hint


def test_a_hopeless_id_is_answered_with_a_way_to_begin():
    with pytest.raises(UsageError) as caught:
        scenario("zzzzzzzzzz")
    assert "good-text" in caught.value.hint


@every_scenario
def test_outcomes_agree_with_themselves(case):
    for expected in outcomes(case):
        assert expected.exit_code == EXIT_CODES[expected.status]
        assert expected.requests[0] == "stream"
        assert len(expected.requests) <= MAX_ATTEMPTS + (MAX_CORRECTIONS if case.refusals else 0)
        assert not expected.verdict or expected.verdict in set(VerdictKind)
        if expected.status == "complete":
            assert not expected.verdict
        else:
            assert not expected.tool_calls
        ended_early = b"response.incomplete" in sent_by(case.streams[0])
        if expected.status in {"failed", "unconfirmed"}:
            assert bool(expected.verdict) is not ended_early
        if expected.status == "failed":
            assert not expected.text


@every_scenario
def test_a_live_caller_never_costs_more_requests(case):
    if case.expected_live:
        assert len(case.expected_live.requests) <= len(case.expected.requests)
        assert case.expected_live != case.expected


@every_scenario
def test_a_plugin_is_named_only_where_it_changes_something(case):
    assert case.expected not in case.expected_with.values()
    for expected in case.expected_with.values():
        assert len(expected.requests) <= len(case.expected.requests)


@every_scenario
def test_endless_replies_have_a_deadline(case):
    endless = {Control.HOLD, Control.KEEPALIVES}
    ended = any(
        marker in sent_by(reply)
        for reply in case.streams
        for marker in (b"response.completed", b"response.failed")
    )
    if any(endless & set(reply.steps) for reply in case.streams) and not ended:
        assert case.deadlines


@every_scenario
def test_the_expected_answer_is_on_the_wire(case):
    """An outcome that no reply can lead to is a slip of the corpus."""
    if case.expected.status == "failed":
        return
    replies = {"stream": case.streams, "non_stream": case.non_streams}
    seen = {"stream": 0, "non_stream": 0}
    sent = b""
    for kind in case.expected.requests:
        reply = replies[kind][min(seen[kind], len(replies[kind]) - 1)]
        seen[kind] += 1
        sent += sent_by(reply)
    wire = sent.decode("utf-8", "replace")
    deltas = "".join(re.findall(r'"delta":"([^"]*)"', wire))
    assert case.expected.text in wire or case.expected.text in deltas
    assert all(call.call_id in wire for call in case.expected.tool_calls)


def test_an_outcome_is_that_of_a_good_stream_unless_told_otherwise():
    assert Expected() == scenario("good-text").expected

import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from hermes.errors import UsageError
from hermes.testing.backend import LoopbackBackend
from hermes.testing.replies import event_stream, json_answer
from hermes.testing.scenario import Control
from hermes.testing.wire import good_stream


def ask(backend, path="/v1/responses", body=None, *, method="POST", headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", backend.port, timeout=10)
    try:
        payload = None if body is None else json.dumps(body)
        connection.request(method, path, payload, headers or {})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def test_a_stream_is_played_byte_for_byte(playing):
    with LoopbackBackend(playing()) as backend:
        status, headers, body = ask(backend, body={"stream": True})
    assert (status, body) == (200, b"".join(good_stream()))
    assert headers["content-type"] == "text/event-stream; charset=utf-8"


def test_a_request_without_stream_gets_the_other_reply(playing):
    with LoopbackBackend(playing()) as backend:
        status, _, body = ask(backend, body={"model": "m"})
    assert (status, json.loads(body)["output"][0]["content"][0]["text"]) == (200, "Hello")


def test_requests_are_recorded(playing):
    body = {"model": "m", "stream": True}
    with LoopbackBackend(playing()) as backend:
        ask(backend, "/v1/responses?beta=1", body, headers={"X-Marked": "yes"})
        ask(backend, body={})
        ask(backend, "/v1/models", method="GET")
        (first, *_), kinds = backend.requests, backend.kinds
    assert (first.method, first.path, first.kind) == ("POST", "/v1/responses", "stream")
    assert first.headers["x-marked"] == "yes"
    assert (first.body, first.raw_body) == (body, json.dumps(body).encode())
    assert kinds == ("stream", "non_stream")


def test_a_body_that_is_no_json_is_recorded_as_bytes(playing):
    with LoopbackBackend(playing()) as backend:
        connection = http.client.HTTPConnection("127.0.0.1", backend.port, timeout=10)
        connection.request("POST", "/v1/responses", b"{oops")
        connection.getresponse().read()
        connection.close()
        (seen,) = backend.requests
    assert (seen.body, seen.raw_body, seen.kind) == (None, b"{oops", "non_stream")


@pytest.mark.parametrize("path", ["/responses", "/v1/responses/", "/backend-api/codex/responses"])
def test_any_prefix_is_served(playing, path):
    with LoopbackBackend(playing()) as backend:
        status, _, _ = ask(backend, path, {"stream": True})
    assert status == 200


def test_models_are_listed(playing):
    with LoopbackBackend(playing()) as backend:
        status, _, body = ask(backend, "/v1/models", method="GET")
    listed = json.loads(body)
    assert (status, listed["object"]) == (200, "list")
    assert [model["id"] for model in listed["data"]] == ["gpt-5.4", "gpt-5.4-mini"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/v1/chat/completions", 404), ("GET", "/v1/responses", 405), ("POST", "/v1/models", 405)],
)
def test_other_requests_are_refused_with_json(playing, method, path, status):
    with LoopbackBackend(playing()) as backend:
        answered, _, body = ask(backend, path, method=method)
    assert answered == status
    assert json.loads(body)["error"]["message"]


def test_replies_come_in_order_and_the_last_one_repeats(playing):
    streams = [json_answer({"n": number}) for number in range(2)]
    with LoopbackBackend(playing(*streams)) as backend:
        bodies = []
        for _ in range(3):
            bodies.append(json.loads(ask(backend, body={"stream": True})[2]))
            ask(backend, body={})
    assert bodies == [{"n": 0}, {"n": 1}, {"n": 1}]


def test_a_key_is_asked_for(playing):
    streams = [json_answer({"n": number}) for number in range(2)]
    with LoopbackBackend(playing(*streams), key="sk-clb-1") as backend:
        refused = [
            ask(backend, body={"stream": True}, headers=headers)
            for headers in ({}, {"Authorization": "Bearer wrong"})
        ]
        status, _, body = ask(backend, body={"stream": True}, headers={"Authorization": "Bearer sk-clb-1"})
        assert backend.kinds == ("stream",) * 3
    assert [answer[0] for answer in refused] == [401, 401]
    assert json.loads(refused[0][2])["error"] == {
        "message": "Missing API key in Authorization header",
        "type": "authentication_error",
        "code": "invalid_api_key",
    }
    assert (status, json.loads(body)) == (200, {"n": 0})


def test_many_clients_are_served_at_once(playing):
    clients = 100
    together = threading.Barrier(clients)

    def one(number):
        together.wait()
        return ask(backend, body={"stream": True, "input": str(number)})[2]

    with LoopbackBackend(playing()) as backend, ThreadPoolExecutor(clients) as pool:
        bodies = set(pool.map(one, range(clients)))
        inputs = {seen.body["input"] for seen in backend.requests}
    assert bodies == {b"".join(good_stream())}
    assert inputs == {str(number) for number in range(clients)}


def test_megabytes_pass_in_both_directions(playing):
    large = "x" * 8_000_000
    with LoopbackBackend(playing(json_answer({"text": large}))) as backend:
        _, _, body = ask(backend, body={"stream": True, "input": large})
        (seen,) = backend.requests
    assert json.loads(body)["text"] == large
    assert seen.body["input"] == large


def test_each_request_is_told_before_it_is_answered(playing):
    told = []
    with LoopbackBackend(playing(), on_request=told.append) as backend:
        ask(backend, body={"stream": True})
        assert told == backend.requests


def test_a_given_port_is_used_and_a_taken_one_is_a_usage_error(playing):
    with LoopbackBackend(playing()) as backend:
        with pytest.raises(UsageError, match=f"Port {backend.port}"):
            LoopbackBackend(playing(), port=backend.port).start()
        port = backend.port
    with LoopbackBackend(playing(), port=port) as again:
        assert again.base_url == f"http://127.0.0.1:{port}/v1"
        assert ask(again, body={"stream": True})[0] == 200


def test_an_impossible_port_is_a_usage_error(playing):
    with pytest.raises(UsageError, match="Port 99999"):
        LoopbackBackend(playing(), port=99_999).start()


def test_a_backend_is_started_once_and_closed_as_often_as_you_like(playing):
    backend = LoopbackBackend(playing())
    with pytest.raises(RuntimeError, match="not started"):
        _ = backend.base_url
    with backend, pytest.raises(RuntimeError, match="started before"):
        backend.start()
    backend.close()
    with pytest.raises(RuntimeError, match="started before"):
        backend.start()


def test_a_backend_that_was_never_started_can_be_closed(playing):
    LoopbackBackend(playing()).close()


def test_serve_forever_ends_when_another_thread_closes(playing):
    backend = LoopbackBackend(playing())
    backend.start()
    server = threading.Thread(target=backend.serve_forever)
    server.start()
    assert ask(backend, body={"stream": True})[0] == 200
    backend.close()
    server.join(timeout=10)
    assert not server.is_alive()


def test_serve_forever_ends_by_an_interrupt(playing, mocker):
    backend = LoopbackBackend(playing())
    mocker.patch.object(backend._stopped, "wait", side_effect=KeyboardInterrupt)
    backend.serve_forever()
    with pytest.raises(ConnectionRefusedError):
        ask(backend, body={"stream": True})


def test_a_scenario_that_cannot_be_played_is_refused(playing):
    endless = event_stream(Control.KEEPALIVES, framing="length")
    with pytest.raises(ValueError, match="Content-Length"):
        LoopbackBackend(playing(endless))
    unanswered = playing()
    object.__setattr__(unanswered, "non_streams", ())
    with pytest.raises(ValueError, match="no reply to a non_stream request"):
        LoopbackBackend(unanswered)

import threading

import pytest

from hermes.testing.replies import event_stream, json_answer
from hermes.testing.scenario import Scenario
from hermes.testing.wire import good_stream, message_item, response_object


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    # The thread of the alarms serves the whole process, and ends by itself some time after the last call.
    left = {thread for thread in threading.enumerate() if thread.name != "hermes-alarm"}
    assert left <= before


@pytest.fixture
def playing():
    """A scenario whose streams are the given replies."""

    def make(*streams, non_streams=None):
        plain = (json_answer(response_object(message_item())),)
        return Scenario("test", 0, "test", streams or (event_stream(*good_stream()),), non_streams or plain)

    return make

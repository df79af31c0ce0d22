"""Events are changed by making new ones."""

import pytest

from hermes.responses.events import Event


@pytest.mark.parametrize(
    ("fields", "kind"),
    [({"n": 2}, "x"), ({"type": "y"}, "y"), ({"type": None}, "x"), ({"type": 5}, "x")],
)
def test_an_event_with_other_data(fields, kind):
    event = Event("x", {"type": "x", "n": 1})
    changed = event.with_data(**fields)
    assert changed.type == kind
    assert changed.data == {"type": "x", "n": 1, **fields}
    assert event == Event("x", {"type": "x", "n": 1})


def test_an_event_does_not_change():
    with pytest.raises(AttributeError):
        Event("x", {}).type = "y"

"""``hermes providers``, and what a backend taught in an earlier run."""

from __future__ import annotations

import json
import resource
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hermes.testing.backend import LoopbackBackend, SeenRequest
from hermes.testing.corpus import scenario

from .conftest import Hermes, Serve

KEY = "sk-marked-key-0123456789"
TWO_PROVIDERS = f"""\
model: {{provider: work, default: gpt-5.4}}
providers:
  work: {{base_url: "https://llm.example.com/v1/", key_env: WORK_KEY, extra_headers: {{X-Team: {KEY}}}}}
  local: {{base_url: http://127.0.0.1:8000/v1, model: qwen, event_idle_timeout_seconds: 77}}
  broken: {{key_env: NOT_SET}}
recovery: {{remember_days: 7}}
"""


@pytest.fixture
def lessons(hermes: Hermes) -> Path:
    """The file in which lessons are kept."""
    return hermes.home / "lessons.json"


FORGET = "`hermes providers show --forget` puts it aside."


def names_in(path: Path) -> set[str]:
    return {name for endpoint in json.loads(path.read_text())["endpoints"] for name in endpoint["lessons"]}


def write_lessons(
    path: Path,
    base_url: str,
    *names: str,
    age: timedelta = timedelta(hours=2, minutes=5),
    model: str = "gpt-5.4",
    adapters: tuple[str, ...] = ("builtin", "lenient"),
) -> None:
    """The file of somebody whose backend taught these things some time ago."""
    moment = (datetime.now(UTC) - age).isoformat()
    record = {
        "base_url": base_url,
        "model": model,
        "adapters": adapters,
        "lessons": dict.fromkeys(names, moment),
    }
    document = json.loads(path.read_text()) if path.exists() else {"version": 1, "endpoints": []}
    document["endpoints"].append(record)
    path.write_text(json.dumps(document))


def shown(hermes: Hermes, *arguments: str) -> dict[str, Any]:
    ran = hermes("providers", "show", *arguments, "--json")
    assert (ran.code, ran.err) == (0, "")
    told: dict[str, Any] = json.loads(ran.out)
    return told


# What a backend taught.


def test_the_second_run_starts_right(hermes: Hermes, serve: Serve, lessons: Path) -> None:
    backend = serve("codex-lb-prelude")
    assert hermes("-z", "hi").out == "Hello\n"
    assert backend.kinds == ("stream", "non_stream")
    again = hermes("-z", "hi")
    assert (again.code, again.out, again.err) == (0, "Hello\n", "")
    assert backend.kinds == ("stream", "non_stream", "stream")
    assert names_in(lessons) == {"sends_prelude", "non_stream_works"}
    assert lessons.stat().st_mode & 0o777 == 0o600


def test_a_refused_way_is_remembered_too(hermes: Hermes, serve: Serve) -> None:
    backend = serve("prelude-stream-required")
    assert hermes("-z", "hi").code == 0
    first = len(backend.kinds)
    assert hermes("-z", "hi").code == 0
    assert first > 1
    assert backend.kinds[first:] == ("stream",)


def test_after_forgetting_it_begins_anew(hermes: Hermes, serve: Serve) -> None:
    backend = serve("codex-lb-prelude")
    hermes("-z", "hi")
    forgotten = hermes("providers", "show", "--forget")
    assert (forgotten.code, forgotten.err) == (0, "")
    assert forgotten.out.splitlines() == [
        "Forgotten of gpt-5.4: Its streams begin with events of its own, which are passed over.",
        "Forgotten of gpt-5.4: It answers requests without streaming.",
    ]
    hermes("-z", "hi")
    assert backend.kinds == ("stream", "non_stream") * 2


def test_nothing_to_forget_is_no_error(hermes: Hermes) -> None:
    hermes.configure("http://127.0.0.1:2455/v1")
    ran = hermes("providers", "show", "--forget")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "There was nothing to forget of http://127.0.0.1:2455/v1.\n"
    told = json.loads(hermes("providers", "show", "custom", "--forget", "--json").out)
    assert told == {"name": "custom", "base_url": "http://127.0.0.1:2455/v1", "forgotten": []}


def test_with_the_adapter_that_knows_the_backend_the_lesson_is_void(hermes: Hermes, serve: Serve) -> None:
    backend = serve("codex-lb-prelude")
    hermes("-z", "hi")
    assert hermes("plugins", "enable", "codex_lb").code == 0
    assert hermes("-z", "hi").code == 0
    assert backend.kinds == ("stream", "non_stream", "stream")
    assert [one["heeded"] for one in shown(hermes)["lessons"]] == [False, False]
    assert "other adapters were on: builtin, lenient." in hermes("providers", "show").out
    assert hermes("plugins", "disable", "codex_lb").code == 0
    assert hermes("-z", "hi").code == 0
    assert backend.kinds == ("stream", "non_stream", "stream", "stream")


def test_a_good_backend_teaches_nothing(hermes: Hermes, serve: Serve, lessons: Path) -> None:
    serve("good-text")
    assert hermes("-z", "hi").code == 0
    assert not lessons.exists()


def test_the_demo_backend_teaches_nothing(hermes: Hermes, lessons: Path) -> None:
    assert len(hermes("-z", "hi", "--no-plugin", "codex_lb", "--json").lines[-1]["attempts"]) == 2
    assert not lessons.exists()


@pytest.mark.parametrize(("days", "kinds"), [(3, ("stream", "non_stream")), (1, ("stream",))])
def test_old_lessons_are_not_heeded(
    hermes: Hermes, serve: Serve, lessons: Path, days: int, kinds: tuple[str, ...]
) -> None:
    backend = serve("codex-lb-prelude", more="recovery: {remember_days: 2}\n")
    write_lessons(lessons, backend.base_url, "sends_prelude", "non_stream_works", age=timedelta(days=days))
    write_lessons(lessons, "http://elsewhere/v1", "without_user", age=timedelta(days=days))
    assert hermes("-z", "hi").code == 0
    assert backend.kinds == kinds
    assert ("without_user" in names_in(lessons)) == (days < 2)


def test_remembering_can_be_switched_off(hermes: Hermes, serve: Serve, lessons: Path) -> None:
    backend = serve("codex-lb-prelude", more="recovery: {remember_days: 0}\n")
    hermes("-z", "hi")
    hermes("-z", "hi")
    assert backend.kinds == ("stream", "non_stream") * 2
    assert not lessons.exists()
    assert "learnt: nothing, for recovery.remember_days is 0\n" in hermes("providers", "show").out
    write_lessons(lessons, backend.base_url, "sends_prelude")
    write_lessons(lessons, "http://elsewhere/v1", "without_user")
    assert hermes("providers", "show", "--forget").out.startswith("Forgotten of gpt-5.4: ")
    assert names_in(lessons) == {"without_user"}


def test_two_at_once_both_keep_what_they_learn(hermes: Hermes, lessons: Path) -> None:
    together = threading.Barrier(2, timeout=25)

    def wait_for_the_other(request: SeenRequest) -> None:
        if request.kind == "non_stream":
            together.wait()

    with LoopbackBackend(scenario("codex-lb-prelude"), on_request=wait_for_the_other) as backend:
        hermes.configure(backend.base_url)
        running = [hermes.popen("-z", "hi", "-m", model) for model in ("one", "two")]
        for process in running:
            out, _ = process.communicate(timeout=30)
            assert (process.returncode, out) == (0, b"Hello\n")
    endpoints = json.loads(lessons.read_text())["endpoints"]
    assert {one["model"]: set(one["lessons"]) for one in endpoints} == {
        "one": {"sends_prelude", "non_stream_works"},
        "two": {"sends_prelude", "non_stream_works"},
    }


# Files that are not as they should be never stop a call.


def test_a_damaged_file_is_told_of_once_and_put_aside(hermes: Hermes, serve: Serve, lessons: Path) -> None:
    backend = serve("codex-lb-prelude")
    lessons.write_text('{"version": 1, ')
    ran = hermes("-z", "hi")
    assert (ran.code, ran.out) == (0, "Hello\n")
    assert [line for line in ran.err.splitlines() if str(lessons) in line] == [
        f"hermes: {lessons} is damaged, so what backends taught is not used. {FORGET}"
    ]
    assert lessons.with_name("lessons.json.damaged").read_text() == '{"version": 1, '
    again = hermes("-z", "hi")
    assert (again.out, again.err) == ("Hello\n", "")
    assert backend.kinds == ("stream", "non_stream", "stream")


def test_forgetting_puts_a_damaged_file_aside(hermes: Hermes, lessons: Path) -> None:
    hermes.configure("http://127.0.0.1:2455/v1")
    lessons.write_text("{")
    assert hermes("providers", "show", "--forget").code == 0
    assert lessons.with_name("lessons.json.damaged").read_text() == "{"
    assert hermes("providers", "show").err == ""


def test_a_file_of_a_newer_version_is_left_alone(hermes: Hermes, serve: Serve, lessons: Path) -> None:
    backend = serve("codex-lb-prelude")
    lessons.write_text('{"version": 2}')
    ran = hermes("-z", "hi", "--json")
    assert ran.code == 0
    (notice,) = [line for line in ran.lines if line.get("kind") == "memory"]
    assert "newer" in notice["text"]
    assert lessons.read_text() == '{"version": 2}'
    assert backend.kinds == ("stream", "non_stream")
    show, forget = hermes("providers", "show"), hermes("providers", "show", "--forget")
    assert (show.code, forget.code) == (0, 1)
    assert "newer" in show.err
    assert "newer" in forget.err


def test_a_disk_that_takes_nothing(hermes: Hermes, serve: Serve, lessons: Path) -> None:
    backend = serve("codex-lb-prelude")

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    ran = hermes("-z", "hi", preexec_fn=no_room)
    assert (ran.code, ran.out) == (0, "Hello\n")
    assert ran.err.count(f"{lessons} cannot be written") == 1
    assert backend.kinds == ("stream", "non_stream")
    assert [path.name for path in hermes.home.iterdir()] == ["config.yaml"]


def test_no_key_gets_into_the_file(hermes: Hermes, serve: Serve, lessons: Path) -> None:
    (hermes.home / ".env").write_text(f"MARKED_KEY={KEY}\n")
    serve("codex-lb-prelude", model="key_env: MARKED_KEY")
    assert hermes("-z", "hi").code == 0
    assert lessons.exists()
    assert KEY not in lessons.read_text()
    assert KEY not in hermes("providers", "show").out + hermes("providers", "list", "--json").out


# What the verb shows.


@pytest.fixture
def inside(hermes_inside: Hermes) -> Hermes:
    hermes_inside.config_file.write_text(TWO_PROVIDERS)
    hermes_inside.env["WORK_KEY"] = KEY
    return hermes_inside


def test_the_list(inside: Hermes) -> None:
    ran = inside("providers", "list")
    assert (ran.code, ran.err) == (0, "")
    work, local, broken = ran.out.splitlines()
    assert work.split("  ") == [
        "work (default)",
        "https://llm.example.com/v1",
        "gpt-5.4",
        "key set (from environment: WORK_KEY)",
    ]
    assert [local.index(word) for word in ("local", "http:", "qwen", "key not set")] == [
        work.index(word) for word in ("work", "https:", "gpt-5.4", "key set")
    ]
    assert broken.startswith("broken")
    assert "The provider `broken` has no base URL." in broken
    told = json.loads(inside("providers", "list", "--json").out)
    assert [(one["name"], one["default"], bool(one["problem"])) for one in told] == [
        ("work", True, False),
        ("local", False, False),
        ("broken", False, True),
    ]
    assert KEY not in ran.out + repr(told)


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("", []),
        ("model: {base_url: http://a/v1, default: m}", [("custom", True)]),
        ("providers: {a: {base_url: http://a/v1, model: m}}", [("a", True)]),
        (
            "model: m\nproviders: {a: {base_url: http://a/v1}, b: {base_url: http://b/v1}}",
            [("a", False), ("b", False)],
        ),
        ("model: {provider: custom:A, default: m}\nproviders: {a: {base_url: http://a/v1}}", [("a", True)]),
        ("model: {provider: gone, default: m}", [("gone", True)]),
    ],
    ids=["none", "custom", "only-one", "none-selected", "another-spelling", "unknown"],
)
def test_which_are_listed(inside: Hermes, text: str, listed: list[tuple[str, bool]]) -> None:
    inside.config_file.write_text(text)
    ran = inside("providers", "list", "--json")
    assert ran.code == 0
    assert [(one["name"], one["default"]) for one in json.loads(ran.out)] == listed
    assert inside("providers", "list").code == 0


def test_the_list_says_where_the_mistake_is(inside: Hermes) -> None:
    inside.config_file.write_text("model: {provider: gone, default: m}")
    (row,) = json.loads(inside("providers", "list", "--json").out)
    assert row["problem"] == "`model.provider` names the provider `gone`, which is not configured."


def test_show(inside: Hermes) -> None:
    write_lessons(
        inside.home / "lessons.json",
        "https://llm.example.com/v1",
        "sends_prelude",
        "without_temperature",
        "roles_developer_to_system",
        "a_lesson_of_somebody_elses",
    )
    write_lessons(
        inside.home / "lessons.json", "https://llm.example.com/v1", "stream_required", model="other"
    )
    ran = inside("providers", "show")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:7] == [
        "name: work",
        "base url: https://llm.example.com/v1",
        "model: gpt-5.4",
        "api mode: codex_responses",
        "client: light",
        "api key: set (from environment: WORK_KEY)",
        "extra headers: X-Team",
    ]
    assert lines[7].startswith("deadlines of a short question: connect 15 s, ")
    assert "adapters: builtin, lenient" in lines
    assert lines[lines.index("learnt:") + 1 :] == [
        f"  {model}, 2 h 5 min ago: {words} It is heeded for another 6 d 21 h."
        for model, words in (
            ("gpt-5.4", "Its streams begin with events of its own, which are passed over."),
            ("gpt-5.4", "It is asked without `temperature`."),
            ("gpt-5.4", "It is asked with the role `system` for developer messages."),
            ("gpt-5.4", "`a_lesson_of_somebody_elses`."),
            ("other", "It refuses requests without streaming."),
        )
    ]
    assert KEY not in ran.out


def test_show_tells_programs_the_same(inside: Hermes) -> None:
    write_lessons(inside.home / "lessons.json", "http://127.0.0.1:8000/v1", "sends_prelude", model="qwen")
    told = shown(inside, "Local")
    assert (told["name"], told["base_url"], told["model"]) == ("local", "http://127.0.0.1:8000/v1", "qwen")
    assert told["deadlines"]["idle_events"] == 77
    assert told["adapters"] == ["builtin", "lenient"]
    (lesson,) = told["lessons"]
    assert (lesson["name"], lesson["model"], lesson["heeded"]) == ("sends_prelude", "qwen", True)
    assert lesson["expires_at"] - lesson["learned_at"] == 7 * 86400


def test_one_model_alone_is_shown_and_forgotten(inside: Hermes) -> None:
    file = inside.home / "lessons.json"
    write_lessons(file, "https://llm.example.com/v1", "sends_prelude")
    write_lessons(file, "https://llm.example.com/v1", "stream_required", model="other")
    assert [one["model"] for one in shown(inside, "work", "-m", "other")["lessons"]] == ["other"]
    ran = inside("providers", "show", "work", "-m", "other", "--forget")
    assert ran.out == "Forgotten of other: It refuses requests without streaming.\n"
    assert names_in(file) == {"sends_prelude"}
    ran = inside("providers", "show", "work", "-m", "other", "--forget")
    assert ran.out == "There was nothing to forget of https://llm.example.com/v1 and other.\n"


def test_a_backend_without_an_entry(inside: Hermes) -> None:
    file = inside.home / "lessons.json"
    write_lessons(file, "http://127.0.0.1:9999/v1", "sends_prelude")
    assert len(shown(inside, "--base-url", "http://127.0.0.1:9999/v1/")["lessons"]) == 1
    assert inside("providers", "show", "--base-url", "http://127.0.0.1:9999/v1", "--forget").code == 0
    assert names_in(file) == set()


def test_what_a_backend_named_cannot_reach_the_terminal(inside: Hermes) -> None:
    names = (f"without_\u009b31m{'x' * 150}", "without_" + "y" * 150, "z" * 150)
    model = "m\u001b]0;title\u0007"
    write_lessons(inside.home / "lessons.json", "https://llm.example.com/v1", *names, model=model)
    for more in ((), ("--forget",)):
        ran = inside("providers", "show", *more)
        assert not {"\u009b", "\u001b", "\u0007"} & set(ran.out)
        assert "z" * 80 + "…`." in ran.out
        assert "y" * 81 not in ran.out


@pytest.mark.parametrize("more", [(), ("--json",), ("--forget",)], ids=["show", "json", "forget"])
def test_an_unknown_name(inside: Hermes, more: tuple[str, ...]) -> None:
    ran = inside("providers", "show", "wrok\x1b[31m", *more)
    assert (ran.code, ran.out) == (2, "")
    assert "\x1b" not in ran.err
    ran = inside("providers", "show", "wrok", *more)
    assert (ran.code, ran.out) == (2, "")
    assert "No provider named `wrok` is configured." in ran.err
    assert "Did you mean work?" in ran.err
    assert "hermes providers list" in ran.err


def test_without_a_provider(inside: Hermes) -> None:
    inside.config_file.unlink()
    listed, show = inside("providers", "list"), inside("providers", "show")
    assert (listed.code, show.code, show.out) == (0, 2, "")
    assert "demo" in listed.out
    assert "model.base_url" in show.err

"""What endpoints taught is kept in a file, whatever becomes of that file."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hermes.errors import HermesError
from hermes.providers.contract import EndpointMemory
from hermes.runtime import lessons
from hermes.runtime.lessons import LessonsFile

URL = "http://127.0.0.1:2455/v1"
MODEL = "gpt-5.4"
ADAPTERS = ("builtin", "lenient")
DAY = 86400
NOW = 1_800_000_000.0


class Kept:
    """A file of lessons, and what sessions at different times see of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = NOW

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.path.parent.iterdir())

    def open(self, *, days: float = 7) -> LessonsFile:
        return LessonsFile(self.path, max_age_seconds=days * DAY, now=lambda: self.now)

    def memory(
        self,
        base_url: str = URL,
        model: str = MODEL,
        adapters: tuple[str, ...] = ADAPTERS,
        secrets: tuple[str, ...] = (),
    ) -> EndpointMemory:
        """The memory of a new session."""
        return self.open().memory_of(base_url, model, adapters, secrets=secrets)

    def knows(self, name: str, **endpoint: str | tuple[str, ...]) -> bool:
        return self.memory(**endpoint).knows(name)  # type: ignore[arg-type]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "home" / "lessons.json")


def test_a_later_session_knows_what_was_learnt(kept: Kept) -> None:
    memory = kept.memory()
    memory.learn("breaks_order")
    memory.learn("without_temperature")
    assert [lesson.name for lesson in kept.memory().lessons] == ["breaks_order", "without_temperature"]
    assert {lesson.learned_at for lesson in kept.memory().lessons} == {NOW}


def test_the_file_can_be_read_by_its_owner_and_by_people(kept: Kept) -> None:
    kept.memory().learn("breaks_order")
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700
    assert kept.files == ["lessons.json"]
    assert json.loads(kept.path.read_text()) == {
        "version": 1,
        "endpoints": [
            {
                "base_url": URL,
                "model": MODEL,
                "adapters": ["builtin", "lenient"],
                "lessons": {"breaks_order": "2027-01-15T08:00:00Z"},
            }
        ],
    }
    assert kept.path.read_text().count("\n") > 5


def test_nothing_is_written_before_something_is_learnt(kept: Kept) -> None:
    kept.memory()
    assert kept.open().forget(URL) == ()
    assert not kept.path.parent.exists()


@pytest.mark.parametrize(
    "other",
    [
        {"base_url": "http://127.0.0.1:2456/v1"},
        {"base_url": "http://127.0.0.1:2455/v2"},
        {"model": "gpt-5.4-mini"},
        {"adapters": (*ADAPTERS, "codex_lb")},
        {"adapters": ("builtin",)},
    ],
    ids=lambda other: f"{next(iter(other))}",
)
def test_a_lesson_is_about_one_endpoint_model_and_set_of_adapters(
    kept: Kept, other: dict[str, str | tuple[str, ...]]
) -> None:
    kept.memory().learn("breaks_order")
    assert not kept.knows("breaks_order", **other)
    kept.memory(**other).learn("stream_required")  # type: ignore[arg-type]
    assert kept.knows("breaks_order")
    assert not kept.knows("stream_required")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://Lb.Example.com/v1", "https://lb.example.com:443/v1/"),
        ("http://lb:80/v1?key=1#x", "http://lb/v1"),
        ("http://[::1]:80/v1", "http://[::1]/v1"),
    ],
)
def test_spellings_of_a_base_url_are_one(kept: Kept, first: str, second: str) -> None:
    kept.memory(first).learn("breaks_order")
    assert kept.knows("breaks_order", base_url=second)
    assert "key=1" not in kept.path.read_text()


def test_the_order_of_adapters_does_not_matter(kept: Kept) -> None:
    kept.memory().learn("breaks_order")
    assert kept.knows("breaks_order", adapters=tuple(reversed(ADAPTERS)))


# Age.


def test_what_is_old_is_not_heeded_and_goes_with_the_next_write(kept: Kept) -> None:
    kept.memory().learn("breaks_order")
    kept.now += 6 * DAY
    kept.memory().learn("stream_required")
    kept.now += 1 * DAY
    assert not kept.knows("breaks_order")
    assert kept.knows("stream_required")
    assert "breaks_order" in kept.path.read_text()
    kept.memory().learn("without_user")
    assert "breaks_order" not in kept.path.read_text()
    assert "stream_required" in kept.path.read_text()


def test_what_is_learnt_again_is_young_again(kept: Kept) -> None:
    kept.memory().learn("breaks_order")
    kept.now += 8 * DAY
    kept.memory().learn("breaks_order")
    kept.now += 6 * DAY
    assert kept.knows("breaks_order")


def test_a_clock_that_ran_ahead_makes_nothing_immortal(kept: Kept) -> None:
    kept.now += 1000 * DAY
    kept.memory().learn("breaks_order")
    kept.now -= 1000 * DAY
    assert not kept.knows("breaks_order")


# Forgetting.


def test_an_endpoint_is_forgotten_with_all_its_models(kept: Kept) -> None:
    kept.memory().learn("breaks_order")
    kept.memory(model="other").learn("stream_required")
    kept.memory("http://elsewhere/v1").learn("breaks_order")
    forgotten = kept.open().forget(f"{URL}/")
    assert {(one.model, one.lesson.name) for one in forgotten} == {
        (MODEL, "breaks_order"),
        ("other", "stream_required"),
    }
    assert kept.open().forget(URL) == ()
    assert not kept.knows("breaks_order")
    assert kept.knows("breaks_order", base_url="http://elsewhere/v1")


def test_one_model_alone_is_forgotten(kept: Kept) -> None:
    kept.memory().learn("breaks_order")
    kept.memory(model="other").learn("breaks_order")
    assert [one.model for one in kept.open().forget(URL, "other")] == ["other"]
    assert kept.knows("breaks_order")


def test_what_another_session_knew_does_not_come_back(kept: Kept) -> None:
    running = kept.memory()
    running.learn("breaks_order")
    kept.open().forget(URL)
    running.learn("stream_required")
    assert [lesson.name for lesson in kept.memory().lessons] == ["stream_required"]


# Secrets, and what a backend can make of names.


@pytest.mark.parametrize(
    ("base_url", "model", "name"),
    [
        ("http://user:hunter2-hunter2@lb/v1", MODEL, "breaks_order"),
        ("http://lb/hunter2-hunter2/v1", MODEL, "breaks_order"),
        (URL, "hunter2-hunter2", "breaks_order"),
        (URL, MODEL, "without_hunter2-hunter2"),
        (URL, MODEL, "without_hunter2%2Dhunter2\x1b[31m"),
        (URL, MODEL, "without_\u202ehunter2"),
        (URL, "m" * 501, "breaks_order"),
    ],
)
def test_what_should_not_be_written_is_not_kept(kept: Kept, base_url: str, model: str, name: str) -> None:
    memory = kept.memory(base_url, model, secrets=("hunter2-hunter2",))
    memory.learn(name)
    assert memory.knows(name)
    assert not kept.path.exists()


# Several processes.

LEARNER = """
import sys
from pathlib import Path
from hermes.runtime.lessons import LessonsFile
sys.stdin.readline()
for number in range(20):
    file = LessonsFile(Path(sys.argv[1]), max_age_seconds=86400)
    file.memory_of("http://lb/v1", f"model-{number}", ["builtin"]).learn(f"lesson_of_{sys.argv[2]}")
    assert not file.problem, file.problem
"""


def test_processes_at_once_lose_nothing(kept: Kept) -> None:
    command = [sys.executable, "-c", LEARNER, str(kept.path)]
    running = [
        subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for number in range(4)
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        _, err = process.communicate(timeout=50)
        assert (process.returncode, err) == (0, "")
    found = LessonsFile(kept.path, max_age_seconds=DAY).lessons_of("http://lb/v1")
    assert len(found) == 80
    assert kept.files == ["lessons.json"]


def test_nobody_waits_for_a_process_that_does_not_let_go(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons, "_LOCK_SECONDS", 0)
    kept.path.parent.mkdir()
    holder = os.open(kept.path.parent, os.O_RDONLY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        file = kept.open()
        memory = file.memory_of(URL, MODEL, ADAPTERS)
        memory.learn("breaks_order")
        assert memory.knows("breaks_order")
        assert "lock" in file.problem
        assert not kept.path.exists()
    finally:
        os.close(holder)


# Files that are not as they should be.

GOOD = '{"version": 1, "endpoints": []}'
DAMAGED = {
    "empty": b"",
    "cut": b'{"version": 1, "endpoints": [',
    "no-object": b"[]",
    "no-version": b'{"endpoints": []}',
    "version-0": b'{"version": 0, "endpoints": []}',
    "no-utf8": GOOD.replace(
        "[]", '[{"base_url": "http://a", "model": "\xff", "adapters": [], "lessons": {}}]'
    ).encode("latin-1"),
    "another-shape": b'{"version": 1, "endpoints": {"a": 1}}',
    "no-moment": GOOD.replace(
        "[]", '[{"base_url": "http://a", "model": "m", "adapters": [], "lessons": {"x": "7"}}]'
    ).encode(),
    "no-time-zone": GOOD.replace(
        "[]",
        '[{"base_url": "http://a", "model": "m", "adapters": [], "lessons": {"x": "2027-01-15T08:00:00"}}]',
    ).encode(),
    "nested": b'{"version": 1, "x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "too-long": GOOD.encode() + b" " * (1 << 20),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_put_aside_when_there_is_something_to_write(kept: Kept, data: bytes) -> None:
    kept.path.parent.mkdir()
    kept.path.write_bytes(data)
    file = kept.open()
    memory = file.memory_of(URL, MODEL, ADAPTERS)
    assert memory.lessons == ()
    assert "damaged" in file.problem
    assert kept.path.read_bytes() == data
    memory.learn("breaks_order")
    assert "damaged" in file.problem
    assert kept.knows("breaks_order")
    assert kept.path.with_name("lessons.json.damaged").read_bytes() == data
    assert kept.open().problem == ""


def test_forgetting_puts_a_damaged_file_aside(kept: Kept) -> None:
    kept.path.parent.mkdir()
    kept.path.write_bytes(b"{")
    assert kept.open().forget(URL) == ()
    assert kept.path.with_name("lessons.json.damaged").read_bytes() == b"{"
    assert kept.open().problem == ""


def test_a_huge_file_is_not_read_to_its_end(kept: Kept) -> None:
    kept.path.parent.mkdir()
    kept.path.touch()
    os.truncate(kept.path, 1 << 42)
    file = kept.open()
    assert file.memory_of(URL, MODEL, ADAPTERS).lessons == ()
    assert "damaged" in file.problem


def to_a_link(path: Path) -> None:
    path.with_name("elsewhere").write_text(GOOD)
    path.symlink_to("elsewhere")


def to_a_newer_one(path: Path) -> None:
    path.write_text('{"version": 2, "endpoints": "of another shape"}')


LEFT_ALONE: dict[str, Callable[[Path], None]] = {
    "newer": to_a_newer_one,
    "link": to_a_link,
    "dangling-link": lambda path: path.symlink_to("nowhere"),
    "folder": lambda path: path.mkdir(),
    "pipe": os.mkfifo,
}


@pytest.mark.parametrize("make", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_what_is_not_ours_is_left_alone(kept: Kept, make: Callable[[Path], None]) -> None:
    kept.path.parent.mkdir()
    make(kept.path)
    before = kept.files, kept.path.lstat()
    file = kept.open()
    memory = file.memory_of(URL, MODEL, ADAPTERS)
    assert str(kept.path) in file.problem
    memory.learn("breaks_order")
    assert memory.knows("breaks_order")
    assert (kept.files, kept.path.lstat()) == before
    with pytest.raises(HermesError, match=r"lessons\.json"):
        file.forget(URL)


def test_a_read_only_file_is_read_and_stays(kept: Kept) -> None:
    kept.memory().learn("breaks_order")
    kept.path.chmod(0o400)
    before = kept.path.read_bytes()
    file = kept.open()
    memory = file.memory_of(URL, MODEL, ADAPTERS)
    assert memory.knows("breaks_order")
    assert file.problem == ""
    memory.learn("stream_required")
    assert "read-only" in file.problem
    with pytest.raises(HermesError, match="read-only"):
        file.forget(URL)
    assert kept.path.read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(kept: Kept) -> None:
    kept.path.parent.mkdir(mode=0o500)
    file = kept.open()
    file.memory_of(URL, MODEL, ADAPTERS).learn("breaks_order")
    assert "cannot be written" in file.problem


def test_a_folder_that_cannot_be_there(kept: Kept) -> None:
    kept.path.parent.write_text("no folder")
    file = kept.open()
    file.memory_of(URL, MODEL, ADAPTERS).learn("breaks_order")
    assert str(kept.path) in file.problem


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.memory().learn("breaks_order")
    before = kept.path.read_bytes()

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    file = kept.open()
    file.memory_of(URL, MODEL, ADAPTERS).learn("stream_required")
    assert "no space left on device" in file.problem
    assert kept.path.read_bytes() == before
    assert kept.files == ["lessons.json"]


# Limits.


def test_the_file_has_a_limit_and_the_latest_endpoints_stay(kept: Kept) -> None:
    for number in range(130):
        kept.now = NOW + number
        kept.memory(model=f"model-{number}").learn("breaks_order")
    assert not kept.knows("breaks_order", model="model-29")
    assert kept.knows("breaks_order", model="model-30")
    assert kept.knows("breaks_order", model="model-129")


def test_long_names_cannot_make_it_unreadable(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons, "_MAX_BYTES", 20_000)
    for number in range(200):
        kept.now = NOW + number
        kept.memory(model=f"model-{number}").learn(f"without_{'é' * 190}")
        assert kept.path.stat().st_size <= 20_000
    assert kept.knows(f"without_{'é' * 190}", model="model-199")


def test_names_in_the_file_that_nobody_learnt_are_not_taken(kept: Kept) -> None:
    kept.memory().learn("breaks_order")
    text = kept.path.read_text()
    for hostile in ("\\u001b[31m", "x" * 501):
        kept.path.write_text(text.replace("breaks_order", hostile))
        assert kept.memory().lessons == ()

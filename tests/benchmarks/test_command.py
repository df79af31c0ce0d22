"""``python -m benchmarks``: its exit code, what it prints and what it keeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import httpx2
import pytest

from benchmarks import records, report
from benchmarks.__main__ import main
from benchmarks.figures import Limit, Measurement, Remark, Setting


class Topic:
    """A measurement module in which Hermes takes ``cost`` seconds and the other one takes one."""

    NOTES = "What is in it."

    def __init__(self, name: str = "topic", *, cost: float = 1.0, quick: bool = True) -> None:
        self.TOPIC, self.QUICK, self.cost = name, quick, cost
        self.LIMITS: Sequence[Limit] = (Limit("1", name, "work", "cpu", "hermes", 2, "other"),)
        self.measured = 0

    def measure(self, setting: Setting) -> Iterable[Measurement | Remark]:
        self.measured += 1
        yield Remark(self.TOPIC, "Something to know.")
        for number in range(setting.rounds):
            yield Measurement(self.TOPIC, "work", "hermes", "cpu", self.cost, "s", number)
            yield Measurement(self.TOPIC, "work", "other", "cpu", 1.0, "s", number)


class Broken(Topic):
    def measure(self, setting: Setting) -> Iterable[Measurement | Remark]:
        raise RuntimeError("a driver ended")


class AsksTheServer(Topic):
    def measure(self, setting: Setting) -> Iterable[Measurement | Remark]:
        assert httpx2.get(f"{setting.base_url}/models").status_code == 200
        yield from super().measure(setting)


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(records, "FOLDER", tmp_path / "records")
    monkeypatch.setattr(report, "RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr(report, "DOCS", tmp_path)
    return tmp_path


def test_limits_that_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quick"], [Topic(cost=2.0)]) == 0
    out = capsys.readouterr().out
    assert "MISSED" not in out
    assert "1 of 1 demands are met." in out


def test_a_limit_that_is_missed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quick"], [Topic("good"), Topic("bad", cost=2.01)]) == 1
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines()[1:3]] == ["ok", "MISSED"]
    assert "1 of 2 demands are met." in out


def test_a_topic_that_cannot_be_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quick"], [Broken(), Topic("good")]) == 1
    told = capsys.readouterr()
    assert "failed: a driver ended" in told.err
    assert "not measured" in told.out


def test_the_quick_run_leaves_out_what_takes_long(results: Path) -> None:
    slow = Topic("slow", cost=9.0, quick=False)
    assert main(["quick"], [Topic(), slow]) == 0
    assert slow.measured == 0
    assert not (results / "RESULTS.md").exists()


def test_the_full_run_keeps_what_it_measured(results: Path) -> None:
    first, second = Topic("first"), Topic("second")
    assert main(["full"], [first, second]) == 0
    assert main(["full", "--only", "second", "--rounds", "1"], [first, second]) == 0
    assert (first.measured, second.measured) == (1, 2)
    text = (results / "RESULTS.md").read_text()
    assert text.count("| ok |") == 2
    assert "Not measured" not in text
    for told in ("Something to know.", "What is in it.", "## first", "## second"):
        assert told in text


def test_the_page_of_the_docs_is_kept_up_to_date(results: Path) -> None:
    page = results / "benchmarks.md"
    page.write_text("Before.\n<!-- written by make bench -->\nold\n<!-- end -->\nAfter.\n")
    for cost in (3.0, 1.5):
        main(["full"], [Topic("first"), Topic("second", cost=cost)])
    text = page.read_text()
    assert "| 1 | cpu, against other | 2 of 2 | 1.50 times (hermes, work) | 2 times |" in text
    assert (text.startswith("Before.\n"), text.endswith("After.\n")) == (True, True)
    assert "old" not in text
    assert "3.00" not in text


def test_the_server_runs_meanwhile() -> None:
    topic = AsksTheServer()
    assert main(["quick", "--rounds", "1"], [topic]) == 0
    assert topic.measured == 1

"""The figures of earlier runs, a file a topic, so that a topic can be measured anew without the others."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.figures import Measurement, Remark

__all__ = ["Machine", "Record", "load", "save", "this_machine"]

FOLDER: Final = Path(__file__).parents[1] / "build" / "bench"
_PACKAGES: Final = ("openai", "httpx2", "httpcore2", "orjson", "msgspec", "pluggy", "click", "rich")


class Machine(msgspec.Struct, frozen=True):
    """Where it was measured.

    Attributes:
        processor: the name of the processor.
        cores: how many cores this process may use.
        system: the kernel.
        python: the version.
        packages: versions of what takes part, by name.
    """

    processor: str
    cores: int
    system: str
    python: str
    packages: dict[str, str]


class Record(msgspec.Struct, frozen=True):
    """One topic's figures.

    Attributes:
        topic: the topic.
        date: when it was measured, UTC.
        rounds: how many rounds.
        load: the machine's load average when it began: on a busy machine wall time lies.
        seconds: how long it took.
        machine: where.
        measurements: the figures.
        remarks: what to know of them.
    """

    topic: str
    date: str
    rounds: int
    load: float
    seconds: float
    machine: Machine
    measurements: tuple[Measurement, ...]
    remarks: tuple[Remark, ...]


def this_machine() -> Machine:
    """The machine on which this runs."""
    packages: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        system=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        packages=packages,
    )


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        told = ""
    names = re.search(r"^model name\s*:\s*(.+)$", told, re.MULTILINE)
    return names[1] if names else platform.processor() or platform.machine()


def now() -> str:
    """The date and time as a record holds it."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M")


def save(record: Record) -> None:
    """Keeps a topic's figures; earlier ones of that topic go."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{record.topic}.json"
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(record))
    fresh.replace(path)


def load(topics: Sequence[str]) -> list[Record]:
    """The figures of those topics that have some, in the order of ``topics``; a damaged file holds none."""
    records = []
    for topic in topics:
        try:
            records.append(msgspec.json.decode((FOLDER / f"{topic}.json").read_bytes(), type=Record))
        except (FileNotFoundError, msgspec.DecodeError):
            continue
    return records

"""Point 4: whole processes: what the small commands cost, and a turn against a backend without delay."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.figures import Limit, Measurement, Remark, Setting
from benchmarks.processes import Ran, run
from benchmarks.stream_bytes import text_of

__all__ = ["LIMITS", "NOTES", "QUICK", "TOPIC", "hermes_environment", "measure"]

TOPIC: Final = "start"
QUICK: Final = True

_START, _TURN = "start", "one-shot turn"
_WITH_PLUGIN: Final = "start, a plugin that is not enabled is installed"
_CPU, _WALL = "processor time", "wall time"
_MODULES: Final = "modules imported"
_SDK_MODULES: Final = "modules of the SDK imported"
_NOTHING: Final = "python -c pass"
_COMMANDS: Final = {
    "hermes --version": ("--version",),
    "hermes plugins list": ("plugins", "list"),
    "hermes config path": ("config", "path"),
}
_ASK: Final = "hermes -z hi"
_SCRIPT: Final = "SDK script"
_MODEL: Final = "text-100"
_RUNS: Final = 4
_PLUGIN: Final = "hermes_bench_dummy"

LIMITS: Final = (
    Limit("4", TOPIC, _START, _CPU, "hermes --version", at_most=6, against=_NOTHING),
    Limit("4", TOPIC, _START, _CPU, "hermes plugins list", at_most=15, against=_NOTHING),
    Limit("4", TOPIC, _START, _CPU, "hermes config path", at_most=15, against=_NOTHING),
    *(Limit("4", TOPIC, _START, _SDK_MODULES, name, at_most=0) for name in _COMMANDS),
    *(
        Limit("4", TOPIC, _WITH_PLUGIN, _MODULES, name, at_most=1, against=name, against_workload=_START)
        for name in (*_COMMANDS, _ASK)
    ),
    Limit("4", TOPIC, _TURN, _CPU, _ASK, at_most=0.5, against=_SCRIPT),
    Limit("4", TOPIC, _TURN, _WALL, _ASK, at_most=0.5, against=_SCRIPT),
)

NOTES: Final = f"""\
Whole processes of one interpreter, from start to end, with warm caches: the processor time is the
process's own (`wait4`). Hermes is its console script with a configuration of one provider, the loopback
server. **{_TURN}**: an answer in 100 deltas; **{_SCRIPT}** streams the same one with
`client.responses.stream()` and prints the deltas. The modules are what the interpreter itself lists
(`PYTHONPROFILEIMPORTTIME`), with and without a third-party plugin that is installed and not enabled.
"""

_SCRIPT_TEXT: Final = """\
from openai import OpenAI
with OpenAI(base_url={base_url!r}, api_key="none").responses.stream(model={model!r}, input="hi") as stream:
    for event in stream:
        if event.type == "response.output_text.delta":
            print(event.delta, end="", flush=True)
"""
_CONFIG: Final = """\
model: {{provider: custom, default: {model}, base_url: {base_url}, api_mode: codex_responses}}
"""


def measure(setting: Setting) -> Iterable[Measurement | Remark]:
    """Every command once for each run, in turn."""
    env = hermes_environment(setting)
    script = setting.work / "script.py"
    script.write_text(_SCRIPT_TEXT.format(base_url=setting.base_url, model=_MODEL))
    with_plugin = {**env, "PYTHONPATH": str(_plugin_site(setting.work / "site"))}
    small: dict[str, list[str | Path]] = {_NOTHING: [setting.python, "-c", "pass"]}
    small |= {name: [setting.hermes, *words] for name, words in _COMMANDS.items()}
    turns: dict[str, list[str | Path]] = {
        _ASK: [setting.hermes, "-z", "hi"],
        _SCRIPT: [setting.python, script],
    }
    yield from _imports({**small, _ASK: turns[_ASK]}, env, with_plugin, setting.work)
    _run(turns[_SCRIPT], env, setting.work)  # to warm the caches
    for number in range(setting.rounds):
        for _ in range(_RUNS):
            for name, command in small.items():
                yield from _times(_START, name, _run(command, env, setting.work), number)
                if name in _COMMANDS:
                    yield from _times(_WITH_PLUGIN, name, _run(command, with_plugin, setting.work), number)
        for name, command in turns.items():
            ran = _run(command, env, setting.work)
            if ran.out.strip() != text_of(_MODEL).strip():
                raise RuntimeError(f"{name} gave another answer")
            yield from _times(_TURN, name, ran, number)


def hermes_environment(setting: Setting) -> dict[str, str]:
    """A whole environment in which Hermes is configured for the loopback server, and nothing else is."""
    home = setting.work / "home"
    home.mkdir(exist_ok=True)
    (home / "config.yaml").write_text(_CONFIG.format(model=_MODEL, base_url=setting.base_url))
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "HERMES_HOME": str(home),
        "LANG": "C.UTF-8",
    }


def _times(workload: str, subject: str, ran: Ran, number: int) -> Iterator[Measurement]:
    yield Measurement(TOPIC, workload, subject, _CPU, ran.cpu_seconds * 1e3, "ms", number)
    yield Measurement(TOPIC, workload, subject, _WALL, ran.wall_seconds * 1e3, "ms", number)


def _run(command: Sequence[str | Path], env: Mapping[str, str], work: Path) -> Ran:
    ran = run(command, env=env, work=work)
    if ran.code:
        raise RuntimeError(f"{command} ended with {ran.code}: {ran.err[-2000:]}")
    return ran


def _imports(
    commands: Mapping[str, Sequence[str | Path]],
    env: Mapping[str, str],
    with_plugin: Mapping[str, str],
    work: Path,
) -> Iterator[Measurement]:
    for name, command in commands.items():
        plain = _modules(command, env, work)
        yield Measurement(TOPIC, _START, name, _MODULES, len(plain), "")
        yield Measurement(TOPIC, _START, name, _SDK_MODULES, _count(plain, "openai"), "")
        if name != _NOTHING:
            more = _modules(command, with_plugin, work)
            if _count(more, _PLUGIN):
                raise RuntimeError(f"{name} imports a plugin that is not enabled")
            yield Measurement(TOPIC, _WITH_PLUGIN, name, _MODULES, len(more), "")


def _modules(command: Sequence[str | Path], env: Mapping[str, str], work: Path) -> set[str]:
    """What a command imports, by its second run: the first may compile."""
    _run(command, env, work)
    profiled = {**env, "PYTHONPROFILEIMPORTTIME": "1"}
    lines = _run(command, profiled, work).err.splitlines()
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}


def _count(modules: Iterable[str], package: str) -> int:
    return sum(1 for name in modules if name == package or name.startswith(f"{package}."))


def _plugin_site(site: Path) -> Path:
    """A folder with an installed plugin that nobody has enabled."""
    package, metadata = site / _PLUGIN, site / f"{_PLUGIN}-1.0.dist-info"
    package.mkdir(parents=True)
    metadata.mkdir()
    (package / "__init__.py").write_text('name = "bench_dummy"\napi_version = 1\nevent_types = ()\n')
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {_PLUGIN}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[hermes.adapters]\nbench_dummy = {_PLUGIN}\n")
    (metadata / "RECORD").write_text("")
    return site

"""The real command in a home of its own, a backend in this process, and a terminal where one matters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect
import pytest

from hermes.cli.main import main
from hermes.testing.backend import LoopbackBackend
from hermes.testing.corpus import scenario as scenario_of
from hermes.testing.replies import event_stream, json_answer
from hermes.testing.scenario import Reply, Scenario
from hermes.testing.wire import good_stream, message_item, response_object

GUARD_SECONDS = 30
"""No test waits that long; it ends what would never end."""


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    stdout: bytes
    err: str

    @property
    def out(self) -> str:
        return self.stdout.decode()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """stdout as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def types(self) -> list[str]:
        return [line["type"] for line in self.lines]


class Hermes:
    """The command ``hermes`` with a clean environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "hermes-home"
        self.home.mkdir()
        self.env = {
            "PATH": os.defpath,
            "HOME": str(folder),
            "HERMES_HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "TZ": "UTC",
        }

    @property
    def config_file(self) -> Path:
        return self.home / "config.yaml"

    def configure(self, base_url: str, *, plugins: str = "", more: str = "", model: str = "") -> None:
        """Writes the configuration of a codex-lb user."""
        extra = f", {model}" if model else ""
        self.config_file.write_text(
            f"model: {{provider: custom, default: gpt-5.4, base_url: {base_url}, "
            f"api_mode: codex_responses{extra}}}\n"
            f"plugins: {{enabled: [{plugins}]}}\n{more}"
        )

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "hermes", *arguments]

    def popen(
        self, *arguments: str, env: dict[str, str] | None = None, **more: Any
    ) -> subprocess.Popen[bytes]:
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        return subprocess.Popen(
            self.argv(*arguments), env={**self.env, **(env or {})}, cwd=self.folder, **streams
        )

    def __call__(self, *arguments: str, stdin: bytes | str | None = None, **more: Any) -> Ran:
        """Runs it to its end; without ``stdin`` there is none."""
        if stdin is not None:
            more["stdin"] = subprocess.PIPE
        data = stdin.encode() if isinstance(stdin, str) else stdin
        with self.popen(*arguments, **more) as process:
            try:
                out, err = process.communicate(data, timeout=GUARD_SECONDS)
            except BaseException:
                process.kill()
                raise
        return Ran(process.returncode, out or b"", (err or b"").decode())

    def shell(self, script: str) -> Ran:
        """Runs a line of shell in which ``hermes`` is the command."""
        quoted = f'hermes() {{ "{sys.executable}" -m hermes "$@"; }}; {script}'
        done = subprocess.run(
            ["bash", "-c", quoted],
            env=self.env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GUARD_SECONDS,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr.decode())

    def spawn(self, *arguments: str, env: dict[str, str] | None = None) -> pexpect.spawn:
        """Runs it on a terminal of its own, which is its stdin, stdout and stderr."""
        command, *rest = self.argv(*arguments)
        return pexpect.spawn(
            command,
            rest,
            env={**self.env, **(env or {})},
            cwd=str(self.folder),
            timeout=GUARD_SECONDS,
            encoding="utf-8",
            dimensions=(24, 400),
        )


class HermesInside(Hermes):
    """The same command in this process: for tests to which the process does not matter, and much faster."""

    def __init__(
        self, folder: Path, patch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[bytes]
    ) -> None:
        super().__init__(folder)
        self._patch = patch
        self._captured = captured

    def __call__(self, *arguments: str, stdin: bytes | str | None = None, **more: Any) -> Ran:
        assert stdin is None, "only a process has a stdin of its own"
        with self._patch.context() as patch, Path(os.devnull).open() as nothing:
            for name in os.environ.keys() - {"PATH"}:
                patch.delenv(name)
            for name, value in {**self.env, **(more.get("env") or {})}.items():
                patch.setenv(name, value)
            patch.setattr("sys.stdin", nothing)
            time.tzset()
            code = main(list(arguments))
        time.tzset()
        out, err = self._captured.readouterr()
        return Ran(code, out, err.decode())


@pytest.fixture
def hermes(tmp_path: Path) -> Hermes:
    return Hermes(tmp_path)


@pytest.fixture
def hermes_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Hermes:
    return HermesInside(tmp_path, monkeypatch, capsysbinary)


@pytest.fixture
def playing() -> Callable[..., Scenario]:
    """A scenario with the given replies to streamed requests."""

    def make(*streams: Reply, non_streams: tuple[Reply, ...] = ()) -> Scenario:
        plain = (json_answer(response_object(message_item())),)
        return Scenario("test", 0, "test", streams, non_streams or plain)

    return make


@pytest.fixture
def answering(playing: Callable[..., Scenario]) -> Callable[[str], Scenario]:
    """A scenario that answers a text."""
    return lambda text: playing(event_stream(*good_stream(text, pieces=[text] if text else [])))


Serve = Callable[..., LoopbackBackend]


@pytest.fixture
def serve(hermes: Hermes) -> Iterator[Serve]:
    """Starts a backend with a scenario or the id of one, and configures it."""
    with ExitStack() as stack:

        def start(played: Scenario | str, *, configure: bool = True, **config: str) -> LoopbackBackend:
            chosen = scenario_of(played) if isinstance(played, str) else played
            backend = stack.enter_context(LoopbackBackend(chosen))
            if configure:
                hermes.configure(backend.base_url, **config)
            return backend

        yield start


def read_to_end(terminal: pexpect.spawn) -> str:
    """The rest of what a terminal shows; the command has ended then."""
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.before or ""


@pytest.fixture
def third_party(hermes: Hermes) -> Callable[[str, str], None]:
    """Installs an adapter of somebody else's: a module and its metadata, as pip leaves them."""
    site = hermes.folder / "site"
    site.mkdir()
    hermes.env["PYTHONPATH"] = str(site)

    def install(name: str, code: str) -> None:
        header = f"from hermes.providers.contract import hookimpl\nname = {name!r}\napi_version = 1\n"
        (site / f"{name}_adapter.py").write_text(f"{header}{code}\n")
        info = site / f"hermes_{name}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: hermes-{name}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[hermes.adapters]\n{name} = {name}_adapter\n")

    return install

"""What a command imports. That is nearly all that a short command does, so what is counted here is its time.

The bounds are what each command needs, rounded up a little. Who needs more should look at the profile first
(``python -X importtime``), and raise them knowingly.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

import hermes as package

from .conftest import Hermes, Serve

# The command itself tells what it has imported, with nothing changed but this module of the site's.
WITNESS = """
import atexit, os, sys
atexit.register(lambda: open(os.environ["IMPORTED"], "w").write("\\n".join(sorted(sys.modules))))
"""

CLICK = {"click"}
ADAPTERS = {"msgspec", "pluggy", "typing_extensions"}
CLIENT = {"anyio", "certifi", "h11", "httpcore2", "httpx2", "idna", "sniffio", "truststore"}
FILES = {"dotenv", "ruamel"}
"""What reads the user's files, where there are any."""


@dataclass(frozen=True)
class Bound:
    """What a command may import beyond what the interpreter does for itself.

    Attributes:
        packages: which packages of others.
        own: how many modules of Hermes.
        standard: how many modules of the standard library; it differs between versions of Python.
    """

    packages: set[str]
    own: int
    standard: int


LIGHTEST = Bound(CLICK, own=14, standard=85)
CONFIGURATION = Bound(CLICK, own=27, standard=100)
PLUGINS = Bound(CLICK | ADAPTERS, own=82, standard=150)
CALL = Bound(CLICK | ADAPTERS | CLIENT, own=116, standard=180)

BOUNDS = {
    ("--version",): LIGHTEST,
    ("--help",): LIGHTEST,
    (): LIGHTEST,
    ("config", "path"): LIGHTEST,
    ("config", "show"): CONFIGURATION,
    ("providers", "list"): CONFIGURATION,
    ("plugins", "list"): PLUGINS,
}
SIDE_EFFECT = "import pathlib, wsgiref.handlers; pathlib.Path('imported').touch()"

Imported = Callable[..., set[str]]


@pytest.fixture
def imported(hermes: Hermes, third_party: Callable[[str, str], None]) -> Imported:
    """The modules that a command has imported at its end, beyond those of ``python -c pass``."""
    listed = hermes.folder / "modules"
    (hermes.folder / "site" / "sitecustomize.py").write_text(WITNESS)
    hermes.env["IMPORTED"] = str(listed)
    interpreter = [sys.executable, "-c", "pass"]
    subprocess.run(interpreter, env=hermes.env, cwd=hermes.folder, check=True)
    already = set(listed.read_text().split())

    def run(*arguments: str) -> set[str]:
        ran = hermes(*arguments)
        assert ran.code == 0, ran.err
        return set(listed.read_text().split()) - already

    return run


def standard(modules: set[str]) -> set[str]:
    return {name for name in modules if name.partition(".")[0] in sys.stdlib_module_names}


def own(modules: set[str]) -> set[str]:
    return {name for name in modules if name.partition(".")[0] == "hermes"}


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules - standard(modules) - own(modules)}


def check(modules: set[str], bound: Bound) -> None:
    assert packages(modules) <= bound.packages
    assert len(own(modules)) <= bound.own, sorted(own(modules))
    assert len(standard(modules)) <= bound.standard, sorted(standard(modules))


@pytest.mark.parametrize(
    ("arguments", "bound"), BOUNDS.items(), ids=[" ".join(arguments) or "bare" for arguments in BOUNDS]
)
def test_a_command_imports_what_it_needs(
    imported: Imported, arguments: tuple[str, ...], bound: Bound
) -> None:
    check(imported(*arguments), bound)


@pytest.mark.parametrize(
    "arguments", [("config", "show"), ("providers", "list"), ("plugins", "list")], ids=" ".join
)
def test_the_users_files_add_their_parsers(
    hermes: Hermes, imported: Imported, arguments: tuple[str, ...]
) -> None:
    hermes.configure("http://127.0.0.1:1/v1")
    (hermes.home / ".env").write_text("NAME=value\n")
    assert packages(imported(*arguments)) <= BOUNDS[arguments].packages | FILES


def test_a_question_imports_one_light_client(imported: Imported, serve: Serve) -> None:
    backend = serve("good-text", configure=False)
    modules = imported("--base-url", backend.base_url, "-m", "gpt-5.4", "-z", "hi")
    check(modules, CALL)
    assert "asyncio" not in modules


def test_a_configured_question_adds_the_parser_of_the_file(imported: Imported, serve: Serve) -> None:
    serve("good-text")
    assert packages(imported("-z", "hi")) <= CALL.packages | FILES


@pytest.mark.parametrize("arguments", [("plugins", "list"), ("-z", "hi")], ids=" ".join)
def test_plugins_that_are_not_enabled_add_nothing(
    hermes: Hermes,
    imported: Imported,
    serve: Serve,
    third_party: Callable[[str, str], None],
    arguments: tuple[str, ...],
) -> None:
    serve("good-text")
    without = imported(*arguments)
    for name in ("acme", "bolt", "crux"):
        third_party(name, SIDE_EFFECT)
    added = imported(*arguments) - without
    # The metadata of a package is a message, and no other plugin may have had any.
    assert {name for name in added if not name.startswith("email.")} == set()
    assert not (hermes.folder / "imported").exists()
    assert {"acme", "bolt", "crux"} <= set(hermes("plugins", "list").out.split())


def test_the_version(hermes: Hermes) -> None:
    ran = hermes("--version")
    assert (ran.code, ran.out, ran.err) == (0, f"hermes {package.__version__}\n", "")


def test_help(hermes: Hermes) -> None:
    plain, asked = hermes(), hermes("--help")
    assert (plain.code, plain.err) == (0, "")
    assert plain.out == asked.out
    for word in ("-z PROMPT", "--no-stdin", "plugins", "Exit codes:"):
        assert word in plain.out
    assert "-q, --query" in hermes("chat", "-h").out


def test_options_stand_before_or_behind_chat(hermes: Hermes) -> None:
    before = hermes("--json", "--no-plugin", "codex_lb", "chat", "-q", "hi")
    behind = hermes("chat", "--json", "--no-plugin", "codex_lb", "-q", "hi")
    both = hermes("--no-plugin", "codex_lb", "chat", "--no-plugin", "lenient", "-q", "hi", "--json")
    assert [ran.code for ran in (before, behind, both)] == [0, 0, 0]
    assert before.types == behind.types == both.types
    assert len(before.lines[-1]["attempts"]) == 2

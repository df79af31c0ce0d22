"""``config.yaml`` to a ``Config``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hermes.config.files import read_text_file
from hermes.config.invalid import InvalidValueError, Problem
from hermes.config.models import Config
from hermes.config.paths import config_path
from hermes.errors import ConfigFileError

__all__ = ["load_config", "problem_error", "read_config_text", "validate"]


def load_config(home: Path | None = None) -> Config:
    """Read and validate ``config.yaml``; without the file the config is empty.

    Args:
        home: the folder of the file; None takes ``$HERMES_HOME`` or its default.

    Raises:
        ConfigFileError: the file cannot be read or parsed, or a value has the wrong shape.
    """
    path = config_path(home)
    text = read_config_text(path)
    config, problems = validate(_data(text, path))
    if config is not None:
        return config
    error = problem_error(problems[0], path, text)
    if len(problems) > 1:
        error.hint = f"{len(problems)} values need correction. To see them all, run: hermes config check"
    raise error


def _data(text: str, path: Path) -> Any:
    if not text:
        return None  # many users have no file, and need not wait for its parser
    from hermes.config.yamltext import parse_yaml

    return parse_yaml(text, path)


def read_config_text(path: Path) -> str:
    """The text of the file, empty where there is none."""
    file = read_text_file(path)
    return file.text if file is not None else ""


def validate(data: Any) -> tuple[Config | None, list[Problem]]:
    """The config in parsed YAML, or else everything that is wrong with it."""
    try:
        return Config.read({} if data is None else data), []
    except InvalidValueError as error:
        return None, list(error.problems)


def problem_error(problem: Problem, path: Path, text: str) -> ConfigFileError:
    """The problem as an error that names the file and the line."""
    from hermes.config.yamltext import line_of

    line = line_of(text, problem.path)
    where = f"{path}, line {line}" if line is not None else f"{path}"
    return ConfigFileError(
        f"{where}: {problem.sentence}.", hint="Correct the value, then run: hermes config check"
    )

"""Commands' edits of ``config.yaml``: atomic, and with everything that they are not about kept."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from hermes.config.files import TextFile, locked_folder, read_text_file, replace_file
from hermes.config.load import problem_error, validate
from hermes.config.paths import config_path
from hermes.config.splice import CannotSpliceError, add_plugin, remove_plugin
from hermes.config.yamltext import parse_yaml
from hermes.errors import ConfigError, ConfigFileError
from hermes.names import plugin_key

__all__ = ["set_plugin_state"]


def set_plugin_state(name: str, enabled: bool, home: Path | None = None) -> bool:
    """Put a plugin into ``plugins.enabled`` or ``plugins.disabled``, and take it out of the other list.

    All spellings of a plugin's name are one: an entry ``hermes-codex-lb`` is found as ``codex_lb``. A missing
    file is made, readable by its owner only.

    Args:
        name: the name to write, in the spelling that the user should see.
        enabled: into which list.
        home: the folder of ``config.yaml``; None takes ``$HERMES_HOME`` or its default.

    Returns:
        Whether the file changed.

    Raises:
        ConfigFileError: the file is broken or cannot be written; it is as it was.
        ConfigError: the name is empty.
    """
    if not name.strip():
        raise ConfigError("The name of a plugin is empty.", hint="To see the names, run: hermes plugins list")
    path = config_path(home)
    with locked_folder(path):
        file = read_text_file(path)
        old = file.text if file is not None else ""
        new = _edited(old, path, name.strip(), "enabled" if enabled else "disabled")
        if new == old:
            return False
        # An editor takes no lock, so look again before replacing what it may have saved.
        if _raw(read_text_file(path)) != _raw(file):
            raise ConfigFileError(
                f"{path} changed while Hermes was editing it; nothing was written.",
                hint="Run the command again.",
            )
        replace_file(path, file.encode(new) if file is not None else new.encode())
    return True


def _raw(file: TextFile | None) -> bytes | None:
    return file.raw if file is not None else None


def _edited(text: str, path: Path, name: str, target: str) -> str:
    data = parse_yaml(text, path)
    lists = _plugin_lists(data, path, text)
    other = "disabled" if target == "enabled" else "enabled"
    unwanted = [item for item in lists[other] if plugin_key(item) == plugin_key(name)]
    missing = all(plugin_key(item) != plugin_key(name) for item in lists[target])
    try:
        new = text
        for item in unwanted:
            new = remove_plugin(new, other, item)
        if missing:
            new = add_plugin(new, target, name)
        if new == text or parse_yaml(new, path) == _expected(
            data, name if missing else None, target, unwanted
        ):
            return new
    except CannotSpliceError:
        pass
    except ConfigFileError:
        # The edited text is no YAML. The unedited one was, so this is the layout's fault and not the user's.
        pass
    raise ConfigFileError(
        f"Hermes cannot change `plugins` in {path} without touching other lines, so the file is as it was.",
        hint=f"Edit it by hand: put {name} into plugins.{target}, and take it out of plugins.{other}.",
    )


def _plugin_lists(data: Any, path: Path, text: str) -> dict[str, list[str]]:
    """The lists as they are; mistakes elsewhere in the file do not matter here."""
    relevant = {"plugins": data["plugins"]} if isinstance(data, dict) and "plugins" in data else {}
    config, problems = validate(relevant if isinstance(data, dict) else data)
    if config is None:
        raise problem_error(problems[0], path, text)
    return {"enabled": list(config.plugins.enabled), "disabled": list(config.plugins.disabled)}


def _expected(data: Any, added: str | None, target: str, removed: list[str]) -> dict[str, Any]:
    """The data that the edited text has to have."""
    expected: dict[str, Any] = copy.deepcopy(data) if data else {}
    section = expected["plugins"] = dict(expected.get("plugins") or {})
    other = "disabled" if target == "enabled" else "enabled"
    if removed:
        gone = {plugin_key(item) for item in removed}
        section[other] = [item for item in section[other] if item is None or plugin_key(item) not in gone]
    if added is not None:
        section[target] = [*(section.get(target) or []), added]
    return expected

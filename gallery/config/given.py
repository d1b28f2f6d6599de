"""What was given: single settings, read strictly out of a mapping, and the ``.env`` file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from gallery.errors import ConfigError


class Given:
    """Readers of settings by name. Each raises ConfigError for a value that cannot be read."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str, default: str = "") -> str:
        """One line of text; ``default`` when it is missing or empty."""
        value = self._environ.get(name, "").strip() or default
        if not value.isprintable():
            raise ConfigError(f"{name}: must be one line of plain text.")
        return value

    def secret(self, name: str) -> str:
        """The value of ``NAME``, or what the file named by ``NAME_FILE`` holds; or empty."""
        value, path = self.text(name), self.text(f"{name}_FILE")
        if not path:
            return value
        if value:
            raise ConfigError(f"{name}: set either {name} or {name}_FILE, not both.")
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{name}_FILE: {path} cannot be read as text.") from error
        if not value or not value.isprintable():
            raise ConfigError(f"{name}_FILE: {path} must hold the value alone, on one line.")
        return value

    def number(self, name: str, default: int, *, high: int) -> int:
        """A whole number from 1 to ``high``."""
        value = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,15}", value) or not 1 <= int(value) <= high:
            raise ConfigError(f"{name}: must be a whole number from 1 to {high}, not {value!r}.")
        return int(value)

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """One of the allowed words, the first of which is the default."""
        value = self.text(name, allowed[0]).lower()
        if value not in allowed:
            raise ConfigError(f"{name}: must be {' or '.join(allowed)}, not {value!r}.")
        return value


def dotenv(path: Path) -> dict[str, str]:
    """What a ``.env`` file sets, as written: a ``$`` is a ``$``. Nothing when it is missing."""
    if not path.is_file():
        return {}
    from dotenv.parser import parse_stream  # 35 ms, spared where there is no such file.

    found: dict[str, str] = {}
    with path.open(encoding="utf-8") as file:
        for binding in parse_stream(file):
            if binding.error or (binding.key and binding.value is None):
                line = binding.original.line
                raise ConfigError(
                    f"{path.name}: line {line} cannot be read; write NAME=value, or a # comment."
                )
            if binding.key and binding.value is not None:
                found[binding.key] = binding.value
    return found

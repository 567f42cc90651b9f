"""Sources of settings: the name of a ready-made file, a YAML file, or a folder that contains one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from saddlepoint.errors import SettingError, shortened, suggestion
from saddlepoint.yaml_text import LARGEST_TEXT, UnusableValueError, read_yaml


@dataclass(frozen=True)
class Sources:
    """The sources of one kind of settings.

    Attributes:
        noun: the name of the kind, such as "recipe".
        shipped: the folder of the ready-made YAML files.
        listing: the command that lists them.
        example: sections of such a file, for error messages.
    """

    noun: str
    shipped: Traversable
    listing: str
    example: str

    def names(self) -> list[str]:
        """Return the names of the ready-made files, in alphabetical order."""
        files = (entry.name for entry in self.shipped.iterdir())
        return sorted(name.removesuffix(".yaml") for name in files if name.endswith(".yaml"))

    def read(self, source: str | Path, instead: Callable[[Path], str] | None = None) -> tuple[str, str]:
        """Read a file, or ready-made settings by name.

        Args:
            source: the name or path.
            instead: returns advice for a file that is not text.

        Returns:
            The text, and its origin for error messages.

        Raises:
            SettingError: there is nothing to read.
        """
        path = Path(source)
        if not path.is_file():
            if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
                raise SettingError(f"There is no {self.noun} file {path}. `{self.listing}` lists the ready-made ones.")
            known = self.names()
            if str(source) not in known:
                raise SettingError(
                    f'There is no {self.noun} "{source}".{suggestion(str(source), known)} `{self.listing}` lists all.'
                )
            return (self.shipped / f"{source}.yaml").read_text(encoding="utf-8"), f"{self.noun} {source}"
        try:
            with path.open(encoding="utf-8") as file:
                return file.read(LARGEST_TEXT + 1), str(path)
        except UnicodeDecodeError:
            advice = f" {instead(path)}" if instead else ""
            raise SettingError(f"{path} is not a {self.noun} (YAML text).{advice}") from None
        except OSError as error:
            raise SettingError(f"{path} cannot be read: {error.strerror}.") from None

    def content(self, text: str, where: str) -> dict[str, Any]:
        """Return the settings in a YAML text.

        Args:
            text: the YAML.
            where: the name of the text in error messages.

        Raises:
            SettingError: the text is not YAML, contains no settings, or a value that no setting can have.
        """
        try:
            content = read_yaml(text)
        except UnusableValueError as error:
            raise SettingError(f"{where}: {error}.") from None
        except ValueError as error:
            raise SettingError(f"{where} is not valid YAML: {shortened(' '.join(str(error).split()))}") from None
        if not isinstance(content, dict):
            raise SettingError(f"{where} holds no settings: expected lines such as {self.example}.")
        return content

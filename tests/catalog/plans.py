"""Catches what the catalog asks of MongoDB on its way, and has it explained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo.database import Database
from pymongo.monitoring import CommandListener, CommandStartedEvent

_OF_THE_SESSION = {"lsid", "$clusterTime", "$db", "txnNumber", "maxTimeMS", "writeConcern"}

_WITH_ANY_DATE = CodecOptions[dict[str, Any]](datetime_conversion=DatetimeConversion.DATETIME_AUTO)
"""The bounds of a plan can be dates that no datetime knows."""

_PLANLESS = {"hello", "insert"}


Asked: TypeAlias = Callable[[Callable[[], object]], list[dict[str, Any]]]


class Commands(CommandListener):
    """The commands sent, as they were."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        self.sent.append(dict(event.command))

    def succeeded(self, event: object) -> None:
        """Not looked at."""

    def failed(self, event: object) -> None:
        """Not looked at."""


def explained(database: Database[dict[str, Any]], commands: Commands) -> Asked:
    """Runs something, and explains every command that it sent."""

    def asked(work: Callable[[], object]) -> list[dict[str, Any]]:
        commands.sent.clear()
        work()
        sent = [command for command in commands.sent if next(iter(command)) not in _PLANLESS]
        return [_explain(database, command) for command in sent]

    return asked


def _explain(database: Database[dict[str, Any]], command: dict[str, Any]) -> dict[str, Any]:
    bare = {name: value for name, value in command.items() if name not in _OF_THE_SESSION}
    bare.pop("readConcern", None)
    answer = database.command(
        "explain", bare, verbosity="executionStats", codec_options=_WITH_ANY_DATE
    )
    cursor = answer["stages"][0]["$cursor"] if "stages" in answer else answer
    stats: dict[str, Any] = cursor["executionStats"]
    stages = set(_stages(stats["executionStages"]))
    return {
        "stages": stages,
        "indexes": {stage.partition(" ")[2] for stage in stages if stage.startswith("IXSCAN")},
        "keys": stats["totalKeysExamined"],
        "documents": stats["totalDocsExamined"],
        "command": bare,
    }


def _stages(stage: dict[str, Any]) -> Iterator[str]:
    yield f"{stage['stage']} {stage.get('indexName', '')}".strip()
    for below in (stage.get("inputStage"), *stage.get("inputStages", ())):
        if below:
            yield from _stages(below)


def names_of(plan: dict[str, Any]) -> set[str]:
    return {stage.partition(" ")[0] for stage in plan["stages"]}

"""A gallery that dies and comes back on the same data and port."""

from __future__ import annotations

from pathlib import Path

from tests.programs import Program, free_port


class Restartable:
    """Can be killed and started again; pages find it where it was."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self.start()

    def start(self) -> None:
        self._program = Program(self.data, port=self.port, module="app").until_it_answers()

    def kill(self) -> None:
        self._program.__exit__(None, None, None)

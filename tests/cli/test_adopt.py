from __future__ import annotations

from tests.cli.conftest import Here


def test_our_own_disk_holds_nothing_of_anybody_else(here: Here) -> None:
    ended = here.run("adopt", "--from", "local")

    assert ended.exit_code == 2
    assert ended.stderr.startswith("Nothing can be adopted from 'local'.")


def test_a_tag_that_cannot_be_one_is_refused(here: Here) -> None:
    assert here.run("adopt", "--from", "local", "--tag", "x" * 65).exit_code == 2

from __future__ import annotations

from tests.cli.conftest import Here


def test_lists_what_was_deleted_and_what_was_found_afterwards(here: Here) -> None:
    assert here.run("receipts").stdout == "no receipts\n"
    image = here.add()
    with here.opened() as gallery:
        gallery.library.purge(image.id)
    assert "not looked at yet" in here.run("receipts").stdout
    with here.opened() as gallery:
        gallery.receipting.run()

    told = here.run("receipts").stdout
    [receipt] = here.run_json("receipts")["receipts"]

    assert f"  {image.id}  local  gone from " in told
    assert (receipt["id"], receipt["still_there"], receipt["looks"]) == (image.id, False, 1)
    assert receipt["purged_at"].endswith("Z")
    assert {status for _, status in receipt["urls"]} == {404}

"""What works beside uploads is killed: deletions, replacements, variants in the making."""

from __future__ import annotations

import http.client
import json
from functools import partial

from tests.chaos import history
from tests.chaos.cells import BOTH, Cell
from tests.chaos.history import Upload
from tests.chaos.points import DECODER, WORKER
from tests.chaos.scene import CLOUDINARY, LOCAL, Scene
from tests.programs import eventually

OF_A_DELETION = ("hidden for good", "object deleted", "before the document goes")

OF_A_REPLACEMENT = ("after replacing intent", "before replacing flip", "after replacing flip")

SHORT = ("object deleted", "after replacing intent", "after replacing flip")


def deletion(point: str, scene: Scene) -> None:
    """Hidden at once, gone afterwards."""
    image = scene.add()
    scene.order(_on(scene, point))
    scene.history.gone.add(image)
    _cut_off(scene, "DELETE", f"/api/images/{image}?permanent=true")
    scene.until_dead()
    scene.start()
    assert scene.sender.ask("GET", f"/api/images/{image}")[0] == 404
    scene.recover()
    assert scene.sender.ask("GET", f"/api/images/{image}")[0] == 404
    eventually(lambda: image in scene.listener.hidden, 20.0)


def replacement(point: str, scene: Scene) -> None:
    """One picture or the other under the same id, whole; and the same again succeeds."""
    before, after = history.large(), history.large()
    image = scene.sender.settle(before).id or ""
    scene.history.expect(image, before, after)
    scene.order(point)
    assert _replace(scene, image, after) is None
    scene.until_dead()
    scene.recover()
    assert _replace(scene, image, after) == 200
    scene.history.expect(image, after)


def variant(victim: str, scene: Scene) -> None:
    """Killed while it makes a variant: no half of it is served, and it is made after all."""
    image = json.loads(scene.sender.ask("GET", f"/api/images/{scene.add()}")[1])
    path = image["variants"]["card"]["url"]
    scene.order("in the decoder", victim)
    _cut_off(scene, "GET", path)
    scene.until_killed()
    eventually(lambda: _whole(scene, path), 60.0)
    scene.recover()
    assert _whole(scene, path)


def _cut_off(scene: Scene, method: str, path: str) -> None:
    """Asks, and does not mind that there is no answer or none that is good."""
    try:
        status, _ = scene.sender.ask(method, path)
    except (OSError, http.client.HTTPException):
        return
    assert status >= 400, f"{method} {path} succeeded: {status}"


def _replace(scene: Scene, image: str, after: Upload) -> int | None:
    """The status of the answer, if there was one."""
    return scene.sender.put(f"/api/images/{image}/original", after)


def _whole(scene: Scene, path: str) -> bool:
    try:
        status, body = scene.sender.ask("GET", path)
    except (OSError, http.client.HTTPException):
        return False
    return status == 200 and len(body) > 0


def _on(scene: Scene, point: str) -> str:
    if scene.store == CLOUDINARY and point == "object deleted":
        return "object deleted elsewhere"
    return point


CELLS = (
    *(
        Cell("deletion killed", point, partial(deletion, point), BOTH, short=point in SHORT)
        for point in OF_A_DELETION
    ),
    *(
        Cell("replacement killed", point, partial(replacement, point), BOTH, short=point in SHORT)
        for point in OF_A_REPLACEMENT
    ),
    *(
        Cell("variant killed", f"the {victim}", partial(variant, victim), (LOCAL,), short=True)
        for victim in (DECODER, WORKER)
    ),
)

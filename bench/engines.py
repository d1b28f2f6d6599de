"""Any variant asked for the first time, over HTTP: against thumbor, ipx and sharp."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from bench import cold, image_peers, pictures, servers
from bench.cold import Cold
from bench.image_peers import Maker, Wanted
from bench.report import Bench, Figure, Goal, medians, ratio_at_most

_P3 = "12 MP in Display P3"


@dataclass(frozen=True, slots=True)
class _Case:
    """One kind of variant, and how it must compare with each peer."""

    wanted: Wanted
    goals: dict[str, float] = field(default_factory=dict)
    from_copy: float | None = None
    """How it must compare with thumbor once the mid-size copy is there."""

    def has(self, peer: str) -> bool:
        """Whether the peer makes the same kind of variant."""
        return not (self.wanted.in_one_pass and peer == "thumbor")

    def goal(self, peer: str, picture: str) -> Goal | None:
        """``None`` where it is told only for information."""
        bound = self.goals.get(f"{peer}, {picture}", self.goals.get(peer))
        return None if bound is None else ratio_at_most(bound)


_CASES = (
    _Case(Wanted("webp", 400), {"thumbor": 1.0, "ipx": 1.0, "sharp": 1.0}, 0.5),
    _Case(Wanted("jpeg", 1600), {"thumbor": 0.8, "ipx": 0.8, f"sharp, {_P3}": 0.35}),
    _Case(Wanted("jpeg", 1600, in_one_pass=True), {"ipx": 0.8, f"sharp, {_P3}": 0.35}),
    _Case(Wanted("avif", 400), {"thumbor": 0.75, "ipx": 0.2}, 0.75),
)
_AVIF_IN_WEBP = 1.2
_OURS, _COPIED, _WEBP = "ours", "ours, by the copy", "our own WebP"


def run(bench: Bench) -> None:
    """All of them stand ready and take turns."""
    with bench.about("engines", "any variant, made from the original"), ExitStack() as stack:
        enter = stack.enter_context
        files = _pictures(bench)
        data = bench.folder / "data"
        gallery = enter(servers.gallery(data))
        connection = enter(closing(gallery.connect()))
        peers = enter(image_peers.started(bench.folder))
        if missing := [name for name, maker in peers.items() if maker is None]:
            how = image_peers.HOW_TO_INSTALL
            bench.remark(f"not installed: {', '.join(missing)}; {how} does that")
        for name, file in files.items():
            contest = _Contest(
                bench=bench,
                connection=connection,
                peers=peers,
                picture=name,
                file=file,
                bare=cold.upload(gallery, data, file, copy=False),
                whole=cold.upload(gallery, data, file, copy=True),
            )
            for case in _CASES:
                contest.hold(case)


def _pictures(bench: Bench) -> dict[str, Path]:
    """By what the lines call them."""
    sizes = (2, 12) if bench.quick else tuple(pictures.MEGAPIXELS)
    files = pictures.draw(bench.folder, *sizes)
    named = {f"{size} MP": file for size, file in files.items()}
    return {**named, _P3: pictures.in_display_p3(files[12])}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contest:
    """One picture, and all who make variants of it."""

    bench: Bench
    connection: HTTPConnection
    peers: dict[str, Maker | None]
    picture: str
    file: Path
    bare: Cold
    whole: Cold

    def hold(self, case: _Case) -> None:
        """Measures one kind of variant and tells the lines."""
        runs = {_OURS: self._ours(self.bare, case.wanted)}
        for name, maker in self.peers.items():
            if maker is not None and case.has(name):
                runs[name] = partial(_ms, maker, self.file, case.wanted)
        if case.from_copy and self.whole.copy:
            runs[_COPIED] = self._ours(self.whole, case.wanted)
        if case.wanted.format == "avif":
            runs[_WEBP] = self._ours(self.bare, Wanted("webp", case.wanted.width))
        for warm_up in runs.values():
            warm_up()
        figures = dict(zip(runs, medians(self.bench.rounds(7), *runs.values()), strict=True))
        self._tell_all(case, figures)

    def _tell_all(self, case: _Case, ms: dict[str, float]) -> None:
        what = f"{case.wanted} from {self.picture}"
        for name in filter(case.has, self.peers):
            self._tell(what, ms[_OURS], name, ms.get(name), case.goal(name, self.picture))
        if case.from_copy and _COPIED in ms:
            goal = ratio_at_most(case.from_copy)
            self._tell(f"{what}, by its copy", ms[_COPIED], "thumbor", ms.get("thumbor"), goal)
        if _WEBP in ms:
            self._tell(what, ms[_OURS], _WEBP, ms[_WEBP], ratio_at_most(_AVIF_IN_WEBP))

    def _ours(self, image: Cold, wanted: Wanted) -> Callable[[], float]:
        return partial(image.cold_ms, self.connection, image.path(wanted.transformation))

    def _tell(
        self, what: str, ours: float, peer: str, theirs: float | None, goal: Goal | None
    ) -> None:
        figure = None if theirs is None else Figure(theirs, "ms")
        self.bench.tell(what, Figure(ours, "ms"), peer=peer, theirs=figure, goal=goal)


def _ms(maker: Maker, file: Path, wanted: Wanted) -> float:
    return maker(file, wanted).ms

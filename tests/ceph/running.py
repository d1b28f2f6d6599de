"""A Ceph of one monitor, one store in memory and one gateway, on loopback; gone with us."""

from __future__ import annotations

import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from os import getpid
from pathlib import Path

import urllib3

from gallery.config import S3Bucket
from gallery.lifeline import die_with

READY_S = 120.0

KEY_ID, SECRET = "AKIATESTS", "a-secret-of-the-tests"

_SETTINGS = """
[global]
fsid = {fsid}
mon initial members = a
mon host = v2:127.0.0.1:{mon_v2}/0,v1:127.0.0.1:{mon_v1}/0
public network = 127.0.0.0/8
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 2000
osd objectstore = memstore
memstore device bytes = 1073741824
run dir = {root}
log file = {root}/$name.log
admin socket = {root}/$name.asok
pid file = {root}/$name.pid
mon data = {root}/mon
osd data = {root}/osd
[client.rgw.a]
rgw frontends = beast endpoint=127.0.0.1:{gateway}
"""


@contextmanager
def ceph(root: Path) -> Iterator[S3Bucket]:
    """How its buckets are spoken for; the name is anybody's choice. ``root`` is an empty folder
    whose path is short: sockets lie in it."""
    gateway, mon_v1, mon_v2 = _free_ports(3)
    fsid = str(uuid.uuid4())
    settings = root / "ceph.conf"
    settings.write_text(
        _SETTINGS.format(root=root, fsid=fsid, gateway=gateway, mon_v1=mon_v1, mon_v2=mon_v2)
    )
    run = partial(_run, settings)
    with ExitStack() as daemons:
        start = partial(_daemon, daemons, settings, root)
        names = f"[v2:127.0.0.1:{mon_v2},v1:127.0.0.1:{mon_v1}]"
        _run(settings, "monmaptool", "--create", "--addv", "a", names, "--fsid", fsid, root / "map")
        run("ceph-mon", "--mkfs", "-i", "a", "--monmap", root / "map")
        start("ceph-mon", "-i", "a")
        osd = str(uuid.uuid4())
        run("ceph", "osd", "new", osd)
        (root / "osd").mkdir()
        run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        start("ceph-osd", "-i", "0")
        start("radosgw", "-n", "client.rgw.a", "--rgw-data", root / "rgw")
        run(
            *("radosgw-admin", "user", "create", "--uid=tests", "--display-name=tests"),
            *(f"--access-key={KEY_ID}", f"--secret-key={SECRET}"),
        )
        url = f"http://127.0.0.1:{gateway}"
        _wait_for(url, root)
        yield S3Bucket(
            name="any",
            endpoint_url=url,
            access_key_id=KEY_ID,
            secret_access_key=SECRET,
            path_style=True,
        )


def _run(settings: Path, program: str, *given: str | Path) -> None:
    subprocess.run(
        [program, *given, "-c", settings], check=True, capture_output=True, timeout=READY_S
    )


def _daemon(
    daemons: ExitStack, settings: Path, root: Path, program: str, *given: str | Path
) -> None:
    with (root / f"{program}.out").open("wb") as told:
        process = subprocess.Popen(
            [program, "-c", settings, *given, "-f"],
            stdout=told,
            stderr=told,
            preexec_fn=partial(die_with, getpid()),
        )
    daemons.callback(process.wait)
    daemons.callback(process.kill)


def _wait_for(url: str, root: Path) -> None:
    ends_at = time.monotonic() + READY_S
    with urllib3.PoolManager(retries=False) as pool:
        while True:
            try:
                if pool.request("GET", url, timeout=5.0).status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                if time.monotonic() > ends_at:
                    told = (root / "radosgw.out").read_text(errors="replace")
                    raise TimeoutError(f"Ceph does not answer: {told[-2000:]}") from None
            time.sleep(0.2)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]

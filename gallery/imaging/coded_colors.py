"""Colours that a film or a HEIC photo gives as code points (nclx, ITU-T H.273), as an ICC profile.

libvips converts by profiles, so one is made: three primaries, and the curve from code to light.
High dynamic range is brought down in that curve: white is 203 candela per square metre (ITU-R
BT.2408), and what is brighter is pressed into the last fifth.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

_REFERENCE_WHITE, _HLG_PEAK, _PQ_PEAK = 203, 1_000, 10_000
"""Candela per square metre."""
_KNEE = 0.8
_CURVE_POINTS = 4096

_WIDE = (
    (0.515102, 0.241182, -0.001051),
    (0.291965, 0.692236, 0.041885),
    (0.157153, 0.066582, 0.784378),
)
_WIDEST = (
    (0.673459, 0.279033, -0.001931),
    (0.165661, 0.675338, 0.029984),
    (0.125100, 0.045629, 0.797162),
)
_USUAL = (
    (0.436066, 0.222488, 0.013916),
    (0.385147, 0.716873, 0.097076),
    (0.143066, 0.060608, 0.714096),
)
"""Red, green and blue of sRGB in the D50 of ICC profiles; above, of P3 and BT.2020."""
_PRIMARIES = {11: _WIDE, 12: _WIDE, 9: _WIDEST}


def profile_of(primaries: int, transfer: int) -> bytes | None:
    """The profile of these code points; ``None`` for sRGB, and for what we do not know."""
    colorants, curve = _PRIMARIES.get(primaries, _USUAL), _CURVES.get(transfer, _srgb)
    if colorants is _USUAL and curve is _srgb:
        return None
    points = [
        round(65_535 * min(1.0, curve(at / (_CURVE_POINTS - 1)))) for at in range(_CURVE_POINTS)
    ]
    table = b"curv" + bytes(4) + struct.pack(f">I{_CURVE_POINTS}H", _CURVE_POINTS, *points)
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 6) + b"coded\0" + bytes(78),
        b"cprt": b"text" + bytes(4) + b"none\0\0\0\0",
        b"wtpt": _xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": _xyz(*colorants[0]),
        b"gXYZ": _xyz(*colorants[1]),
        b"bXYZ": _xyz(*colorants[2]),
        b"rTRC": table,
        b"gTRC": table,
        b"bTRC": table,
    }
    return _packed(tags)


def _packed(tags: dict[bytes, bytes]) -> bytes:
    """A version 2 profile of a display."""
    at, places, contents = 128 + 4 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        places += name + struct.pack(">II", at + len(contents), len(content))
        contents += content + bytes(-len(content) % 4)
    size = at + len(contents)
    head = struct.pack(">I4sI4s4s4s", size, b"", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + _xyz(0.9642, 1.0, 0.8249)[8:]
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + places + contents


def _xyz(*values: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(65_536 * value) for value in values))


def _srgb(code: float) -> float:
    """Also of BT.709 and its kin: what was shot for a television is shown as it is."""
    return code / 12.92 if code <= 0.04045 else ((code + 0.055) / 1.055) ** 2.4


def _pq(code: float) -> float:
    """SMPTE ST 2084."""
    power = code ** (1 / 78.84375)
    light = max(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power)
    return _pressed(light ** (1 / 0.1593017578125) * _PQ_PEAK / _REFERENCE_WHITE)


def _hlg(code: float) -> float:
    """ARIB STD-B67, with the system gamma of a display of 1,000 candela per square metre."""
    light = (
        code**2 / 3
        if code <= 0.5
        else (math.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12
    )
    return _pressed(light**1.2 * _HLG_PEAK / _REFERENCE_WHITE)


def _pressed(light: float) -> float:
    if light <= _KNEE:
        return light
    return _KNEE + (1 - _KNEE) * (1 - math.exp((_KNEE - light) / (1 - _KNEE)))


_CURVES: dict[int, Callable[[float], float]] = {
    4: lambda code: code**2.2,
    5: lambda code: code**2.8,
    8: lambda code: code,
    16: _pq,
    18: _hlg,
}

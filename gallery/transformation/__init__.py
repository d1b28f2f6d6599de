"""What to do to an original: a chain of components in Cloudinary's language, and presets.

``step`` is the value of one component, ``grammar`` and ``values`` how it is spelled; ``chain`` is
the whole; ``layout`` and ``geometry`` are what it does to the size of a picture.
"""

from gallery.transformation.chain import Transformation, parse
from gallery.transformation.flexible import FITS, flexible
from gallery.transformation.presets import BUILT_IN, NAME, Preset, presets_from
from gallery.transformation.step import Crop, Gravity, Step
from gallery.transformation.values import MAX_SIDE_PX

__all__ = [
    "BUILT_IN",
    "FITS",
    "MAX_SIDE_PX",
    "NAME",
    "Crop",
    "Gravity",
    "Preset",
    "Step",
    "Transformation",
    "flexible",
    "parse",
    "presets_from",
]

"""Bytes in, bytes out; the only floor that knows libvips, and only in processes of its own.

The gallery sees ``sandbox.Engine`` and ``formats``; everything else happens behind them:

    sandbox → pool → wire ══ child → inspect  → containers, original, metadata, placeholder
                                   → details  → original, likeness, named_metadata
                                   → pipeline → original, encoders,
                                                work → steps, effects, shapes, layers
"""

"""Cloudinary's own SDKs, unchanged, against a gallery that runs as a program of its own."""

import pytest

pytest.register_assert_rewrite("tests.store_contract")

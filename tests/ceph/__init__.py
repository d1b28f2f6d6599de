"""The S3 store at a service that holds everybody to what was signed: Ceph, started here.

``make test-s3`` brings its programs and runs this; ``make test`` leaves it out.
"""

import pytest

pytest.register_assert_rewrite("tests.store_contract", "tests.ticket_contract")

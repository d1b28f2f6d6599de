"""The S3 store at a service that holds everybody to what was signed: Ceph, started here.

``make test-s3`` brings its programs and runs this; ``make test`` leaves it out.
"""

"""Vitrine's server, floor by floor; a module imports only from lower floors.

cli, worker, serving   the ways in: commands, the loop that mends, the processes of the program
factory                create_app: builds each object once and hands it down
web, embedded          HTTP (the only floor that knows Flask); the embedded MongoDB
services               the use cases: ingest, library, delivery, live, reconcile, audit
catalog, stores, imaging   MongoDB; where bytes live; libvips. Strangers to each other
transformation         what to do to an original; presets
model, signing, outgoing, config, errors
"""

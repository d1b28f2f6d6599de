"""``make chaos``: the gallery is killed, starved and deserted, and must not lose anything by it.

Every cell of the failure matrix of an upload is played with real processes: the real program with
its MongoDB and its workers, a double of Cloudinary, a disk that is full. After each fault whatever
died is started again, one sweep runs, and the judge counts six things that must all be zero.

``points`` names the moments of a kill, and ``program`` is the gallery that dies there; ``scene`` is
what a cell plays on: the gallery, its clients and their ``history``, a ``listener`` to its events;
``judge`` is the second opinion, which asks the API, the database and the store without a line of
the gallery's own; ``kept`` reads for it what lies in MongoDB. The cells: ``kills``, ``survivors``,
``databases``, ``stores``, ``deserters``, ``background``, ``disks``, ``nodes``, ``moves``,
``migrated``, ``resumed``, ``tickets``, ``clocks``, ``crowds``; ``matrix`` plays them again and
again for ``__main__``, and the tests here play the short ones once.
"""

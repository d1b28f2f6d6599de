"""``make bench``: how fast Vitrine is, as ratios against peers that are measured in the same run.

One module per subject, each with one function ``run(bench)``: ``start``, ``cached``, ``variants``,
``engines``, ``encoders``, ``decoding``, ``flood``, ``uploads``, ``durability`` (beside
``careless``), ``crowd``, ``lists``, ``sweep``, ``live``. Around them: ``report`` (lines and
verdicts), ``machine``, ``processes`` (processor time and memory), ``load`` (many requests at once),
``servers`` (the gallery and its peers, started and stopped), ``peers`` (web applications that we
are compared with), ``image_peers`` (thumbor, ipx, sharp), ``cold`` (variants that nobody asked for
before), ``likeness`` (SSIM), ``listeners`` (open pages), ``pictures`` and ``documents`` (made up).
``make bench-peers`` installs the peers; one that is missing is named, and the rest goes on.
"""

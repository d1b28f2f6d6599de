"""What the stand-ins of providers share: the server on loopback, its log, and what can go wrong."""

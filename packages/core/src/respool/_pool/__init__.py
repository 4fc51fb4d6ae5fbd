"""Who holds which connection: the ledger decides, the pools act; the URL form of their settings."""

"""The policy enforcement point: audit events, the log that keeps them, and the ledger of
what jobs spend."""

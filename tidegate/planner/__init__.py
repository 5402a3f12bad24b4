"""Pure functions from a ledger, an intent and an event to the next ledger, or to a refusal. No I/O, no clock."""

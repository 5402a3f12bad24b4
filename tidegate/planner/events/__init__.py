"""What each event comes to: one module a family."""

"""Plain data and errors; imports nothing else of ours."""

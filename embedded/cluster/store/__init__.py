"""Where objects live, each change with a version of its own, and who hears of it."""

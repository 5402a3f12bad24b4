"""Objects with the rules of an API server: names, versions, ownership of fields, deletion, and what is refused."""

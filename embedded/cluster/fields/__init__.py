"""Who set which field: server-side apply, managedFields, and the patches that know an object's type."""

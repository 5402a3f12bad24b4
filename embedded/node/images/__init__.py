"""Container images without a container engine: written as OCI archives, from files that are here."""

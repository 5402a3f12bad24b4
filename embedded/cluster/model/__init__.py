"""What all parts of the cluster speak: objects, errors, time, draws, and the journal."""

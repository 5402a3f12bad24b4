"""The engine's plain data: property values, URNs, resource states, events, errors. Imports nothing else of the engine."""

"""The roof: composes the rooms, reads the clock, runs the service. Imports all, imported by none."""

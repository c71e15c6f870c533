"""Several alerts handled as one, and what is pinned to an alert."""

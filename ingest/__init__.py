"""What arrived: the registry of the campus, readings, dialects, the broker, the history."""

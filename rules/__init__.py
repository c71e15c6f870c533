"""What it means: rules, their memory, verdicts."""

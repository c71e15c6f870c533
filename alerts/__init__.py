"""Who must know, and whether they do: alerts, people, escalation, the outbox, channels."""

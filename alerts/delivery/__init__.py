"""A message that really arrives: words, outbox, senders, the emergency desk, channels (doors out)."""

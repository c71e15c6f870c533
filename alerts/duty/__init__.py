"""Who can be told, and when: people, posts, shifts, policies; which step of the ladder comes when."""

"""A simulated campus that speaks only MQTT and imports no room."""

"""Doors out to other systems: alert states on MQTT, events of the log, an Alertmanager."""

"""The device-health report: how each device is and what to do first, on screen, on paper and by mail."""

"""The campus as registered: places, zones, devices and their kinds."""

"""What has to be mended and what is out of service: hazards and the impairment register."""

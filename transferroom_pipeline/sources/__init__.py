"""Source files checked against contracts and loaded into the legacy platform."""

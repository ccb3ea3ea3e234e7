"""Devices that are not there, at byte level: what the wire of a real one would carry."""

"""The parts of the live view of a simulated counter, a module for each device.

Every part is for the mouse alone and takes no focus. Parts read the counter and turn its knobs by
their words; none keeps a state of its own that a device has.
"""

"""Proof on demand that the live database holds, while the hub serves from it.

service    all of it, in one snapshot
published  the feed's positions, and what each scope holds
tills      what tills declared and said of their shifts, and what is here
"""

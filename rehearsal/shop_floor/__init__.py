"""The shop floor: a hub, a demo chain, a simulated counter and the till, for a person to play with.

The till is the real one, on real ptys and a real hub behind a cable; only the goods are invented.
"""

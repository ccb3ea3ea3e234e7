"""Drivers that play the real programs from outside: processes, the cable between them, a database.

Not installed with the product; tests and benchmarks import it too.
"""

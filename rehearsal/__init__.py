"""Drivers that play the real programs from outside. `store_day` is what `make run` tells, `replay`
sells a file of real baskets; the other rooms are their tools: processes, the cable between till
and hub, a database server, the books.

Not installed with the product; tests and benchmarks import it too.
"""

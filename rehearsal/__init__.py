"""Drivers that play the real programs from outside. `shop_floor` is what `make run` opens in a
terminal (the till in its own process, the hub outside), `store_day` what it tells without one,
`replay` sells a file of real baskets; the other rooms are their tools: processes, the cable between
till and hub, a database server, the books.

Not installed with the product; tests and benchmarks import it too.
"""

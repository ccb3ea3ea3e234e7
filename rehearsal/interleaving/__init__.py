"""Transactions that really interleave, on a real PostgreSQL: what a simulation in one process
cannot show (`make interleaving`; docs/simulation.md).

    hubs      several hubs on one database, their paper tills, and what they are asked
    feed      writers, and a reader that follows them: no row is lost
    baskets   the tills of one store push at once: nobody waits in a circle
    without   each safeguard's other version
"""

"""A chain of real programs in a storm: lines that lose, double and tear what passes, cables that
are pulled, tills and the hub killed at any moment; then a calm, and the books (`make chaos`;
docs/chaos.md).

    cashier    sells at one till whatever happens to it, and remembers what the till promised
    storm      what befalls cables and the hub
    reckoning  what must hold when all is calm
    play       one storm from the opening to the verdict
"""

"""A chain of stores in one process, driven by one seed: real tills and a real hub on real SQLite,
with simulated time, lines, disks and deaths (`make sim`; docs/simulation.md).

    world     time, chance and the trace
    line      what becomes of a question on its way to the hub and of the answer
    disk      full, read-only, and the commit at which a program dies
    machine   a till with its folders and its cashier
    server    the hub, head office, and their folder
    gremlin   which fault comes when
    truth     what must hold after every step and at the end
    coverage  which fault met a machine in which state
    without   each safeguard's other version: the product without it
    play      one seed from the first step to the verdict
"""

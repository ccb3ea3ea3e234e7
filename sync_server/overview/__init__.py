"""How the chain stands, read from one snapshot: what `/hq` opens with.

records    tills, takings, and what head office has to look at
restored   disks and databases that were put back
"""

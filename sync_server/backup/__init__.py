"""Backups of the hub: one file that is a hub's database itself, taken whole or not at all, read
again before anybody relies on it, and put back into either database.

    records     which backups there are, how far each stream lies in one
    seal        the line at a backup's end that vouches for all bytes before it
    copying     every table of one database into another
    proof       chains followed, books recounted, rows counted
    service     to take one, to note one taken otherwise
    restoring   to put one back
"""

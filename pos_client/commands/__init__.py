"""What `pos-client` does, by what it is about.

    selling                  the till itself, on the screen or as JSON lines
    hubs                     with which hub it is in step
    statuses                 how it stands
    backups                  this till in one file, and how it comes back
    journals                 all its facts: proved, brought in, written out
    receipts                 what a receipt template prints
    running                  what all share: settings, a database to look into, how they speak
    last_words               how a command ends that nobody foresaw to end

`pos_client.__main__` gives them their names.
"""

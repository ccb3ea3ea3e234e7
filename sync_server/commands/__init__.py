"""What `sync-server` does, by what it is about.

    serving, tills                   the hub as a process, which tills it serves
    backups                          what is safe, and how it comes back
    files, opening, exports          what comes from other systems, and goes to them
    products, revisions, recalls     the catalogue
    quarantine                       facts that are kept but not in the books
    telling                          what these four share: options, how they say what was done
    running                          what all share: the hub for one act, a no as its sentence
    last_words                       how a command ends that nobody foresaw to end
    shown                            tables for a person, plain lines for a script

`sync_server.__main__` gives them their names.
"""

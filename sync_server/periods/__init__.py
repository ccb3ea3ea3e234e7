"""Whether the facts of a business date are all here, and business dates that are closed.

standing   how far each till has come, and up to which business date its facts are all here
records    the periods that are closed, facts that came after
service    what keeps a period open, and to close it
"""

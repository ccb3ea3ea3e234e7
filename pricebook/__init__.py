"""The price book: what head office published, as one SQLite file.

    rows      what a row of the feed is, and what a scope's rows add up to: a revision's name
    book      the file: look-ups by code, and the one way in which rows get into it
    search    a product by its name, pinyin, category or a part of its barcode
    snapshot  the file cut into chunks that travel, and put together again

A till sells by its price book; the hub keeps one too, searches it, and cuts snapshots from it.
Both fill it from the same feed by the same code, so that both name what it holds alike.
"""

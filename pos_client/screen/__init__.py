"""What every page of the till's screen is made of: rows of inked text, keys, colours, one sheet.

Only `sheet` and `colours` know the terminal library; the rest are values and rules, so that a page
can be read and tested as text.
"""

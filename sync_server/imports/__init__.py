"""Files as other systems export them, read into stores, cashiers and products; and products out.

    tables    text, parquet, excel: a file as rows of cells, whatever it is
    rows      a row, a good one, a bad one, and the refusal of a file that has none
    columns   which of their columns is which of ours
    cells     what a cell says: amounts, units, flags; `lists` several in one, `codes` barcodes
    products, stores   what a row says; `fields` a product as a person types it
    incoming  a file being read: good rows and bad ones, one at a time
    beside    the same in a process of its own
    rejects, totals, export   what goes out again

Nothing in here knows a database: who saves the rows reads them from an `ImportFile`.
"""

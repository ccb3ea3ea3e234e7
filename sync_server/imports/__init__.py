"""Files as other systems export them, read into stores, cashiers and products; and products out.

    tables    text, parquet, excel: a file as rows of cells, whatever it is
    columns   which of their columns is which of ours
    cells     what a cell says: amounts, units, codes, flags
    products, stores   what a row says
    incoming  a file being read: good rows and bad ones, one at a time
    rejects, totals, export   what goes out again

Nothing in here knows a database: who saves the rows reads them from an `ImportFile`.
"""

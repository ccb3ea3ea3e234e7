"""A file of real baskets sold through real tills, with cuts and kills, every figure compared."""

"""What a shop knows: values and rules, and what each fact means in the books.

No I/O, no clock, no chance: a till, a hub and a test run the same code and get the same cent.
Read `money`, `basket`, `facts`, `postings`, in this order.
"""

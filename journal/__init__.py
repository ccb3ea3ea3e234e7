"""How facts are kept and travel: envelope, hash chain, stream, and sync as steps without I/O.

Knows nothing of shops: a fact's body is bytes here. Time, ids and chance are handed in.
Read `envelope`, `stream`, `chain`, `wire`, `push`, `cursor`, in this order.
"""

"""What the cashier does: the till, headless at heart.

Read `till` (what is joined), `recorder` (the one write), then the slices: `sale`, `shift`,
`stock`, `catalogue`, `sync`; each has `records` (tables and queries) and `service` (the acts).
"""

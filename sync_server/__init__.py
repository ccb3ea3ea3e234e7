"""What head office sees: the hub, headless at heart.

Read `hub` (what is joined), `recorder` (accept each fact once, add its postings up), then the
slices: `sync`, `catalogue`, `console`. `web` is the HTTP face, `database` the two databases.
"""

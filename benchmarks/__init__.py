"""What the product costs beside the least that could do the same: one file a question.

`measure` runs ours and the reference by turns; `reference/` holds the other side's code; `goods`
makes what is sold. docs/benchmarks.md says what each question asks and what came out.
"""

"""The house's own text, as tests read it."""

import ast
import gc


def parsed(text: str) -> ast.Module:
    """Its syntax. CPython before 3.11.5 loses count of its depth when something is finalized in
    between (gh-106905), so nothing is."""
    gc.disable()
    try:
        return ast.parse(text)
    finally:
        gc.enable()

"""A store day, told as it goes: real programs, a cable out, the power off, the books compared."""

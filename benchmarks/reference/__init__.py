"""The other side of each benchmark: the least that writes or reads the same rows, as durably."""

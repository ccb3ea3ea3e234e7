"""The devices of one till, on a thread of their own."""

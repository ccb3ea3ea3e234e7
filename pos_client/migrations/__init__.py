"""The till's schema as numbered SQL, forward only; `PRAGMA user_version` holds the last number."""

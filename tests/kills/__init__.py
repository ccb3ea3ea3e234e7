import pytest

# Their assertions shall say what they saw, as a test's own do.
pytest.register_assert_rewrite("tests.kills.stage", "tests.kills.boundaries")

"""Scripts that run in other environments are none of the tests."""

collect_ignore = ["readers"]

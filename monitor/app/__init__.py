"""Orders the decisions of `core` and the deeds of the adapters; knows the adapters only as `ports`."""

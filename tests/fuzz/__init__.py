"""The fuzzer of `make fuzz`."""

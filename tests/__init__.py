"""The tests, in the same rooms as the house."""

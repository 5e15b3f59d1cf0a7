"""Half an hour of bad weather: `make soak`. Never part of the tests."""

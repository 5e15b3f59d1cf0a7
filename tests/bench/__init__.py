"""The measurements behind the README's figures: `make bench`. Never part of the tests."""

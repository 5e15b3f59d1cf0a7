"""The whole way of a lead through the real commands, each a process of its own."""

"""The simulator keeps to what is known of the API: one behaviour a test, over real HTTP."""

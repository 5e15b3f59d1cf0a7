"""Ad platforms: one file each, with how it proves its calls, what they say, and what its campaigns stand for."""

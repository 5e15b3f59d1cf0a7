"""Form tools and automations: one file each, with how it proves its calls and what they say."""

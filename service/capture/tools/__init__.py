"""Form tools and automations: one file each, which verifies its calls and reads them."""

"""Names and values given their meaning: contact, evidence, and what a form requires."""

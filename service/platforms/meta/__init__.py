"""Meta: lead ads on Facebook and Instagram, and the Conversions API."""

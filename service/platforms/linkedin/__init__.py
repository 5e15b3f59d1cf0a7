"""LinkedIn: Lead Gen Forms."""

"""What became of leads in the CRM: sales, conversions, reconciliations, facts of an account."""

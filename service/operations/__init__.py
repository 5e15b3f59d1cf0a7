"""What an operator does to leads; the dashboard, the API and the terminal all call it."""

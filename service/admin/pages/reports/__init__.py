"""The page Reports: leads, their origin, their outcomes and costs; each figure also as CSV."""

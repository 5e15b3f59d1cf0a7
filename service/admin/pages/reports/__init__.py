"""The page Reports: what came, from where, what became of it, what it cost; each figure also as CSV."""

"""Where a person came from: the rules, rule by rule."""

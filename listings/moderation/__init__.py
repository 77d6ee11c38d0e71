"""Which listings break the rules: models, rules, policy, reports and decisions."""

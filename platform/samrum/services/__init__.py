"""Use cases: each opens one transaction, asks the policy, acts, and writes the audit row with it."""

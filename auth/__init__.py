"""Who is it, and may they: the pure access policy, passwords, second factors and the citizen login."""

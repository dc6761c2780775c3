"""The demo: a whole municipality on one machine. Refuses production."""

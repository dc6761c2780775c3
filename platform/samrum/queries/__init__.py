"""Every select. A list takes its viewer."""

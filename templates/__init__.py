"""The HTML pages of Samrum, as Jinja templates in one folder per area."""

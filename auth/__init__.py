"""Who is it, and may they: nothing here knows of pages, the database or the file store."""

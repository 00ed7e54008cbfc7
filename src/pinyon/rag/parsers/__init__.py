"""One module for each kind of document: text or bytes in, ``Parsed`` out. ``pinyon.rag.formats`` is their table."""

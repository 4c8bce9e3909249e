"""What makes the documentation site beside MkDocs: pages written from code, pages of other folders, formulas, links."""

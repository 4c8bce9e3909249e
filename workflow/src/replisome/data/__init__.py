"""What models read: raw files, their encodings, and the prepared splits."""

"""Encodings of raw data into small integers and back to numbers; they know no study."""

"""What a result was made from: the fingerprint of its code, its key, its record."""

"""A server among others: what it logs, counts, says of its health, and hands to browsers."""

"""Merchants are told: what `resolvers.outbox` wrote is brought to them, at least once, by e-mail and by webhook."""

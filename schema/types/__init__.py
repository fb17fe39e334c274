"""What the API says, a noun a file. Rows pass straight through: a type describes the dataclass of `resolvers` that it shows."""

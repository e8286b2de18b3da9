"""The glass: what the network saw, layer by layer, and every number in it opened into the arithmetic that made it."""

"""explain.html: one picture followed through the network, every value of which can be opened into its arithmetic."""

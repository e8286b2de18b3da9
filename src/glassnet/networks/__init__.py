"""Lists of layers: what they say (layers, shapes, summary, without torch), what they become (network), and their files."""

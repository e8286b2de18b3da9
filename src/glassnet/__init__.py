"""Glassnet: convolutional networks you can see through. `import glassnet as gn` is light; torch is imported when it is first needed."""

__version__ = "0.1.0"

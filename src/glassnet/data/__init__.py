"""Catalog → audit → split → pixel store: what is there, is it sound, who may see it, decoded once."""

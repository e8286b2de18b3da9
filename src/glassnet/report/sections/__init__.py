"""The parts of a report, one file each: `section(material) -> Section`, or None where there is nothing to show."""

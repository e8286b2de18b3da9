"""An automatic choice carries its reason: both are printed and both are recorded in the run."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Choice:
    """What was chosen for the recipe field or machine setting `field` (dotted, as `train.batch`), and why, in plain words."""

    field: str
    value: object
    reason: str

    def __str__(self) -> str:
        return f"{self.field} = {self.value}: {self.reason}"

    def as_dict(self) -> dict:
        """Return the three fields as plain JSON values."""
        return asdict(self)

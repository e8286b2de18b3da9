"""What the pages work with: the folder of runs, networks, the folders that may be read, trainings, dropped pictures. One per server."""

from dataclasses import dataclass, field
from pathlib import Path

from glassnet.studio.folders import Folders
from glassnet.studio.jobs import Jobs
from glassnet.studio.networks import Networks
from glassnet.studio.pictures import Sets, Tray
from glassnet.studio.records import Records


@dataclass
class Workplace:
    """`out` is the folder of runs, `roots` are the folders whose pictures may be trained on. `closing` ends what watches for changes."""

    out: Path
    roots: tuple[Path, ...]
    records: Records = field(init=False)
    networks: Networks = field(init=False)
    jobs: Jobs = field(init=False)
    folders: Folders = field(init=False)
    tray: Tray = field(default_factory=Tray)
    sets: Sets = field(default_factory=Sets)
    closing: bool = False

    def __post_init__(self) -> None:
        self.out = Path(self.out).absolute()
        self.records = Records(self.out)
        self.networks = Networks(self.records)
        self.jobs = Jobs(self.out)
        self.folders = Folders(self.roots, self.out)

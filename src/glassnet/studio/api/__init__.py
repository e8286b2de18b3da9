"""The addresses under /api/, one file per page. Each has `router(workplace) -> APIRouter`; a new file is one line in PARTS."""

PARTS = (
    "home",
    "training",
    "runs",
    "ledger",
    "pictures",
    "audit",
    "sweeps",
    "results",
    "lessons",
    "glass",
    "why",
)

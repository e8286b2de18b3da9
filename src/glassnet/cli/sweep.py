"""Try many settings: every combination is on record from the moment it is planned, failed and given-up ones too.

Lists make the full grid: `--set train.lr=0.1,0.01 --set "network=tutorial,flowers"`. Ranges are sampled: `--set train.lr=1e-4..1e-1:log`.
A setting that only counts with another: `--set "train.momentum=0.8..0.99 when train.optimizer=sgd"`. A layer's own numbers:
`--set network.conv1.filters=16,32`. The search ranks on validation; the test set is opened once, for the winner. After Ctrl-C or a crash
`glassnet sweep PICTURES --resume` goes on; nothing is run twice.
"""

import argparse
from pathlib import Path
from typing import Any

from glassnet.cli.options import add_recipe, recipe_of
from glassnet.errors import RecipeError
from glassnet.pipeline.console import Console

_GOING_ON = ("--resume", "--join", "--ledger", "--on", "--workers", "--minutes", "--out", "--json", "--debug")
_OWN = ("--minutes",)  # means the whole sweep here; of a single run it is --train.minutes


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("root", nargs="?", metavar="PICTURES", help="folder, archive or built-in name")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="NAME=VALUES",
        help="a setting and its values, repeatable",
    )
    parser.add_argument(
        "--method", choices=["grid", "random", "tpe", "gp"], help="how combinations are chosen (default: auto)"
    )
    parser.add_argument(
        "--combinations", type=int, metavar="N", help="how many to sample (default: 30, or what fits --minutes)"
    )
    parser.add_argument(
        "--repeats", type=int, metavar="R", help="run every combination R times with different seeds (default: 1)"
    )
    parser.add_argument(
        "--prune", choices=["none", "median", "hyperband"], help="give hopeless runs up early (default: auto)"
    )
    parser.add_argument("--minutes", type=float, metavar="M", help="wall-clock time for the whole sweep")
    parser.add_argument(
        "--sweep-seed", type=int, metavar="SEED", dest="sweep_seed", help="seed of what is proposed (default: 0)"
    )
    parser.add_argument("--name", help="name of the sweep (default: from the pictures)")
    parser.add_argument(
        "--resume", nargs="?", const="last", metavar="SWEEP", help="go on with a sweep (default: the newest)"
    )
    parser.add_argument("--on", choices=["auto", "here", "pool", "ray"], default="auto", help="where runs are trained")
    parser.add_argument("--workers", type=int, metavar="N", help="how many runs at a time (default: one per core)")
    parser.add_argument(
        "--plan", action="store_true", help="say what would be tried and how long it may take, and begin nothing"
    )
    parser.add_argument("--ledger", metavar="URL", help="a shared ledger, as postgresql://user@host/database")
    parser.add_argument("--join", metavar="URL", help="take combinations of the newest open sweep in a shared ledger")
    add_recipe(parser, without=_OWN)


def run(options: argparse.Namespace) -> int:
    """Sweep, then show the best, what cannot be told from it, and where everything is."""
    console = Console(options.json)
    from glassnet.sweeps import start

    shared: dict[str, Any] = {"out": options.out, "observer": console, "on": options.on, "workers": options.workers}
    if options.join or options.resume:
        _check_going_on(options.words)
        name = options.resume or start.newest_open(options.out, options.join)
        result = start.resume_sweep(
            name, root=options.root, ledger=options.join or options.ledger, minutes=options.minutes, **shared
        )
    else:
        from glassnet.sweeps.space import read_settings

        recipe = recipe_of(options, options.root)
        own = recipe.sweep.space if recipe.sweep else {}
        space = read_settings(options.settings, own) if options.settings else None
        asked = {name: getattr(options, name) for name in ("method", "combinations", "repeats", "prune", "minutes")}
        asked["seed"] = options.sweep_seed
        if options.plan:
            return _show_plan(recipe, space, asked, options, console)
        result = start.sweep(recipe, space, asked, name=options.name, ledger=options.ledger, **shared)
    if options.json:
        console.result(result.as_dict())
        return 0
    console.line(f"\n{result}")
    _show_next(result, console, options)
    return 0


def _show_plan(recipe: Any, space: Any, asked: dict[str, Any], options: argparse.Namespace, console: Console) -> int:
    from glassnet.sweeps.outlook import outlook

    found = outlook(recipe, space, asked, Path(options.out), console, options.on, options.workers)
    if options.json:
        console.result(found.as_dict())
    else:
        console.line(f"\n{found}")
    return 0


def _check_going_on(given: list[str]) -> None:
    """Refuse what would have to be said at the beginning of a sweep, as nothing would come of it."""
    named = (word.partition("=")[0] for word in given if word.startswith("--"))
    late = next((word for word in named if word not in _GOING_ON), None)
    if late is not None:
        raise RecipeError(
            f"A sweep goes on with the settings it began with, so {late} cannot be said here. Leave it out, or begin a new sweep."
        )


def _show_next(result: Any, console: Console, options: argparse.Namespace) -> None:
    out = "" if options.out == "runs" else f" --out {options.out}"
    if result.left:
        console.line(f"\nNext:   glassnet sweep --resume {result.name}{out}   {result.left:,} runs are left")
        return
    console.line(f"\nReport: {result.report}")
    console.line(
        f"Table:  {result.folder / 'combinations.csv'}   also `glassnet runs --sweep {result.name}{out} --csv all.csv`"
    )
    if result.winner is not None:
        console.line(f"Next:   glassnet predict PICTURE --run {result.winner.name}{out.replace('--out', '--runs')}")

"""The command line: `glassnet VERB …`. Each verb is one file here, imported only when it is asked for, so that `--help` stays instant."""

import difflib
import importlib
import os
import sys
from types import ModuleType
from typing import NoReturn

from glassnet import __version__
from glassnet.errors import GlassnetError, RecipeError

VERBS = {
    "demo": "draw a picture set, audit it, train on it, evaluate (--task asks any of the five questions)",
    "audit": "what is wrong with my pictures",
    "train": "train a network on a folder of labelled pictures",
    "resume": "go on with a run that was interrupted, to the same bits",
    "eval": "open the sealed test set and score the run on it",
    "predict": "what is in these pictures: classes, boxes or masks, as text, drawn, or in other formats",
    "explain": "what the network saw in a picture, layer by layer, and why it answered so",
    "studio": "open a page on this machine: runs, the ledger, live training",
    "report": "write the report of a run anew",
    "convert": "write boxes and masks in another layout: coco, yolo, voc, masks, csv",
    "sweep": "try many settings, every combination on record, and say which are truly better",
    "summary": "the layers of a network: shapes, parameters, receptive field, cost",
    "worksheet": "questions about your own network, made of its numbers, with a key: text, HTML, PDF",
    "runs": "every run on record: list, sort, filter, compare",
    "ledger": "check, back up or merge the record of all runs",
    "reproduce": "run a run again from its record and say whether it is the same",
}
ALIASES = {"fit": "train", "tune": "sweep", "val": "eval", "evaluate": "eval"}


def main(arguments: list[str] | None = None) -> int:
    """Run one verb and return its exit code. Nothing but a bug or --debug lets a traceback through."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if not given or given[0] in ("-h", "--help", "help"):
        if given[:1] == ["help"] and len(given) > 1:
            return main([given[1], "--help"])
        print(_overview())
        return 0 if given else 2
    if given[0] in ("-V", "--version"):
        print(f"glassnet {__version__}")
        return 0
    try:
        return _run(_verb(given[0]), given[1:])
    except BrokenPipeError:  # the reader of our output left, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except GlassnetError as error:
        if "--debug" in given:
            raise
        _explain(error, error.exit_code, given)
        return error.exit_code
    except KeyboardInterrupt:
        _explain("Stopped before anything needed saving.", 75, given)
        return 75
    except MemoryError as error:
        _explain(f"Memory ran out ({error or 'no more to be had'}). Try a smaller --batch or --size.", 6, given)
        return 6
    except Exception as error:
        if "--debug" in given:
            raise
        where = error.__traceback__
        while where and where.tb_next:
            where = where.tb_next
        place = f"{where.tb_frame.f_code.co_filename.rpartition('glassnet')[2]}:{where.tb_lineno}" if where else "?"
        _explain(
            f"This is a bug in Glassnet: {type(error).__name__}: {error} (glassnet{place}). "
            "Nothing that was saved is lost. Run the same command with --debug to see where it happened.",
            70,
            given,
        )
        return 70


def verb_module(verb: str) -> ModuleType:
    """Import the file of one verb. Every such file has `arguments(parser)` and `run(options) -> int`."""
    return importlib.import_module(f"glassnet.cli.{'evaluate' if verb == 'eval' else verb}")


def _run(verb: str, given: list[str]) -> int:
    from glassnet.cli.options import parser_for

    module = verb_module(verb)
    parser = parser_for(verb, module.__doc__ or VERBS[verb], getattr(module, "RUNS_OPTION", "--out"))
    module.arguments(parser)
    options = parser.parse_args(given)
    options.words = given
    return module.run(options)


def _verb(word: str) -> str:
    word = ALIASES.get(word, word)
    if word not in VERBS:
        _unknown(word)
    return word


def _unknown(word: str) -> NoReturn:
    near = difflib.get_close_matches(word, [*VERBS, *ALIASES], n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(VERBS)}."
    raise RecipeError(f"There is no verb {word!r}. {hint}")


def _explain(error: object, code: int, given: list[str]) -> None:
    if "--json" in given:
        import json

        print(json.dumps({"error": str(error), "exit_code": code}, ensure_ascii=False))
    else:
        print(f"glassnet: {error}", file=sys.stderr)


def _overview() -> str:
    verbs = "\n".join(f"  {verb:<9} {text}" for verb, text in VERBS.items())
    return f"""Glassnet {__version__}: convolutional networks you can see through.

usage: glassnet VERB [options]

{verbs}

  glassnet train photos --epochs 20      a folder with one folder of pictures per class
  glassnet train xo                      a built-in set (xo, digits, shapes, cifar10)
  glassnet VERB --help                   the options of a verb

Every verb takes --out DIR (the folder of runs, default runs; predict: --runs DIR), --json and --debug.
Exit codes: 0 ok, 1 reproduced, and different, 2 usage or recipe, 3 data refused, 4 model file refused, 5 storage, 6 memory,
7 numeric, 8 ledger, 9 network or port, 70 bug, 75 interrupted and resumable."""

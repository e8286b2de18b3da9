"""What a network saw in one picture, layer by layer, and why it answered so; any number in it opened into its arithmetic.

glassnet explain cat.jpg                          layers, the answer, and explain.html with everything in it
glassnet explain cat.jpg --at conv2,7,3,4         how channel 7 of conv2 came to its value in row 3, column 4
glassnet explain cat.jpg --at softmax,cat         how sure it is of a cat, and why
glassnet explain cat.jpg --what-if "rotate 15"    how the answer moves when the picture is turned
"""

import argparse
import shlex
from typing import TYPE_CHECKING, Any

from glassnet.pipeline.console import Console

if TYPE_CHECKING:
    from glassnet.pipeline.explained import Explained


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("picture", metavar="PICTURE", help="a picture file, or the name of one in the run's data set")
    parser.add_argument("--run", default="last", help="name of the run (default: the newest finished one)")
    parser.add_argument(
        "--at",
        metavar="LAYER,CHANNEL,Y,X",
        help="open one value, as conv2,7,3,4; a row of values has no y and x, as dense1,5 or softmax,cat. The page is then written only "
        "with --html",
    )
    parser.add_argument("--all", action="store_true", help="with --at: every term, however many there are")
    parser.add_argument(
        "--target",
        metavar="WORDS",
        help='what of the answer to explain, as cat, "box 3" or "pixel (120, 45)" (default: what the answer is about)',
    )
    parser.add_argument(
        "--what-if",
        metavar="CHANGE",
        action="append",
        default=[],
        help='change the picture and see the answer move: "cover 0.3", "cover 10,10,20,20" (a box), "blur 2", "shift 4,0", "rotate 15", '
        '"brighten 0.2", "contrast 0.5"; again for more. Pixels are those that the network sees',
    )
    parser.add_argument(
        "--html", metavar="FILE", help="where to write the page (default: explain-PICTURE.html in the run's folder)"
    )


def run(options: argparse.Namespace) -> int:
    """Print what was seen, or one value opened, and write the page."""
    from glassnet.errors import RecipeError
    from glassnet.pipeline.explaining import explain

    console = Console(options.json)
    if options.all and not options.at:
        raise RecipeError("--all shows every term of one value; say which with --at LAYER,CHANNEL,Y,X.")
    place = _place(options.at) if options.at else None
    changes = [_change(text) for text in options.what_if]
    _check_page(options)
    found = explain(options.run, options.picture, options.out, console)
    if options.target is not None:
        found.target(options.target)  # what is wrong is refused before anything is printed
    moved = [found.what_if(kind, amount, **box) for kind, amount, box in changes]
    said: dict[str, Any] = {}
    if place is not None:
        said |= _value(found, place, options, console)
    else:
        console.line(found.text())
        said |= found.as_dict(options.json, options.target)
    for each in moved:
        console.line(f"{'' if each is not moved[0] else chr(10)}What if: {each}")
    if place is not None and moved:
        said["what_if"] = [each.as_dict() for each in moved]
    if options.target is not None:
        said |= _target(found, options.target, console)
    if place is None or options.html:
        page = found.write(options.html, options.target)
        said["page"] = str(page)
        console.line()
        if place is None:
            _go_on(found, options, console)
        console.line(f"Page:  {page}")
    if options.json:
        console.result(said)
    return 0


def _place(text: str) -> tuple[Any, ...]:
    """Return (layer, channel, y, x), or (layer, channel) for a row of values; a class name stays a name."""
    from glassnet.errors import RecipeError

    layer, *rest = (part.strip() for part in text.split(","))
    numbers = [int(part) if part.isascii() and part.isdigit() else part for part in rest]
    words = [part for part in numbers if isinstance(part, str)]
    named = len(numbers) == 1 and words and not words[0].lstrip("-").isdigit()
    if not layer or len(numbers) not in (1, 3) or (words and not named):
        raise RecipeError(
            f"--at {text} names no value. Write layer, channel, row and column, as conv2,7,3,4; for a row of values only its number, as "
            "dense1,5, or a class, as softmax,cat. All are counted from 0."
        )
    return layer, *numbers


def _change(text: str) -> tuple[str, Any, dict[str, Any]]:
    """Return (kind, amount, {box}) of a change in words: a word, then an amount, a pair or a box of four numbers."""
    from glassnet.errors import RecipeError

    kind, *rest = text.replace("=", " ").split() or [""]
    amount, box = None, {}
    for part in rest:
        try:
            numbers = tuple(float(each) for each in part.split(","))
        except ValueError:
            numbers = ()
        if len(numbers) == 4:
            box = {"box": numbers}
        elif len(numbers) in (1, 2):
            amount = numbers[0] if len(numbers) == 1 else numbers
        else:
            raise RecipeError(
                f'--what-if {text!r} is no change. Write a word and a number, as "rotate 15" or "shift 4,0".'
            )
    return kind, amount, box


def _check_page(options: argparse.Namespace) -> None:
    """Refuse a page that would replace something else, the picture above all."""
    from pathlib import Path

    from glassnet.errors import RecipeError

    if options.html is None:
        return
    path = Path(options.html)
    if path.suffix.lower() not in (".html", ".htm"):
        raise RecipeError(f"--html {options.html!r} must end in .html: it is the name of the page to be written.")
    if path.exists() and Path(options.picture).exists() and path.samefile(options.picture):
        raise RecipeError(f"--html {options.html} is the picture itself. Name another file for the page.")
    if path.is_dir():
        raise RecipeError(f"--html {options.html} is a folder. Name the file, as {path / 'explain.html'}.")


def _value(found: "Explained", place: tuple[Any, ...], options: argparse.Namespace, console: Console) -> dict[str, Any]:
    opened = found.arithmetic(*place)
    sees = found.field(opened.layer, opened.channel, opened.y, opened.x)
    console.line(f"{found.picture.name}: {found.answer.text(3)}")
    for note in found.notes:
        console.line(note)
    console.line()
    console.line(opened.text(all=options.all))
    if sees.original is not None:
        x1, y1, x2, y2 = sees.original
        console.line(f"It sees x {x1:.0f} to {x2:.0f}, y {y1:.0f} to {y2:.0f} of the picture.")
    largest = max((term for term in opened.terms if term.opens), key=lambda term: abs(term.product), default=None)
    if largest is not None and largest.opens is not None:
        where = ",".join(str(part) for part in largest.opens if part is not None)
        console.line(f"\nThe largest term opens too: {_command(found, options)} --at {where}")
    return {
        "run": found.run.name,
        "task": found.predictor.task.name,
        **found.answer.as_dict(),
        "notes": list(found.notes),
        "arithmetic": opened.as_dict(),
        "field": sees.as_dict(),
    }


def _target(found: "Explained", words: str, console: Console) -> dict[str, Any]:
    """Say where in the picture the three methods see most that speaks for the target."""
    from glassnet.errors import RecipeError

    target = found.target(words)
    console.line(f"\n{target.name}: {target.words} is {target.value:.4g}".replace("-", "−"))
    shown = []
    for method in (found.gradcam, found.integrated_gradients, found.occlusion):
        try:
            made = method(target)
        except RecipeError as error:  # a network without maps has no Grad-CAM
            console.line(f"  {error}")
            continue
        places = [found.original(row, column) for _, row, column in made.strongest()]
        shown.append({**made.as_dict(), "strongest": [list(place) for place in places]})
        where = "; ".join(f"x {x}, y {y}" for x, y in places) or "nowhere"
        console.line(f"  {made.method} sees most for it at {where}")
    return {"target": target.as_dict(), "attributions": shown}


def _go_on(found: "Explained", options: argparse.Namespace, console: Console) -> None:
    inner = [each for each in found.strongest if each.layer in {level.layer for level in found.levels}]
    place = (inner or found.strongest)[-1].place
    console.line(f"Open:  {_command(found, options)} --at {place}")
    others = [each.name for each in found.targets if each.name != found.target().name]
    if others and options.target is None:
        console.line(f"Why:   {_command(found, options)} --target {shlex.quote(others[0])}")


def _command(found: "Explained", options: argparse.Namespace) -> str:
    words = ["glassnet", "explain", options.picture]
    words += ["--run", options.run] if options.run != "last" else []
    words += ["--out", options.out] if str(options.out) != "runs" else []
    return shlex.join(map(str, words))

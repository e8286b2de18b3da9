"""Which combination to try next: Optuna's samplers, over a study that is built anew from the ledger for every proposal.

Nothing is carried from one proposal to the next but what the ledger holds, and the sampler is seeded from (seed, number): a sweep that
was stopped, resumed or joined proposes what it would have proposed anyway. Optuna's own storage is not used: with several workers it
ran queued trials twice.
"""

import json
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glassnet import randomness
from glassnet.errors import LedgerError, RecipeError
from glassnet.sweeps.rows import OPEN
from glassnet.sweeps.space import Choices, Range, Space

if TYPE_CHECKING:
    import optuna

METHODS = ("random", "tpe", "gp")
DRAWS = 20
_MODEL_DRAWS = (
    4  # a fitted model that names the same combination so often will go on doing so: the other draws are by chance
)
_LOOKED_THROUGH = 100_000  # combinations of a grid that are looked through for one not tried
_DIGITS = 4  # of a sampled number: what a table can show; finer differences are far below the chance between two seeds


@dataclass(frozen=True)
class Tried:
    """One combination so far. `score` is the mean of its repeats' validation headline, None while it runs or when there is none.

    `curve` holds (epoch, mean validation score), epochs counted from 1 (None or NaN: no validation).
    `status` is planned, running, done, pruned, failed or interrupted.
    """

    number: int
    values: dict[str, Any]
    status: str
    score: float | None = None
    curve: tuple[tuple[int, float | None], ...] = ()


def propose(space: Space, method: str, seed: int, tried: Sequence[Tried], number: int) -> dict[str, Any]:
    """Return the values of combination `number` as {setting: value}, without those that a condition switches off.

    A pure function: the same arguments give the same values in any process, and the order of `tried` does not matter; what is recorded
    under `number` itself is left out. Higher scores are better. `random` looks at nothing but repetitions. `tpe` (Bergstra et al. 2011,
    over all settings jointly) ranks pruned combinations behind the others by how far they came, failed ones last; `gp` (Gaussian process,
    expected improvement) takes pruned ones at their last score, failed ones at the lowest of all. Both keep away from what is still
    open, and begin with ten combinations by chance.

    A combination equal to one in `tried` is drawn again, up to 20 times (the first four by the model, the others by chance); then one
    of a grid's untried combinations is taken. Only when there is none, or the space has ranges, is a repetition returned: `exhausted`
    tells before. Sampled numbers have about four significant digits.

    Raises RecipeError for an unknown method and for `gp` without SciPy, LedgerError when `tried` does not fit the space.
    """
    _check(method)
    others = sorted((one for one in tried if one.number != number), key=lambda one: one.number)
    _check_fit(space, others)
    taken = {_identity(one.values) for one in others}
    with quiet():
        first = None
        for values in _draws(space, method, randomness.key(seed, number, "sweep.proposing") % 2**32, others):
            if _identity(values) not in taken:
                return values
            first = first or values
    assert first is not None
    left = _untried(space, taken)
    return left[randomness.key(seed, number, "sweep.untried") % len(left)] if left else first


def exhausted(space: Space, tried: Sequence[Tried]) -> bool:
    """Return whether every combination of a grid is in `tried`; False for a space with ranges."""
    size = space.size()
    return size is not None and len({_identity(one.values) for one in tried}) >= size


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna's log lines and its warnings about experimental parts from the user, and leave both as they were."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)


def _check(method: str) -> None:
    if method not in METHODS:
        raise RecipeError(
            f"{method!r} proposes nothing. Known are {', '.join(METHODS)}, and grid for every combination."
        )
    if method != "gp":
        return
    try:
        import scipy.optimize
        import scipy.stats  # noqa: F401  Optuna's Gaussian process imports both, late and with an error of its own
    except ImportError:
        raise RecipeError(
            "The method gp needs SciPy, which is not installed. Install it (pip install scipy), "
            "or take --method tpe, which needs nothing more."
        ) from None


def _check_fit(space: Space, others: Sequence[Tried]) -> None:
    for one in others:
        try:
            space.check(one.values)
        except RecipeError as error:
            raise LedgerError(
                f"Combination {one.number} is on record with values that its sweep does not search. {error} "
                "The rows and the sweep do not belong together: see `glassnet ledger check`."
            ) from None


def _draws(space: Space, method: str, seed: int, others: list[Tried]) -> Iterator[dict[str, Any]]:
    """Yield up to DRAWS combinations. Each stays in the study as running, so that the model moves away from it."""
    import optuna

    study = optuna.create_study(direction="maximize", sampler=_sampler(method, seed))
    if method != "random":
        worst = min((one.score for one in others if one.score is not None and _is_scored(one)), default=None)
        study.add_trials([_trial(space, one, method, worst) for one in others])
    # Sorted: draws go from setting to setting, and must not depend on the order in which the space was written or read back.
    distributions = {name: _distribution(space.settings[name]) for name in sorted(space.names)}
    for draw in range(DRAWS):
        if draw == _MODEL_DRAWS and method != "random":
            study.sampler = _sampler("random", seed ^ 1)  # of the same seed it would repeat the model's first draws
        asked = study.ask(fixed_distributions=distributions).params
        values = {name: _decoded(setting, asked[name]) for name, setting in space.settings.items()}
        yield {name: values[name] for name, on in space.active(values).items() if on}


def _sampler(method: str, seed: int) -> "optuna.samplers.BaseSampler":
    from optuna import samplers

    if method == "random":
        return samplers.RandomSampler(seed=seed)
    if method == "gp":
        return samplers.GPSampler(seed=seed, warn_independent_sampling=False)
    # `group`: settings that share a condition are modelled together, from the combinations that have them.
    return samplers.TPESampler(seed=seed, multivariate=True, group=True, constant_liar=True)


def _trial(space: Space, one: Tried, method: str, worst: float | None) -> "optuna.trial.FrozenTrial":
    """Return what Optuna shall know of one combination; `worst` is the lowest score of any."""
    from optuna.trial import TrialState, create_trial

    params = {name: _encoded(space.settings[name], value) for name, value in one.values.items()}
    curve = {epoch: float(score) for epoch, score in one.curve if score is not None and math.isfinite(score)}
    state, value = TrialState.PRUNED, None  # without a curve, as most failures are, the worst there is
    if one.status in OPEN:
        state = TrialState.RUNNING
    elif _is_scored(one):
        state, value = TrialState.COMPLETE, one.score
    elif method == "gp" and worst is not None:  # it knows no pruned ones, and would come back to them for ever
        state, value = TrialState.COMPLETE, curve[max(curve)] if curve else worst
    if method == "gp":
        # It needs every coordinate, too: a setting that is off stands in the middle, where it tells nothing.
        params = {name: params.get(name, _middle(setting)) for name, setting in space.settings.items()}
    return create_trial(
        state=state,
        value=value,
        params=params,
        distributions={name: _distribution(space.settings[name]) for name in params},
        intermediate_values=curve,
    )


def _is_scored(one: Tried) -> bool:
    return one.status == "done" and one.score is not None and math.isfinite(one.score)


def _distribution(setting: Choices | Range) -> "optuna.distributions.BaseDistribution":
    """Return how Optuna sees a setting: choices and steps by their index (a choice may be a list of layers), ranges as they are."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(setting, Choices):
        last = len(setting.values) - 1
        return IntDistribution(0, last) if _is_scale(setting) else CategoricalDistribution(list(range(last + 1)))
    if setting.step is not None:
        return IntDistribution(0, _steps(setting))
    if setting.integer:
        return IntDistribution(int(setting.low), int(setting.high), log=setting.log)
    return FloatDistribution(float(setting.low), float(setting.high), log=setting.log)


def _is_scale(choices: Choices) -> bool:
    """Return whether the choices are numbers that rise or fall, so that neighbours are more alike than others."""
    values = choices.values
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return False
    ordered = sorted(set(values))
    return len(values) > 1 and list(values) in (ordered, ordered[::-1])


def _steps(span: Range) -> int:
    assert span.step is not None
    return math.floor((span.high - span.low) / span.step + 1e-9)


def _decoded(setting: Choices | Range, raw: Any) -> Any:
    if isinstance(setting, Choices):
        return setting.values[int(raw)]
    if setting.step is not None:
        value = setting.low + int(raw) * setting.step
        return int(value) if setting.integer else float(f"{value:.12g}")  # 0.3, not 0.30000000000000004
    return int(raw) if setting.integer else _readable(float(raw), setting)


def _readable(value: float, span: Range) -> float:
    """Return the value rounded to about a ten-thousandth of the range, inside the range."""
    low, high = float(span.low), float(span.high)
    if high > low:
        if span.log:
            rounded = float(f"{value:.{_DIGITS + max(0, math.ceil(-math.log10(math.log(high / low))))}g}")
        else:
            rounded = round(value, _DIGITS - math.floor(math.log10(high - low)))
        value = rounded
    return min(max(value, low), high)


def _encoded(setting: Choices | Range, value: Any) -> Any:
    if isinstance(setting, Choices):
        return setting.values.index(value)
    if setting.step is not None:
        return round((value - setting.low) / setting.step)
    return int(value) if setting.integer else float(value)


def _middle(setting: Choices | Range) -> Any:
    if isinstance(setting, Choices):
        return (len(setting.values) - 1) // 2
    if setting.step is not None:
        return _steps(setting) // 2
    low, high = float(setting.low), float(setting.high)
    middle = math.sqrt(low * high) if setting.log else (low + high) / 2
    return int(middle) if setting.integer else min(max(middle, low), high)


def _untried(space: Space, taken: set[str]) -> list[dict[str, Any]]:
    """Return the grid's combinations that are not in `taken`; empty for a space with ranges or one too large to look through."""
    size = space.size()
    if size is None or size > _LOOKED_THROUGH:
        return []
    left = {text: values for values in space.grid() if (text := _identity(values)) not in taken}
    return [left[text] for text in sorted(left)]


def _identity(value: Any) -> str:
    """Return a text that is equal for equal plain values: 1 and 1.0 are the same, True and 1 are not, the order of a mapping is nothing."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

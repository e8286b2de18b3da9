"""The questions every engine must answer, asked of the torch engine on its two ways through a step."""

import numpy as np
import pytest
import torch

from glassnet.errors import StorageError
from glassnet.recipe import recipe_from
from glassnet.tasks import task
from glassnet.training import augment
from glassnet.training.engine import Batch
from glassnet.training.torch_engine import TorchEngine

SETTINGS = {"optimizer": "adamw", "lr": 0.01, "weight_decay": 0.1, "schedule": "constant", "label_smoothing": 0.1}


class EngineContract:
    """Subclass it, say how the engine is made, and inherit the questions."""

    def engine(self, network, **settings):
        raise NotImplementedError

    @pytest.fixture
    def batches(self, world):
        def batch(step, rows):
            draws = augment.draw(
                recipe_from({"augment": {"flip": "horizontal", "rotate": 10}}).augment, 0, 0, rows, 10, 10
            )
            return Batch(0, step, rows, torch.from_numpy(world.pixels[rows]), world.targets[rows], len(rows), draws)

        return [batch(step, np.arange(60)[step::6]) for step in range(6)]

    def test_steps_learn(self, world, batches):
        engine = self.engine(world.network())
        first = [float(np.mean(np.asarray(engine.step(batch, 0.01)))) for batch in batches * 6]
        assert np.mean(first[-6:]) < 0.8 * np.mean(first[:6])

    def test_a_step_is_the_gradient_of_the_mean_loss_times_the_rate(self, world, batches):
        """Against autograd and arithmetic by hand, for SGD without momentum."""
        network, reference = world.network(), world.network()
        engine = self.engine(network, optimizer="sgd", momentum=0.0, weight_decay=0.0)
        engine.step(batches[0], 0.1)
        reference.train()
        reference.begin(0, 0, torch.from_numpy(batches[0].rows))
        inputs = augment.apply(batches[0].pixels, batches[0].draws)
        targets = torch.from_numpy(batches[0].targets)
        torch.nn.functional.cross_entropy(reference(inputs), targets, label_smoothing=0.1).backward()
        after = engine.weights()
        for name, p in reference.named_parameters():
            np.testing.assert_allclose(after[name], (p - 0.1 * p.grad).detach().numpy(), rtol=1e-5, atol=1e-7)

    def test_count_is_what_the_sum_of_losses_is_divided_by(self, world, batches):
        """Two halves with the whole's count add up to the whole: how several processes share a batch."""
        import dataclasses

        layers = ["flatten", {"dense": "classes"}]
        before, moves = None, []
        for part in (slice(None), slice(0, 3), slice(3, None)):
            whole = batches[0]
            batch = dataclasses.replace(
                whole, rows=whole.rows[part], pixels=whole.pixels[part], targets=whole.targets[part], draws=None
            )
            engine = self.engine(world.network(layers), optimizer="sgd", momentum=0.0, weight_decay=0.0)
            before = engine.weights()
            engine.step(batch, 1.0)
            moves.append(engine.weights()["steps.dense1.weight"] - before["steps.dense1.weight"])
        np.testing.assert_allclose(moves[1] + moves[2], moves[0], atol=1e-6)

    def test_going_on_from_a_state_gives_the_same_bits(self, world, batches):
        through = self.engine(world.network(), ema=0.9)
        for batch in batches[:3]:
            through.step(batch, 0.01)
        state = through.state()
        for batch in batches[3:]:
            through.step(batch, 0.01)
        resumed = self.engine(world.network(seed=5), ema=0.9)
        resumed.load(state)
        for batch in batches[3:]:
            resumed.step(batch, 0.01)
        assert_same(through.state(), resumed.state())

    def test_a_state_is_a_copy(self, world, batches):
        engine = self.engine(world.network())
        engine.step(batches[0], 0.01)
        state = engine.state()
        kept = {name: a.copy() for name, a in state.tensors.items()}
        engine.step(batches[1], 0.01)
        for name, array in state.tensors.items():
            np.testing.assert_array_equal(array, kept[name])

    @pytest.mark.parametrize("steps_before", [0, 2])
    @pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "muon"])
    def test_a_step_with_a_nan_changes_no_bit(self, optimizer, steps_before, world, batches):
        engine = self.engine(world.network(), optimizer=optimizer)
        for batch in batches[:steps_before]:
            engine.step(batch, 0.01)
        before = engine.state()
        poison = engine.network.register_forward_hook(lambda module, given, out: out * float("nan"))
        losses = engine.step(batches[3], 0.01)
        poison.remove()
        assert_same(before, engine.state())
        assert np.isnan(np.asarray(losses)).all()
        said = engine.collect()
        assert said.rejected == 1 and np.isnan(said.losses).sum() == len(batches[3])
        assert np.isfinite(np.asarray(engine.step(batches[4], 0.01))).all()

    def test_an_infinite_gradient_behind_a_finite_loss_is_rejected_too(self, world, batches):
        engine = self.engine(world.network())
        before = engine.state()
        weight = next(engine.network.parameters())
        hook = weight.register_hook(lambda gradient: gradient * float("inf"))
        engine.step(batches[0], 0.01)
        hook.remove()
        assert_same(before, engine.state())
        assert engine.collect().rejected == 1

    def test_collect_gives_losses_and_hits_in_order_once(self, world, batches):
        engine = self.engine(world.network())
        losses = [np.asarray(engine.step(batch, 0.01)) for batch in batches[:2]]
        said = engine.collect()
        np.testing.assert_array_equal(said.losses, np.concatenate(losses))
        assert said.hits.shape == said.losses.shape and set(np.unique(said.hits)) <= {0.0, 1.0}
        assert len(engine.collect().losses) == 0

    def test_the_order_within_a_batch_does_not_matter_to_an_example(self, world, batches):
        """Dropout and augmentation follow the example, not its place."""
        import dataclasses

        batch, turn = batches[0], np.arange(10)[::-1].copy()
        turned = dataclasses.replace(
            batch, rows=batch.rows[turn], pixels=batch.pixels[turn], targets=batch.targets[turn],
            draws=augment.Draws(10, 10, batch.draws.matrices[turn], batch.draws.colours[turn], batch.draws.boxes[turn]),
        )  # fmt: skip
        one, other = (np.asarray(self.engine(world.network()).step(b, 0.01)) for b in (batch, turned))
        np.testing.assert_allclose(one[turn], other, rtol=1e-5)

    def test_evaluation_changes_nothing_and_does_not_depend_on_the_batch(self, world, batches):
        engine = self.engine(world.network(), ema=0.5)
        for batch in batches:
            engine.step(batch, 0.01)
        before, gather = engine.state(), engine.hold(world.pixels)
        whole = engine.evaluate(gather(np.arange(30)))
        assert whole.dtype == np.float32 and whole.shape == (30, 3)
        np.testing.assert_allclose(engine.evaluate(gather(np.arange(10, 20))), whole[10:20], rtol=1e-5, atol=1e-6)
        assert_same(before, engine.state())

    def test_losses_are_those_of_training(self, world):
        engine = self.engine(world.network())
        outputs = np.array([[2.0, 0.0, -1.0]], np.float32)
        log_p = outputs[0] - np.log(np.exp(outputs[0]).sum())
        expected = -(0.9 * log_p[0] + 0.1 * log_p.mean())
        np.testing.assert_allclose(engine.losses(outputs, np.array([0])), [expected], rtol=1e-6)

    def test_the_average_is_what_is_evaluated_and_kept(self, world, batches):
        engine = self.engine(world.network(), ema=0.999)
        for batch in batches:
            engine.step(batch, 0.05)
        plain = self.engine(world.network())
        plain.load_weights(engine.weights())
        pixels = engine.hold(world.pixels)(np.arange(20))
        np.testing.assert_array_equal(plain.evaluate(pixels), engine.evaluate(pixels))
        live = {n.removeprefix("network/"): a for n, a in engine.state().tensors.items() if n.startswith("network/")}
        assert any(np.abs(live[name] - a).max() > 1e-4 for name, a in engine.weights().items())

    def test_a_state_of_another_network_is_refused(self, world):
        other = self.engine(world.network(["flatten", {"dense": "classes"}])).state()
        with pytest.raises(StorageError, match="steps"):
            self.engine(world.network()).load(other)


class TestTorchEngine(EngineContract):
    def engine(self, network, **settings):
        return TorchEngine(network, task("classify"), recipe_from({"train": SETTINGS | settings}).train)

    def test_bf16_learns_and_keeps_float32_weights(self, world, batches):
        engine = self.engine(world.network())
        engine.precision = "bf16"
        losses = [float(engine.step(batch, 0.01).mean()) for batch in batches * 6]
        assert np.mean(losses[-6:]) < 0.8 * np.mean(losses[:6])
        assert {a.dtype for n, a in engine.weights().items() if n.endswith("weight")} == {np.dtype(np.float32)}

    def test_a_frozen_backbone_wakes_and_the_head_keeps_its_momentum(self, world, batches):
        network = world.network()

        def freeze(frozen):
            for name, p in network.named_parameters():
                p.requires_grad_(not frozen or "dense" in name)

        network.freeze = freeze
        engine = self.engine(network, frozen_epochs=1)
        before = engine.weights()
        engine.step(batches[0], 0.01)
        after, held = engine.weights(), engine.state()
        assert not np.array_equal(before["steps.dense1.weight"], after["steps.dense1.weight"])
        np.testing.assert_array_equal(before["steps.conv1.weight"], after["steps.conv1.weight"])
        engine.begin_epoch(1)
        head = "optimizer/steps.dense1.weight/exp_avg"
        np.testing.assert_array_equal(engine.state().tensors[head], held.tensors[head])
        engine.step(batches[1], 0.01)
        assert not np.array_equal(engine.weights()["steps.conv1.weight"], after["steps.conv1.weight"])


class TestTorchEngineThatDoesNotWait(EngineContract):
    """The way a GPU takes: the host never looks at a number, a bad step is taken back on the device."""

    def engine(self, network, **settings):
        engine = TorchEngine(network, task("classify"), recipe_from({"train": SETTINGS | settings}).train)
        engine._waits = False
        return engine


def assert_same(one, other):
    assert one.info == other.info
    assert one.tensors.keys() == other.tensors.keys()
    for name in one.tensors:
        np.testing.assert_array_equal(one.tensors[name], other.tensors[name], err_msg=name)

"""The loop equals a loop written by hand, records its quantities, and resumes as if uninterrupted."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from saddlepoint.objectives.phase import KEPT, Phase
from saddlepoint.records import Record, RunFolder
from saddlepoint.training import checkpoint
from saddlepoint.training.loop import play
from saddlepoint.training.optimiser import OPTIMISERS
from saddlepoint.training.settings import OptimiserSettings, PlayerSettings
from tests.training.games import (
    CPU,
    WIDTH,
    OnePlayer,
    RandomBatches,
    TwoPlayers,
    assert_same,
    everything,
    settings,
    start,
)

GAMES = {"one player": OnePlayer, "two players": TwoPlayers, "two moves": lambda seed=0: TwoPlayers(seed, repeats=2)}


def untimed(record: Record) -> tuple[int, dict[str, float]]:
    return record.step, {name: value for name, value in record.values.items() if not name.startswith("time/")}


def run(model, training, *, state=None, batches=None):
    """Play to the end; the records without their times, and the state."""
    state = state or start(model, training)
    records = [untimed(record) for record in play(model, batches or RandomBatches(), training, state) if record]
    return records, state


def pause_after(state, steps):
    """Batches that ask `state` to pause while step number `steps` is played."""

    class Pausing(RandomBatches):
        def __getitem__(self, index):
            if state.step == steps - 1:
                state.pause = True
            return super().__getitem__(index)

    return Pausing()


def resumed(game, training, pause, folder):
    """Play, pause after `pause` steps, save, load into a new model of other weights, and play on."""
    model = game(seed=0)
    state = start(model, training)
    records = []
    for record in play(model, pause_after(state, pause), training, state):
        if record is not None:
            records.append(untimed(record))
        if state.pause:
            break
    assert state.step == pause
    path = checkpoint.save(folder, model, state)
    other = game(seed=99)
    torch.randn(7)
    other_state = start(other, training)
    checkpoint.load(path, other, other_state)
    later, other_state = run(other, training, state=other_state)
    return records + later, other, other_state


@pytest.mark.parametrize("pause", range(1, 14))
@pytest.mark.parametrize("game", GAMES.values(), ids=GAMES)
def test_resumed_equals_uninterrupted(game, pause, tmp_path):
    """At every position in a tick and at its ends, with a moving average, buffers and dropout."""
    training = settings(ema=0.9)
    whole = game(seed=0)
    records, state = run(whole, training)
    later, other, other_state = resumed(game, training, pause, RunFolder(tmp_path))
    assert later == records
    assert_same(everything(other, other_state), everything(whole, state))


@pytest.mark.parametrize("schedule", ["constant", "exponential", "cosine", "linear"])
@pytest.mark.parametrize("name", OPTIMISERS)
def test_resumed_equals_uninterrupted_for_every_optimiser(name, schedule, tmp_path):
    own = OptimiserSettings(name=name, schedule=schedule, momentum=0.5, weight_decay=0.01, clip_norm=0.5, decay_steps=3)
    training = settings(ema=0.9, optimiser=own, players={"generator": PlayerSettings(learning_rate=1e-4)})
    whole = TwoPlayers()
    records, state = run(whole, training)
    later, other, other_state = resumed(TwoPlayers, training, 7, RunFolder(tmp_path))
    assert later == records
    assert_same(everything(other, other_state), everything(whole, state))


@pytest.mark.parametrize("pause", [6, 7, 8, 9])
@pytest.mark.parametrize("name", OPTIMISERS)
def test_resumed_equals_uninterrupted_with_lookahead(name, pause, tmp_path):
    """In the middle of a player's round and at its ends."""
    own = OptimiserSettings(name=name, lookahead=3)
    training = settings(optimiser=own, players={"discriminator": PlayerSettings(lookahead=6, lookahead_share=0.8)})
    whole = TwoPlayers(repeats=2)
    records, state = run(whole, training)
    later, other, other_state = resumed(GAMES["two moves"], training, pause, RunFolder(tmp_path))
    assert later == records
    assert_same(everything(other, other_state), everything(whole, state))


@pytest.mark.parametrize("lookahead", [0, 3])
@pytest.mark.parametrize("name", OPTIMISERS)
def test_resumed_equals_uninterrupted_with_historical_averaging(name, lookahead, tmp_path):
    own = OptimiserSettings(name=name, historical_averaging=0.1, lookahead=lookahead)
    training = settings(optimiser=own, players={"discriminator": PlayerSettings(historical_averaging=0.5)})
    whole = TwoPlayers(repeats=2)
    records, state = run(whole, training)
    later, other, other_state = resumed(GAMES["two moves"], training, 7, RunFolder(tmp_path))
    assert later == records
    assert_same(everything(other, other_state), everything(whole, state))


def test_channels_last_moments_survive_a_resume(tmp_path):
    """Fused kernels walk weights and moments in memory order, so the layout of a loaded moment matters."""

    def game(seed=0):
        model = OnePlayer(seed)
        model.players["ae"] = nn.Sequential(
            nn.Unflatten(1, (WIDTH, 1, 1)),
            nn.Upsample(4),
            nn.Conv2d(WIDTH, 4, 3),
            nn.Conv2d(4, WIDTH, 2),
            nn.Flatten(),
        )
        return model

    whole = game()
    records, state = run(whole, settings())
    assert whole.players["ae"][3].weight.is_contiguous(memory_format=torch.channels_last)
    later, other, other_state = resumed(game, settings(), 7, RunFolder(tmp_path))
    assert later == records
    assert_same(everything(other, other_state), everything(whole, state))


def test_actions_of_the_caller_between_records_change_nothing():
    training = settings(ema=0.9)
    quiet, busy = TwoPlayers(), TwoPlayers()
    records, state = run(quiet, training)
    busy_state = start(busy, training)
    seen = []
    for record in play(busy, RandomBatches(), training, busy_state):
        seen.append(untimed(record))
        torch.randn(3)
        with busy_state.averaged(busy):
            busy.players["g"](torch.randn(4, WIDTH)).sum()
        for player in busy.players.values():
            player.eval()
            player(torch.zeros(2, WIDTH)).sum().backward()
    assert seen == records
    assert_same(everything(busy, busy_state), everything(quiet, state))


def test_training_leaves_the_callers_random_numbers_alone():
    torch.manual_seed(5)
    expected = torch.randn(3)
    model, training = OnePlayer(), settings()
    state = start(model, training)
    torch.manual_seed(5)
    next(play(model, RandomBatches(), training, state))
    assert torch.equal(torch.randn(3), expected)


@pytest.mark.parametrize("game", GAMES.values(), ids=GAMES)
def test_one_seed_is_one_run_and_another_is_another(game):
    first, first_state = run(first_model := game(), settings(seed=3))
    second, second_state = run(second_model := game(), settings(seed=3))
    other, _ = run(game(), settings(seed=4))
    assert first == second
    assert_same(everything(first_model, first_state), everything(second_model, second_state))
    assert first != other


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_weights_are_those_of_a_loop_by_hand(name):
    """One player without noise of its own: bit for bit, and so are the recorded means."""
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
    model, by_hand = OnePlayer(), OnePlayer()
    for game in (model, by_hand):
        game.players["ae"][3] = nn.Identity()
    training = settings(optimiser=OptimiserSettings(name=name))
    records, _ = run(model, training)

    network, batches = by_hand.players["ae"], RandomBatches()
    optimiser = kinds[name](network.parameters(), lr=1e-3, weight_decay=0.0, fused=True)
    generator = start(OnePlayer(), training).generator
    losses = []
    for step in range(training.steps):
        x, _ = batches[step]
        z = torch.randn(len(x), WIDTH, generator=generator)
        loss = (network(x + 0.1 * z) - x).square().sum(1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    for mine, theirs in zip(model.players["ae"].parameters(), network.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    assert [values["ae/loss"] for _, values in records] == pytest.approx(
        [math.fsum(part) / len(part) for part in (losses[:5], losses[5:10], losses[10:])], rel=1e-15
    )


def test_two_players_are_those_of_a_loop_by_hand():
    """Frozen players make no difference to those that move: bit for bit."""
    model, by_hand = TwoPlayers(repeats=2), TwoPlayers()
    for game in (model, by_hand):
        game.players["d"][2] = nn.Identity()
    training = settings()
    run(model, training)

    d, g, batches, number = by_hand.players["d"], by_hand.players["g"], RandomBatches(), 0
    optimisers = {name: torch.optim.Adam(by_hand.players[name].parameters(), fused=True) for name in "dg"}
    generator = start(TwoPlayers(), training).generator
    softplus = nn.functional.softplus
    for _ in range(training.steps):
        for _ in range(2):
            x, _ = batches[number]
            number += 1
            real, fake = d(x), d(g(torch.randn(len(x), WIDTH, generator=generator)).detach())
            optimisers["d"].zero_grad()
            (softplus(-real) + softplus(fake)).mean().backward()
            optimisers["d"].step()
        fake = d(g(torch.randn(len(x), WIDTH, generator=generator)))
        optimisers["g"].zero_grad()
        softplus(-fake).mean().backward()
        optimisers["g"].step()
    for name in "dg":
        assert_same(model.players[name].state_dict(), by_hand.players[name].state_dict())


@pytest.mark.slow
@given(tick=st.integers(1, 9), every=st.integers(1, 9), steps=st.integers(1, 20))
def test_a_record_is_the_mean_of_what_every_step_showed(tick, every, steps):
    model, training = OnePlayer(), settings(tick=tick, observe_every=every, steps=steps)
    records, _ = run(model, training)
    assert [step for step, _ in records] == sorted({*range(tick, steps + 1, tick), steps})
    begin = 0
    for end, values in records:
        losses = [loss for loss, _ in model.seen[begin:end]]
        errors = [error.mean().item() for _, error in model.seen[begin:end:every]]
        assert values["ae/loss"] == pytest.approx(math.fsum(losses) / len(losses), rel=1e-12)
        assert values["ae/error"] == pytest.approx(math.fsum(errors) / len(errors), rel=1e-12)
        begin = end


def test_series_and_batches_of_two_players():
    training, batches = settings(steps=5), RandomBatches()
    ((_, values),), _ = run(TwoPlayers(repeats=2), training, batches=batches)
    assert set(values) == {
        *(
            f"{player}/{quantity}"
            for player in "dg"
            for quantity in ("loss", "grad_norm", "update_ratio", "learning_rate")
        ),
        "d/real_score",
        "d/fake_score",
    }
    assert batches.asked == list(range(10))


def test_a_phase_without_data_gets_the_previous_batch():
    model = TwoPlayers()
    model.phases_ = model.phases_[::-1]
    training, batches = settings(steps=3), RandomBatches()
    state = start(model, training)
    state.pause = True
    assert list(play(model, batches, training, state))[-1] is not None
    assert batches.asked == [0, 0, 0, 1, 1, 2]  # every step of a paused run starts by fetching it again


def test_gradient_norm_is_that_before_clipping():
    own = OptimiserSettings(name="sgd", clip_norm=1e-6)
    ((_, free),), _ = run(OnePlayer(), settings(steps=1))
    ((_, clipped),), _ = run(OnePlayer(), settings(steps=1, optimiser=own))
    assert clipped["ae/grad_norm"] == free["ae/grad_norm"] > 1e-6


def test_clipping_bounds_the_step():
    model, before = OnePlayer(), OnePlayer()
    run(model, settings(steps=1, optimiser=OptimiserSettings(name="sgd", learning_rate=1.0, clip_norm=0.01)))
    pairs = zip(model.players["ae"].parameters(), before.players["ae"].parameters(), strict=True)
    moved = math.hypot(*(torch.linalg.vector_norm((a - b).detach()).item() for a, b in pairs))
    assert moved == pytest.approx(0.01, rel=1e-4)


def test_the_learning_rate_is_recorded_and_followed():
    own = OptimiserSettings(name="sgd", learning_rate=0.5, schedule="linear")
    records, _ = run(OnePlayer(), settings(steps=11, tick=1, optimiser=own))
    assert [values["ae/learning_rate"] for _, values in records] == pytest.approx([0.05 * n for n in range(10, -1, -1)])


def test_the_average_follows_every_step():
    """Recomputed by hand from the weights after every step, with the early correction."""
    model, training = TwoPlayers(), settings(tick=1, ema=0.3)
    state = start(model, training)
    weight = model.players["g"][0].weight
    expected = weight.detach().double()
    for step, _ in enumerate(play(model, RandomBatches(), training, state)):
        decay = min(0.3, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * weight.detach().double()
    torch.testing.assert_close(state.averages["g"].module[0].weight.double(), expected, atol=1e-6, rtol=1e-6)


def test_speed_counts_the_part_of_a_tick_before_a_pause(tmp_path):
    model, training = OnePlayer(), settings(tick=10, steps=10)
    state = start(model, training)
    next(play(model, pause_after(state, 4), training, state))
    assert 0 < state.tick_seconds == state.seconds
    other = OnePlayer()
    other_state = start(other, training)
    checkpoint.load(checkpoint.save(RunFolder(tmp_path), model, state), other, other_state)
    (record,) = play(other, RandomBatches(), training, other_state)
    assert record.values["time/steps_per_second"] == pytest.approx(10 / record.seconds)


def test_a_frozen_player_is_unchanged_and_has_no_gradient():
    model, training = TwoPlayers(), settings()
    model.phases_ = model.phases_[1:]
    d = model.players["d"]
    before = {key: value.clone() for key, value in d.state_dict().items()}
    after_backward = []
    state = start(model, training)
    state.optimisers["g"].register_step_pre_hook(
        lambda *_: after_backward.extend((p.requires_grad, p.grad) for p in d.parameters())
    )
    run(model, training, state=state)
    assert_same(d.state_dict(), before)
    assert after_backward == [(False, None)] * 4 * training.steps


def test_after_every_record_the_players_are_as_their_author_left_them():
    """Parameters frozen by the author stay frozen, the others require gradients again, and no gradient is left over."""
    model, training = TwoPlayers(), settings()
    frozen = model.players["g"][0].weight.requires_grad_(False)
    before = frozen.clone()
    for _ in play(model, RandomBatches(), training, start(model, training)):
        for player in model.players.values():
            for parameter in player.parameters():
                assert parameter.requires_grad == (parameter is not frozen)
                assert parameter.grad is None
    assert torch.equal(frozen, before)


def test_an_error_within_a_step_leaves_no_player_frozen():
    model, training = TwoPlayers(), settings()
    model.phases_ = (model.phases_[0], replace(model.phases_[1], loss=lambda *_: 1 / 0))
    with pytest.raises(ZeroDivisionError):
        run(model, training)
    assert all(p.requires_grad for player in model.players.values() for p in player.parameters())


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_non_finite_values_are_recorded_and_training_continues(value):
    model = OnePlayer()
    plain = model.loss

    def broken(nets, batch, noise):
        loss, observations = plain(nets, batch, noise)
        return (loss * value if len(model.seen) == 7 else loss), observations

    model.phases_ = (replace(model.phases_[0], loss=broken),)
    records, state = run(model, settings())
    assert [math.isfinite(values["ae/loss"]) for _, values in records] == [True, False, False]
    assert state.step == 14


def test_every_player_trains_in_training_mode():
    model, training = TwoPlayers(), settings(steps=2, tick=1)
    modes = []
    plain = model.d_loss

    def record_modes(nets, batch, noise):
        modes.append([player.training for player in nets.values()])
        return plain(nets, batch, noise)

    model.phases_ = (replace(model.phases_[0], loss=record_modes),)
    for _ in play(model, RandomBatches(), training, start(model, training)):
        for player in model.players.values():
            player.eval()
    assert modes == [[True, True]] * 2


def test_seconds_count_training_alone_and_continue(tmp_path):
    model, training = OnePlayer(), settings(tick=2)
    state = start(model, training)
    began = time.perf_counter()
    records = []
    for record in play(model, RandomBatches(), training, state):
        records.append(record)
        time.sleep(0.02)
    spent = time.perf_counter() - began
    record = records[-1]
    assert 0 < record.seconds == state.seconds < spent - 7 * 0.02
    assert record.values["time/steps_per_second"] > 0
    path = checkpoint.save(RunFolder(tmp_path), model, state)
    other_state = start(OnePlayer(), training)
    checkpoint.load(path, OnePlayer(), other_state)
    assert other_state.seconds == state.seconds


def test_bfloat16_forward_passes_keep_float32_weights_and_losses():
    model, training = OnePlayer(), settings()
    dtypes = []
    model.players["ae"][0].register_forward_hook(lambda module, inputs, output: dtypes.append(output.dtype))
    state = type(start(model, training)).start(model, training, replace(CPU, precision="bf16"))
    records, _ = run(model, training, state=state)
    assert set(dtypes) == {torch.bfloat16}
    assert {p.dtype for p in model.players["ae"].parameters()} == {torch.float32}
    full, _ = run(OnePlayer(), training)
    # Eight bits of mantissa: a relative error of 2^-8 an operation.
    assert records[0][1]["ae/loss"] == pytest.approx(full[0][1]["ae/loss"], rel=0.05)


class Halves(OnePlayer):
    """The one player as two that the same loss updates."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        layers = self.players["ae"]
        self.players = {"ae": layers[:3], "decoder": layers[3:]}
        self.roles = {"ae": "autoencoder", "decoder": "autoencoder"}
        whole = self.phases_[0].loss

        def loss(nets, batch, noise):
            return whole({"ae": lambda x: nets["decoder"](nets["ae"](x))}, batch, noise)

        self.phases_ = (Phase("ae", loss, also=("decoder",)),)


def test_players_that_one_loss_updates_learn_as_one_player_of_both():
    one, two = OnePlayer(), Halves()
    runs = {}
    for model in (one, two):
        state = start(model, settings())
        runs[model] = list(play(model, RandomBatches(), settings(), state))
    together = {**two.players["ae"].state_dict(), **two.players["decoder"].state_dict()}
    assert_same(one.players["ae"].state_dict(), together)
    assert {"decoder/grad_norm", "decoder/update_ratio", "decoder/learning_rate"} <= set(runs[two][-1].values)
    assert runs[one][-1].values["ae/loss"] == runs[two][-1].values["ae/loss"]


@pytest.mark.parametrize("gradient", [True, False])
def test_state_comes_out_of_every_update_and_is_not_recorded(gradient):
    model, counted = OnePlayer(), []
    whole = model.phases_[0].loss

    def loss(nets, batch, noise):
        return whole(nets, batch, noise)[0], {f"{KEPT}part/updates": torch.tensor(len(counted) + 1)}

    def keep(observations):
        counted.append(int(observations.pop(f"{KEPT}part/updates")))

    model.phases_ = (replace(model.phases_[0], loss=loss, keep=keep, gradient=gradient),)
    records = list(play(model, RandomBatches(), settings(), start(model, settings())))
    assert counted == list(range(1, settings().steps + 1))
    assert not any(KEPT in name for name in records[-1].values)

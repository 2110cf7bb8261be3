"""Which regime ruled each session: the forward and backward pass of a hidden Markov model.

Rabiner, A tutorial on hidden Markov models, Proceedings of the IEEE 77, 1989, with the scaling of
its section V. Likelihoods come in and probabilities go out; what needs logarithms is done before
and after.
"""

from __future__ import annotations

from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import Column


@kernel
def smooth(
    likelihood: Column,
    start: Column,
    move: Column,
    before: Column,
    after: Column,
    scale: Column,
    moved: Column,
) -> None:
    """How probable each state was at each session, given all of them.

    Args:
        likelihood: Of each session's returns in each state, up to a factor a session, shape
            (sessions, states), one of each row above zero.
        start: Probabilities of the states at the first session, shape (states,).
        move: Probabilities to move from one state to another, rows sum to 1, shape
            (states, states).
        before: Out: probabilities given the sessions up to each, shape (sessions, states).
        after: Out: probabilities given all sessions, the same shape.
        scale: Out: the likelihood of each session given those before it, up to its factor.
        moved: Out: expected number of moves from state to state, shape (states, states).
    """
    sessions, states = len(likelihood), len(start)
    for t in range(sessions):
        total = 0.0
        for k in range(states):
            chance = start[k]
            if t > 0:
                chance = 0.0
                for j in range(states):
                    chance += before[t - 1][j] * move[j][k]
            before[t][k] = chance * likelihood[t][k]
            total += before[t][k]
        scale[t] = total
        for k in range(states):
            # Where no state can explain a session, none is preferred.
            before[t][k] = before[t][k] / total if total > 0.0 else 1.0 / states
    for j in range(states):
        for k in range(states):
            moved[j][k] = 0.0
    for k in range(states):
        after[sessions - 1][k] = before[sessions - 1][k]
    for step in range(sessions - 1):
        t = sessions - 2 - step
        for j in range(states):
            after[t][j] = 0.0
        for k in range(states):
            reached = 0.0
            for j in range(states):
                reached += before[t][j] * move[j][k]
            if reached > 0.0:
                weight = after[t + 1][k] / reached
                for j in range(states):
                    both = before[t][j] * move[j][k] * weight
                    after[t][j] += both
                    moved[j][k] += both

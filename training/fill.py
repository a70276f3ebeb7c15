"""What the model is shown where a picture is hidden: the harmonic continuation of what is not.

Each hidden cell of the latent is the mean of its four neighbours (Laplace's equation; nothing flows across the
picture's border), so that colours and light run on smoothly and the model has only to add what is missing.
Where everything is hidden the fill is zero. The engine does the same (src/pipelines/image_conditioning.cpp).
"""

import numpy as np


def harmonic(source, hidden):
    """source [C,h,w], hidden [h,w] bool -> source with the hidden cells filled, float32."""
    source = np.asarray(source, np.float32)
    if not hidden.any():
        return source
    if hidden.all():
        return np.zeros_like(source)
    h, w = hidden.shape
    number = np.full((h, w), -1)
    number[hidden] = np.arange(hidden.sum())
    n = int(hidden.sum())
    system, known = np.zeros((n, n), np.float32), np.zeros((n, len(source)), np.float32)
    ys, xs = np.nonzero(hidden)
    for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        y, x = ys + dy, xs + dx
        inside = (y >= 0) & (y < h) & (x >= 0) & (x < w)
        row = np.arange(n)[inside]
        y, x = y[inside], x[inside]
        system[row, row] += 1
        beside = number[y, x]
        system[row[beside >= 0], beside[beside >= 0]] -= 1
        known[row[beside < 0]] += source[:, y[beside < 0], x[beside < 0]].T
    filled = source.copy()
    filled[:, hidden] = np.linalg.solve(system, known).T
    return filled

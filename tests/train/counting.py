"""An encoder whose vectors can be counted by hand."""

import numpy as np


class LetterEngine:
    """A text as the counts of its signs, by their code modulo 16, and one that is always there."""

    dim = 17

    def __call__(self, texts):
        found = np.zeros((len(texts), self.dim), np.float32)
        found[:, 16] = 0.1
        for row, text in zip(found, texts, strict=True):
            for sign in text:
                row[ord(sign) % 16] += 1
        return found

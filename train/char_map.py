"""Writes a table of one character to a text in SentencePiece's format, which tokenizers applies.

Four bytes with the length of a trie, the trie as a double array in units of four bytes
(darts-clone's), then the texts, each ended by a zero byte. The trie leads from a character's UTF-8
bytes to where its text begins. Knows nothing of what a table is for.
"""

import struct
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

_ROOM = 1 << 16  # units to begin with; doubled when they are used up
_VALUE = 1 << 31  # marks a unit that holds a value
_BLOCK = 256  # units; a reader may look at any byte's place in the last one


def precompiled(table: Mapping[str, str]) -> bytes:
    """The bytes for `tokenizers.normalizers.Precompiled`.

    Args:
        table: a single character, and what it shall become, without a zero byte.
    """
    texts = bytearray()
    root: dict[int, Any] = {}
    for sign, text in sorted(table.items()):
        node = root
        for byte in sign.encode():
            node = node.setdefault(byte, {})
        node[0] = len(texts)
        texts += text.encode() + b"\0"
    trie = _double_array(root).astype("<u4").tobytes()
    return struct.pack("<I", len(trie)) + trie + bytes(texts)


def _double_array(root: dict[int, Any]) -> "np.ndarray[Any, np.dtype[np.uint32]]":
    """Units: a node's children lie at its base, each at its byte by exclusive or."""
    units = np.zeros(_ROOM, dtype=np.uint32)
    used = np.zeros(_ROOM, dtype=bool)
    used[0] = True
    waiting: deque[tuple[int, dict[int, Any], int]] = deque([(0, root, 0)])
    free = 1  # no unit before it is
    while waiting:
        place, node, label = waiting.popleft()
        labels = np.array(sorted(node))
        base = free
        while base == place or used[base ^ labels].any():
            base += 1
            if base + _BLOCK >= len(used):
                units = np.concatenate([units, np.zeros_like(units)])
                used = np.concatenate([used, np.zeros_like(used)])
        used[base ^ labels] = True
        while used[free]:
            free += 1
        units[place] = label | ((place ^ base) << 10) | ((0 in node) << 8)
        for byte in map(int, labels):
            if byte == 0:
                units[base] = node[0] | _VALUE
            else:
                waiting.append((base ^ byte, node[byte], byte))
    last = int(np.flatnonzero(used)[-1])
    return units[: (last | (_BLOCK - 1)) + 1]

"""Which characters stand for which others where somebody spells to evade, and Hangul's own parts.

Only tables and what follows from them. Training twists words by maps of its own
(`train/moderation_evasion.py`), so that a model does not merely learn these backwards.
"""

from typing import Final

INITIALS: Final = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS: Final = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS: Final = "\0ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"  # the first: none
LAUGHTER: Final = frozenset("ㅋㅎㅠㅜㅡ")  # said for themselves, mostly again and again
_FIRST: Final = 0xAC00

# Conjoining and half-width jamo as the ones that stand alone.
ALONE: Final = (
    {chr(0x1100 + i): letter for i, letter in enumerate(INITIALS)}
    | {chr(0x1161 + i): letter for i, letter in enumerate(VOWELS)}
    | {chr(0x11A7 + i): letter for i, letter in enumerate(FINALS) if i}
)

# Letters of other scripts that nobody can tell from Latin ones.
LATIN: Final = (
    dict(zip("абвгдеёзіјкӏмнорсѕтухԁԛѡ", "a6brgeeзijklmhopcstyxdqw", strict=True))
    | dict(zip("АВЕЅІЈКМНОРСТУХ", "ABESIJKMHOPCTYX", strict=True))
    | dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True))
    | dict(zip("αβεικνορτυχ", "abeiKvoptux", strict=True))
    | {"ı": "i", "ɑ": "a", "ɡ": "g", "ƙ": "k"}
)
del LATIN["з"]

# Signs drawn like a vowel or a consonant; read so only beside a part of Hangul.
VOWEL_LIKE: Final = {
    **dict(zip("rRt卜ト├", "ㅏㅏㅏㅏㅏㅏ", strict=True)),
    **dict(zip("lI|1!丨｜ｌ", "ㅣㅣㅣㅣㅣㅣㅣㅣ", strict=True)),
    **dict(zip("-_ー一━─", "ㅡㅡㅡㅡㅡㅡ", strict=True)),
    **dict(zip("F┝", "ㅑㅑ", strict=True)),
    **dict(zip("H工ㅐ", "ㅐㅗㅐ", strict=True)),
    **dict(zip("T丁┬上┴┤", "ㅜㅜㅜㅗㅗㅓ", strict=True)),
}
CONSONANT_LIKE: Final = {
    **dict(zip("oO0〇○◯", "ㅇㅇㅇㅇㅇㅇ", strict=True)),
    **dict(zip("7フ¬", "ㄱㄱㄱ", strict=True)),
    **dict(zip("L乚∟", "ㄴㄴㄴ", strict=True)),
    **dict(zip("C匚⊏", "ㄷㄷㄷ", strict=True)),
    **dict(zip("己2", "ㄹㄹ", strict=True)),
    **dict(zip("口ロ□ㅁ", "ㅁㅁㅁㅁ", strict=True)),
    **dict(zip("人Λ∧^", "ㅅㅅㅅㅅ", strict=True)),
    **dict(zip("スズ", "ㅈㅈ", strict=True)),
    **dict(zip("E∈", "ㅌㅌ", strict=True)),
    **dict(zip("ヲ", "ㅋ", strict=True)),
}


def is_syllable(char: str) -> bool:
    """Whether it is a whole syllable of Hangul."""
    return "가" <= char <= "힣"


def is_part(char: str) -> bool:
    """Whether it is a part of Hangul that stands alone."""
    return "ㄱ" <= char <= "ㅣ"


def is_hangul(char: str) -> bool:
    """Whether it is a syllable or a part of one."""
    return is_syllable(char) or is_part(char)


def syllable(initial: str, vowel: str, final: str = "\0") -> str:
    """Put a syllable together of its parts."""
    place = (INITIALS.index(initial) * 21 + VOWELS.index(vowel)) * 28 + FINALS.index(final)
    return chr(_FIRST + place)


def parts(char: str) -> tuple[str, str, str]:
    """Take a syllable apart: initial, vowel, and the final or a NUL where there is none."""
    place = ord(char) - _FIRST
    return INITIALS[place // 588], VOWELS[place // 28 % 21], FINALS[place % 28]


def open_syllable(char: str) -> bool:
    """Whether it is a syllable without a final."""
    return is_syllable(char) and (ord(char) - _FIRST) % 28 == 0


def with_final(char: str, final: str) -> str:
    """An open syllable with a final put under it."""
    return chr(ord(char) + FINALS.index(final))

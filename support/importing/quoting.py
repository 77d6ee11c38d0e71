"""What a mail says anew: without the mails that it quotes, and without a signature.

The separators are those that FreeScout's mail reader knows, the common ones of Outlook, Gmail and
Apple Mail, and the Korean ones (research 5.6). Where nothing would be left, all of it stays.
"""

import re
from typing import Final

# The first line of what is quoted. Each stands alone on its line.
_LINES: Final = (
    # FreeScout's and other helpdesks' "reply above this line"
    r"[-#]{2,}\s*(?:Please )?reply above this line.*",
    r"##-\s*.*\s*-##",
    r"-{2,}\s*(?:Original Message|Original Appointment|Forwarded message|원본 메시지|원본 메일"
    r"|원본메시지|전달된 메시지|전달된 메일|원본 이메일|Ursprüngliche Nachricht|原始邮件"
    r"|Message d'origine|Αρχικό μήνυμα|Mensaje original|Mensagem original|Messaggio originale"
    r"|元のメッセージ)\s*-{2,}.*",
    r"_{20,}",
    # Gmail, Apple Mail, Thunderbird
    r"On\s.{6,200}?\s?wrote\s?:",
    r"Am\s.{6,200}?\s?schrieb.{0,200}?:",
    r"Le\s.{6,200}?\sa écrit\s?:",
    r"El\s.{6,200}?\sescribió\s?:",
    r"\d{4}[년./-].{2,200}?(?:님이 작성|님이 작성함|작성|wrote)\s?:",
    r".{0,200}<[^<>\s]+@[^<>\s]+>\s?님?이?\s?작성:?",
    # What Naver and Daum put over a quoted mail.
    r"-{3,}\s*$\n(?=\s*(?:보낸\s?사람|From|받는\s?사람|Subject|제목)\s*:)",
)
# Outlook's head of a quoted mail: several of these in a row.
_HEAD: Final = re.compile(
    r"^[>* \t\xa0\u3000]*(?:From|Von|De|보낸\s?사람|발신자|差出人|发件人)\s?:\s?.{1,300}\n"
    r"(?:[>\s*]*(?:Sent|Date|To|Cc|Subject|Gesendet|An|Betreff|Envoyé|À|Objet|보낸\s?날짜|받는\s?사람"
    r"|받는사람|날짜|참조|제목|수신자|送信日時|宛先|件名|发送时间|收件人|主题)\s?:\s?.{0,300}(?:\n|\Z)){1,6}",
    re.IGNORECASE | re.MULTILINE,
)
_ABOVE: Final = re.compile(
    r"^[ \t]*(?:" + "|".join(_LINES) + r")[ \t]*$", re.IGNORECASE | re.MULTILINE
)
_QUOTED: Final = re.compile(r"(?:^[ \t]*>.*(?:\n|\Z))+", re.MULTILINE)
# "-- " is the standard's own line over a signature.
_SIGNATURE: Final = re.compile(
    r"^(?:-- ?|—|(?:나의 )?(?:iPhone|iPad|갤럭시|Galaxy).{0,20}에서 보냄"
    r"|Sent from my .{1,40}|Sent from (?:Outlook|Mail|Yahoo).{0,40}|Get Outlook for .{1,20}"
    r"|Von meinem .{1,30} gesendet)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_MARKUP: Final = re.compile(
    r"""<(?:blockquote\b[^<>]*(?:type=["']?cite|gmail_quote|protonmail_quote)
    |div\b[^<>]*(?:class=["'][^"']*(?:gmail_quote|gmail_extra|yahoo_quoted|moz-cite-prefix|zmail_extra
        |protonmail_quote|tutanota_quote|mail_quote|original-message)
        |id=["'](?:divRplyFwdMsg|appendonsend|mail-editor-reference-message-container|replySplit
        |x_divRplyFwdMsg|OLK_SRC_BODY_SECTION|isForwardContent))
    |hr\b[^<>]*id=["']?(?:stopSpelling|replySplit)
    |p\b[^<>]*class=["']?gmail_quote|span\b[^<>]*class=["']js-signatureMarker)""",
    re.IGNORECASE | re.VERBOSE,
)
_HTML_SIGNATURE: Final = re.compile(
    r"""<(?:div|table|span|p)\b[^<>]*(?:class=["'](?:gmail_signature|moz-signature)
    |id=["'](?:Signature|AppleMailSignature|x_Signature)["'])""",
    re.IGNORECASE | re.VERBOSE,
)
_TAG: Final = re.compile(r"<[a-zA-Z/!][^<>]{0,2000}>")
_LONGEST: Final = 200_000  # characters that are looked through; no letter is as long


def cut_text(text: str) -> str:
    """Cut quoted mails and the signature off a plain text."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > _LONGEST:
        return text
    ends = [found.start() for pattern in (_ABOVE, _HEAD) if (found := pattern.search(text))]
    kept = text[: min(ends)] if ends else text
    kept = _QUOTED.sub("", kept)
    kept = _unsigned(kept).strip()
    return kept or text.strip()


def cut_html(markup: str) -> str:
    """Cut quoted mails and the signature off HTML: what begins them, and all behind it."""
    if len(markup) > 10 * _LONGEST:
        return markup
    ends = [
        found.start() for pattern in (_MARKUP, _HTML_SIGNATURE) if (found := pattern.search(markup))
    ]
    kept = markup[: min(ends)] if ends else markup
    return kept if _TAG.sub("", kept).strip(" \n\r\t\xa0&nbsp;") else markup


def cut_mail(body: str) -> str:
    """Cut quoted mails and the signature off a body, HTML or plain text."""
    return cut_html(body) if _TAG.search(body) else cut_text(body)


def _unsigned(text: str) -> str:
    found = _SIGNATURE.search(text)
    return text[: found.start()] if found else text

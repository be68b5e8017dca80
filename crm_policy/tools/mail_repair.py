"""Makes a broken mail readable, as a lenient mail program does before a strict one reads it.

Bytes in, bytes out. What had to be guessed or was lost is told as remarks, in a header of our own
(``REMARKS``) that a sender cannot forge: what he wrote there is removed.
"""

import base64
import binascii
import hashlib
import quopri
import re
from email import message_from_bytes, policy

REMARKS = "X-Crm-Policy-Remarks"
LENIENT = policy.compat32.clone(mangle_from_=False, max_line_length=None)

# What Chinese programs call GB2312 or GBK holds characters of its successor, GB18030.
SUPERSETS = {
    **dict.fromkeys(
        (
            "gb2312",
            "gb_2312-80",
            "gb2312-80",
            "euc-cn",
            "gbk",
            "x-gbk",
            "cp936",
            "ms936",
            "gb18030",
        ),
        "gb18030",
    ),
    **dict.fromkeys(("big5", "x-x-big5", "big5-hkscs", "cp950"), "big5hkscs"),
    "ks_c_5601-1987": "cp949",
    "hz-gb-2312": "hz",
    "unicode-1-1-utf-7": "utf-7",
}
GUESSES = ("utf-8", "gb18030", "big5hkscs")
ADDRESSES = re.compile(rb"[^\s<>,;:\"()\[\]]+@[^\s<>,;:\"()\[\]]+")
ENCODED_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=")
ENCODED_WORDS = re.compile(rf"{ENCODED_WORD.pattern}(?:\s+{ENCODED_WORD.pattern})*")
FOLDS = re.compile(r"[\r\n]+[ \t]*")
# Where servers note whom a mail was delivered to; the last ones only know the envelope.
RECIPIENT_HEADERS = (b"delivered-to", b"to", b"cc", b"resent-to", b"resent-cc")
ENVELOPE_HEADERS = (
    b"x-original-to",
    b"envelope-to",
    b"x-envelope-to",
    b"x-delivered-to",
    b"x-forwarded-to",
    b"apparently-to",
)
READABLE_TYPES = ("text", "multipart", "message", "audio", "image", "video", "application")


def header_block(raw):
    """Return the headers of a raw mail, unfolded: [(lower-case name, value)], bytes."""
    block = re.split(rb"\r?\n\r?\n", raw.lstrip(b"\r\n"), maxsplit=1)[0]
    lines = re.sub(rb"\r?\n[ \t]+", b" ", block).splitlines()
    pairs = [line.split(b":", 1) for line in lines if b":" in line]
    return [(name.strip().lower(), value.strip()) for name, value in pairs]


def recipients(raw):
    """Return the lower-case addresses in the headers that say whom a mail is for.

    :return: (those that a strict reader looks at, those that only the envelope knows).
    :rtype: tuple[set[str], set[str]]
    """
    found = {True: set(), False: set()}
    for name, value in header_block(raw):
        if name in RECIPIENT_HEADERS or name in ENVELOPE_HEADERS:
            addresses = ADDRESSES.findall(value)
            found[name in RECIPIENT_HEADERS] |= {
                address.decode("ascii", "ignore").lower() for address in addresses
            }
    return found[True], found[False] - found[True]


def references(raw):
    """Return the message ids that a raw mail says it answers."""
    values = [value for name, value in header_block(raw) if name in (b"in-reply-to", b"references")]
    return [
        reference.decode("ascii", "ignore")
        for value in values
        for reference in re.findall(rb"<[^<>\s]+>", value)
    ]


def glance(raw):
    """Return sender, subject and identity of a mail, however broken; never raises.

    :return: {"sender": lower-case address or "", "subject": text, "message_id": str}
    :rtype: dict
    """
    values = {}
    for name, value in header_block(raw):
        values.setdefault(name, value.replace(b"\0", b""))
    addresses = ADDRESSES.findall(values.get(b"from", b""))
    text = decode(values.get(b"subject", b""))[0]
    subject = ENCODED_WORDS.sub(lambda found: _words_text(found.group())[0], text)
    identity = re.search(rb"<[^<>\s]+>", values.get(b"message-id", b""))
    name = hashlib.sha256(raw).hexdigest()[:40]
    return {
        "sender": addresses[0].decode("ascii", "ignore").lower() if addresses else "",
        "subject": " ".join(re.sub(r"[\0\r\n]+", " ", subject).split()),
        "message_id": identity.group().decode("ascii", "ignore")
        if identity
        else f"<{name}@policy.invalid>",
    }


def decode(data, charset=None):
    """Return ``data`` as text and what is to be said about it.

    :param bytes data: what the mail holds.
    :param str charset: what the mail says it is; None if it does not say.
    :return: (text, "" | "charset": guessed | "unreadable": characters were lost).
    """
    declared = (charset or "").strip("\"' ").lower()
    known = SUPERSETS.get(declared, declared)
    for name in (known, *GUESSES) if known else GUESSES:
        try:
            text = data.decode(name)
        except (LookupError, UnicodeError, ValueError):
            continue
        guessed = declared and name != known and not data.isascii()
        unsaid = not declared and name != "utf-8"
        return text, "charset" if guessed or unsaid else ""
    return data.decode("utf-8", "replace"), "unreadable"


def repair(raw, delivered_to=()):
    """Return ``raw`` in a form that a strict reader understands, with its remarks.

    A mail that needs nothing comes back as it is.

    :param bytes raw: the mail as it came in.
    :param delivered_to: addresses that only the envelope knew; noted as Delivered-To.
    :return: (bytes, tuple of codes): charset, unreadable, structure, senders, no_sender.
    """
    mail = message_from_bytes(raw.lstrip(b"\r\n"), policy=LENIENT)
    remarks = set()
    changed = False
    for part in mail.walk():
        changed |= _repair_headers(part, remarks)
        changed |= _repair_body(part, remarks)
    changed |= _repair_envelope(mail, raw, delivered_to, remarks)
    if remarks:
        mail[REMARKS] = ",".join(sorted(remarks))
        changed = True
    return (mail.as_bytes(policy=LENIENT) if changed else raw), tuple(sorted(remarks))


def _repair_envelope(mail, raw, delivered_to, remarks):
    """Bring sender, recipients and identity of the mail in order; return whether it changed."""
    changed = REMARKS in mail
    del mail[REMARKS]
    senders = _raw_values(mail, "From")
    addresses = {
        address.lower()
        for value in senders
        for address in ADDRESSES.findall(value.encode("ascii", "surrogateescape"))
    }
    if len(addresses) > 1:
        remarks.add("senders")
    if not addresses:
        remarks.add("no_sender")
    if len(senders) > 1:
        del mail["From"]
        mail["From"] = senders[0]
        changed = True
    identity = "".join(_raw_values(mail, "Message-ID"))
    if not re.fullmatch(r"\s*<[^<>\s\[\]]+>\s*", identity):
        _rename(mail, raw)
        changed = True
    for address in sorted(delivered_to):
        mail["Delivered-To"] = address
        changed = True
    return changed


def rename(raw):
    """Return a repaired mail with an identity that follows from what it says."""
    mail = message_from_bytes(raw, policy=LENIENT)
    _rename(mail, raw)
    return mail.as_bytes(policy=LENIENT)


def _rename(mail, raw):
    """Give the same mail the same identity, however often it is delivered."""
    body = re.split(rb"\r?\n\r?\n", raw.lstrip(b"\r\n"), maxsplit=1)[-1]
    said = [value for name in ("From", "Date", "Subject") for value in _raw_values(mail, name)]
    text = "\n".join(said).encode("utf-8", "surrogateescape")
    del mail["Message-ID"]
    mail["Message-ID"] = f"<{hashlib.sha256(text + body).hexdigest()[:40]}@policy.invalid>"


def _raw_values(mail, name):
    """Return the values of a header as they stand there, not as objects that may not be printed."""
    return [str(value) for key, value in mail.raw_items() if key.lower() == name.lower()]


def _repair_headers(part, remarks):
    items = list(part.raw_items())
    fixed = [(name, _repair_header(str(value), remarks)) for name, value in items]
    if fixed == items:
        return False
    for name in {name for name, _value in items}:
        del part[name]
    for name, value in fixed:
        part[name] = value
    return True


def _repair_header(value, remarks):
    """Return a header value in UTF-8 only; the same object if it is fine."""
    data = value.encode("ascii", "surrogateescape").replace(b"\0", b"")
    text, remark = decode(data)
    text = text.replace("\0", "")
    if remark:
        remarks.add(remark)
    text = ENCODED_WORDS.sub(lambda found: _repair_words(found.group(), remarks), text)
    plain = text.encode("utf-8").decode("ascii", "surrogateescape")
    return value if plain == value else FOLDS.sub(" ", plain)


def _repair_words(words, remarks):
    """Return neighbouring encoded words in UTF-8; as they are if they are fine."""
    parts = ENCODED_WORD.findall(words)
    text, found = _words_text(words)
    remarks |= found
    clean = re.sub(r"[\0\r\n]+", " ", text)
    fine = len(parts) == 1 and parts[0][0].lower() == "utf-8" and clean == text
    return words if fine else _encoded(clean)


def _words_text(words):
    """Return the text of neighbouring encoded words and the remarks about it.

    Words of one charset are joined before they are read: careless programs cut a character
    between two of them.
    """
    pieces = [
        (charset.partition("*")[0].lower(), _word_bytes(kind, text))
        for charset, kind, text in ENCODED_WORD.findall(words)
    ]
    if len({charset for charset, _data in pieces}) == 1:
        pieces = [(pieces[0][0], b"".join(data for _charset, data in pieces))]
    decoded = [decode(data, charset) for charset, data in pieces]
    return "".join(text for text, _remark in decoded), {remark for _t, remark in decoded if remark}


def _encoded(text):
    return f"=?utf-8?b?{base64.b64encode(text.encode()).decode('ascii')}?="


def _word_bytes(kind, text):
    data = text.encode("ascii", "ignore")
    if kind in "qQ":
        return quopri.decodestring(data, header=True)
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return data


def _repair_body(part, remarks):
    """Make the body of one part readable; return whether it changed."""
    kind = part.get_content_maintype()
    if kind == "multipart" and not part.is_multipart():
        part.set_type("text/plain")
        remarks.add("structure")
        kind = "text"
        changed = True
    else:
        changed = False
    if kind not in READABLE_TYPES or part.get_content_type() == "message/partial":
        part.set_type("application/octet-stream")
        return True
    if kind == "image" and part.get("Content-ID") and not part.get_filename():
        # Without a name a strict reader does not find the picture that the text shows.
        part.set_param("name", f"picture.{part.get_content_subtype()}")
        return True
    if kind != "text" or part.is_multipart():
        return changed
    return _repair_text(part, remarks) or changed


def _repair_text(part, remarks):
    data = part.get_payload(decode=True) or b""
    try:
        charset = part.get_content_charset()
    except (LookupError, UnicodeError, ValueError):
        charset = "unknown"
    text, remark = decode(data, charset)
    attached = part.get_filename() or part.get_content_disposition() == "attachment"
    if attached:
        if remark or (charset and charset in SUPERSETS):
            # An attachment keeps its bytes.
            part.set_type("application/octet-stream")
            return True
        return False
    read_well = charset not in SUPERSETS if charset else data.isascii()
    if not remark and "\0" not in text and read_well:
        return False
    if remark:
        remarks.add(remark)
    text = text.replace("\0", "")
    del part["Content-Transfer-Encoding"]
    part["Content-Transfer-Encoding"] = "base64"
    part.set_param("charset", "utf-8")
    part.set_payload(base64.encodebytes(text.encode("utf-8", "replace")).decode("ascii"))
    return True

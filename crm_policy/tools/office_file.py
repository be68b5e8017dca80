"""The outside of a Word or Excel file that a stranger made, looked at before it is opened."""

import zipfile
from dataclasses import dataclass
from io import BytesIO

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# A document type declares entities, which can grow without end; no Office file has one.
_DOCTYPES = tuple("<!DOCTYPE".encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be"))
_PIECE = 1024 * 1024  # bytes unpacked at a time
_CONTENT_TYPES = "[Content_Types].xml"


class OfficeError(ValueError):
    """The file is not opened; ``args[0]`` is one of the codes of :func:`check_container`."""


@dataclass(frozen=True)
class Limits:
    """How big a file may be.

    :ivar int size: bytes of the file.
    :ivar int unpacked: bytes of all its parts.
    :ivar int parts: how many.
    """

    size: int
    unpacked: int
    parts: int


def check_container(content, main, limits):
    """Look at the outside: what the file is, how big it becomes, what it must not hold.

    :param bytes content: the file.
    :param str main: how the part begins without which it is another kind of file, "xl/workbook".
    :param Limits limits: how big it may be.
    :raises OfficeError: "empty", "size", "old" (an Office file from before 2007), "encrypted",
        "other" (another kind of file), "macros", "bomb" (too big once unpacked), "damaged".
    """
    if not content:
        raise OfficeError("empty")
    if len(content) > limits.size:
        raise OfficeError("size")
    if content.startswith(_OLE):
        raise OfficeError("encrypted" if _ENCRYPTED in content else "old")
    try:
        with zipfile.ZipFile(BytesIO(content)) as parts:
            _check_parts(parts, main, limits)
    except OfficeError:
        raise
    except Exception as error:  # no archive; or what a forged part makes the library raise
        raise OfficeError("damaged" if content.startswith(b"PK") else "other") from error


def _check_parts(parts, main, limits):
    infos = parts.infolist()
    names = {info.filename for info in infos}
    if _CONTENT_TYPES not in names or not any(name.startswith(main) for name in names):
        raise OfficeError("other")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise OfficeError("macros")
    if len(infos) > limits.parts or sum(info.file_size for info in infos) > limits.unpacked:
        raise OfficeError("bomb")
    for info in infos:  # whatever they are called: a sheet may have any name
        _check_part(parts, info, limits)
    if b"macroEnabled" in parts.read(_CONTENT_TYPES):
        raise OfficeError("macros")


def _check_part(parts, info, limits):
    """Unpack a part piece by piece; its declared size is not believed."""
    unpacked, tail = 0, b""
    with parts.open(info) as part:
        while piece := part.read(_PIECE):
            unpacked += len(piece)
            if unpacked > limits.unpacked:
                raise OfficeError("bomb")
            if any(mark in tail + piece for mark in _DOCTYPES):
                raise OfficeError("damaged")
            tail = piece[-32:]

"""Files that customers send: how many, how large, and what they really are."""

import os
import re
from typing import NamedTuple

from odoo.http import request
from odoo.tools.mimetypes import guess_mimetype

MEGABYTE = 1024 * 1024
LONGEST_NAME = 100  # characters
IMAGES = frozenset(
    f"image/{kind}" for kind in ("jpeg", "png", "gif", "webp", "bmp", "heic", "heif", "tiff")
)
PHOTOS = IMAGES | {"application/pdf"}
# Nothing that a browser would run or draw as a page: HTML, SVG, scripts and programs stay out.
DOCUMENTS = (
    PHOTOS
    | {
        "text/plain",
        "text/csv",
        "application/zip",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "video/mp4",
        "video/quicktime",
        "video/webm",
    }
    | {
        f"application/vnd.openxmlformats-officedocument.{kind}"
        for kind in (
            "wordprocessingml.document",
            "spreadsheetml.sheet",
            "presentationml.presentation",
        )
    }
    | {f"application/vnd.oasis.opendocument.{kind}" for kind in ("text", "spreadsheet")}
)


class Upload(NamedTuple):
    name: str
    content: bytes
    mimetype: str  # by the content, whatever the sender calls it


def read_uploads(fields, limits, allowed):
    """Return the files of some form fields and what is wrong with them.

    A file is measured before it is read; one that is refused is not read at all.

    :param fields: names of the form fields.
    :param dict limits: ``max_files`` and ``max_file_mb``.
    :param allowed: types by content.
    :return: (list of :class:`Upload`, list of sentences for the sender).
    """
    env = request.env
    posted = request.httprequest.files
    files = [file for name in fields for file in posted.getlist(name) if file.filename]
    if len(files) > limits["max_files"]:
        return [], [
            env._(
                "You chose %(count)s files; %(limit)s at most can be sent.",
                count=len(files),
                limit=limits["max_files"],
            )
        ]
    uploads, problems = [], []
    for file in files:
        name = clean_name(file.filename)
        if file.stream.seek(0, os.SEEK_END) > limits["max_file_mb"] * MEGABYTE:
            problems.append(
                env._(
                    "%(file)s is larger than %(limit)s MB.", file=name, limit=limits["max_file_mb"]
                )
            )
            continue
        file.stream.seek(0)
        content = file.stream.read()
        mimetype = guess_mimetype(content) if content else ""
        if mimetype not in allowed:
            problems.append(env._("%(file)s is of a type that cannot be sent here.", file=name))
            continue
        uploads.append(Upload(name, content, mimetype))
    return uploads, problems


def upload_hint(limits):
    """Return the sentence that tells, before anything is chosen, how much can be sent."""
    return request.env._(
        "At most %(count)s files of %(size)s MB each.",
        count=limits["max_files"],
        size=limits["max_file_mb"],
    )


def clean_name(filename):
    """Return the file's own name without folders and control characters, not too long."""
    name = re.sub(r"[\x00-\x1f\x7f]", "", re.split(r"[/\\]", filename)[-1]).strip(" .")
    stem, extension = os.path.splitext(name)
    return (stem[: LONGEST_NAME - len(extension)] + extension[:LONGEST_NAME]) or "file"

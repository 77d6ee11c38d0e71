"""Files that strangers might hand in as pictures, each made on the spot."""

import io
import struct
import zlib
from functools import cache

from PIL import Image, ImageDraw

MARK = b"37.5665N-126.9780E"  # where it was taken; stands in everything that a file can carry


def drawn(size=(64, 48), mode="RGB"):
    """Red left of the middle, blue right of it."""
    picture = Image.new("RGB", size, (220, 20, 20))
    ImageDraw.Draw(picture).rectangle([size[0] // 2, 0, *size], (20, 20, 220))
    return picture.convert(mode)


def saved(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*chunks, size=(8, 8), depth=8, colour=2):
    """A PNG of given chunks between its header and its pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0))
    rows = zlib.compress(bytes(1 + 3 * 8) * 8)
    body = b"".join(chunks) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + body


def jpeg_of_size(width, height):
    """A JPEG whose header says another size than its data has."""
    data = bytearray(saved(drawn(), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def webp_of_size(side):
    data = bytearray(saved(drawn(), "WEBP", lossless=True))
    at = data.index(b"VP8L") + 9
    data[at : at + 4] = struct.pack("<I", (side - 1) | (side - 1) << 14)
    return bytes(data)


def marked_exif():
    """EXIF with a place, a thumbnail and a note, and a quarter turn to the right."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = MARK.decode()
    exif.get_ifd(0x8825)[29] = MARK.decode()
    return exif.tobytes() + saved(drawn((16, 16)), "JPEG", comment=MARK)


XMP = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + MARK + b"</x:xmpmeta>"


@cache
def marked(kind):
    """A picture that says where it was taken in every way of its kind."""
    picture = drawn()
    if kind == "JPEG":
        data = saved(picture, kind, exif=marked_exif(), comment=MARK, icc_profile=MARK * 8)
        more = b"\xff\xe1" + struct.pack(">H", len(XMP) + 2) + XMP
        iptc = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(MARK)) + MARK
        more += b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc
        return data[:2] + more + data[2:] + MARK
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        words = PngInfo()
        words.add_text("Comment", MARK.decode())
        words.add_itxt("XML:com.adobe.xmp", MARK.decode())
        words.add(b"prVt", MARK)
        return saved(picture, kind, exif=marked_exif(), pnginfo=words, icc_profile=MARK) + MARK
    return saved(
        picture, kind, exif=marked_exif(), xmp=XMP, icc_profile=MARK * 8, lossless=True
    ) + MARK  # fmt: skip


def looping_exif():
    """Two directories, each the next of the other, and a note of four billion bytes."""
    entry = struct.pack("<HHII", 0x010E, 2, 0xFFFFFFFF, 8)
    one = struct.pack("<H", 1) + entry + struct.pack("<I", 26)
    two = struct.pack("<H", 1) + entry + struct.pack("<I", 8)
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + one + two


def frames(kind, count=200):
    """A film."""
    some = [Image.new("RGB", (16, 16), (i, 255 - i, 90)) for i in range(count)]
    return saved(some[0], kind, save_all=True, append_images=some[1:], duration=40)


@cache
def not_for_us():
    """Files of kinds that are not decoded, and of none: by name."""
    picture = drawn()
    found = {
        kind.lower(): saved(picture.convert("P") if kind == "GIF" else picture, kind)
        for kind in ("GIF", "BMP", "TIFF", "DDS", "ICO", "PPM", "TGA", "SGI", "PCX", "EPS", "PDF")
    }
    return found | {
        "icns": saved(drawn((64, 64), "RGBA"), "ICNS"),
        "psd": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 8, 8, 8, 3) + bytes(300),
        "fits": b"SIMPLE  =                    T".ljust(80) + b"END".ljust(2800),
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "svgz": zlib.compress(b"<svg/>"),
        "html": b"<!doctype html><script>alert(1)</script>",
        "gif and html": b"GIF89a/*\0\0\0\0\0*/=1;</script><script>alert(1)</script>",
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) (r) file\n",
        "pdf and jpeg": b"%PDF-1.4\n" + saved(picture, "JPEG"),
        "nothing": b"",
        "one byte": b"\xff",
        "magic of jpeg": b"\xff\xd8\xff\xe0",
        "magic of png": b"\x89PNG\r\n\x1a\n",
        "magic of webp": b"RIFF\xff\xff\xff\xffWEBPVP8X",
        "zeros": bytes(100_000),
        "riff of sound": b"RIFF\x24\0\0\0WAVEfmt " + bytes(24),
    }


@cache
def bombs():
    """Files that are small and ask for very much: by name."""
    many = zlib.compress(bytes(64 << 20), 9)
    half = zlib.compress(b"x" * (1 << 20), 9)
    return {
        "png of 400 million": png(size=(20_000, 20_000)),
        "png of 2^62": png(size=(2**31 - 1, 2**31 - 1)),
        "png one over": png(size=(64_000_001, 1)),
        "jpeg of 4 billion": jpeg_of_size(65_500, 65_500),
        "webp of 268 million": webp_of_size(16_384),
        "zTXt": png(chunk(b"zTXt", b"Comment\0\0" + many)),
        "iTXt": png(chunk(b"iTXt", b"Comment\0\1\0\0\0" + many)),
        "iCCP": png(chunk(b"iCCP", b"icc\0\0" + many)),
        "many zTXt": png(*[chunk(b"zTXt", b"C%d\0\0" % i + half) for i in range(80)]),
        "pixels that are not there": png(size=(8000, 8000)),
        "png of no rows": png(size=(8, 0)),
        "jpeg of no rows": jpeg_of_size(64, 0),
    }


@cache
def usual():
    """Pictures that people do hand in, in every way of writing them: by name."""
    exif = {"exif": looping_exif()}
    clear = drawn(mode="RGBA")
    clear.putalpha(255)
    return {
        "jpeg": saved(drawn(), "JPEG", quality=95, subsampling=0),
        "progressive jpeg": saved(drawn(), "JPEG", quality=95, subsampling=0, progressive=True),
        "cmyk jpeg": saved(drawn(mode="CMYK"), "JPEG", quality=95, subsampling=0),
        "jpeg of two": saved(
            drawn(), "MPO", save_all=True, append_images=[drawn()], quality=95, subsampling=0
        ),
        "jpeg with looping exif": saved(drawn(), "JPEG", quality=95, subsampling=0, **exif),
        "jpeg and html": saved(drawn(), "JPEG", comment=b"<script>", subsampling=0) + b"<html>",
        "jpeg and pdf": saved(drawn(), "JPEG", quality=95, comment=b"%PDF-1.4 ", subsampling=0),
        "png": saved(drawn(), "PNG"),
        "png and zip": saved(drawn(), "PNG") + b"PK\x03\x04",
        "rgba png": saved(clear, "PNG"),
        "palette png": saved(drawn(mode="P"), "PNG"),
        "palette png with a clear colour": saved(drawn(mode="P"), "PNG", transparency=255),
        "palette png with clear colours": saved(drawn(mode="P"), "PNG", transparency=b"\xff" * 256),
        "webp": saved(drawn(), "WEBP", quality=98),
        "lossless webp": saved(drawn(), "WEBP", lossless=True),
    }  # fmt: skip

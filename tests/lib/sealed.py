# sealed: makes objects of a far store as a member of the team seals them. See core/far/format.h and core/far/key.h.
import hashlib

STEP, RESULT, BUNDLE = b"vtS3", b"vtP1", b"vtB1"                       # how each begins
STEP_DOMAIN, RESULT_DOMAIN = b"vt far step 2", b"vt far result 1"      # what a seal is for


def number(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def sized(data):
    return number(len(data)) + data


def mac(key, data):
    return hashlib.blake2b(data, key=key, digest_size=32).digest()


def seal(team, domain, name, digest):
    """The team's seal of an object's name and the SHA-256 behind it."""
    return mac(mac(team, b"vt seals 1\0"), sized(domain) + sized(name) + sized(digest))

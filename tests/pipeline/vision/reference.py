"""face_recognition, which the product's encodings are compared with.

It imports pkg_resources, whose deprecation warning would be an error here, and calls quit() when that fails.
"""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import face_recognition

__all__ = ["face_recognition"]

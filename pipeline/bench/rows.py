"""The rows of the benchmark, in the order in which they run."""

from pipeline.bench.results import Kind, Row

ROWS = (
    Row("encode", Kind.FASTER, 15, "encode one chip, 1 thread", "face_encodings of the same face"),
    Row("cnn_detect", Kind.FASTER, 10, "cnn on 640 x 480, 1 thread", 'face_locations(model="cnn")'),
    Row("press", Kind.FASTER, 5, "press to decision, default detector", "HOG twice, encode, face_distance"),
    Row("press_yunet", Kind.FASTER, 20, "press to decision, yunet", "HOG twice, encode, face_distance"),
    Row("video", Kind.FASTER, 4, "a frame of a clip, default detector", "locate, encode, compare every face"),
    Row("video_yunet", Kind.FASTER, 15, "a frame of a clip, yunet", "locate, encode, compare every face"),
    Row("idle", Kind.AT_MOST, 1.5, "CPU a frame, watching a still scene", "decoding the same frames"),
    Row("match_10k", Kind.FASTER, 10, "search in 10,000 encodings", "face_distance and argmin"),
    Row("match_1m", Kind.FASTER, 8, "search in 1,000,000 encodings", "face_distance and argmin"),
    Row("overhead", Kind.SHARE, 0.8, "captures through Celery and database", "the engine in a plain loop"),
    Row("two_workers", Kind.SHARE, 1.6, "captures with two workers", "with one"),
    Row("memory", Kind.AT_MOST, 1, "resident memory, recognition worker", "face_recognition, encoded once"),
)
NAMES = tuple(row.name for row in ROWS)

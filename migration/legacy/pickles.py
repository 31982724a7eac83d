"""A pickle read as data: a machine of its own that knows lists, text, numbers, and calls that are on a list.

Python's unpickler stays out of it: even with every global refused, a crafted file makes it allocate
gigabytes for a memo, change the functions it may call (BUILD), or overflow the stack in a hash.
"""

import pickletools
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from migration.legacy.errors import SourceError

MAX_OPCODES = 1_000_000
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_INTEGERS = ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1")
_TEXTS = ("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8")
_BYTES = ("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8")
_VALUES = frozenset((*_INTEGERS, *_TEXTS, *_BYTES))
_EMPTY: Mapping[str, Callable[[], object]] = {"EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_DICT": dict}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class Fillable(Protocol):
    def set_state(self, state: object) -> None:
        """What BUILD does. Raises SourceError."""


Globals = Mapping[str, Callable[..., object]]


def read_pickle(content: bytes, known: Globals) -> object:
    """Return the value that a pickle of any protocol builds.

    known: `module.name` to what is called instead of it. Raises SourceError, and nothing else, whatever
    the bytes are.
    """
    machine = _Machine(known)
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(content)):
            if count >= MAX_OPCODES:
                raise SourceError(f"refused: more than {MAX_OPCODES:,} pickle instructions")
            machine.step(opcode.name, argument)
        return machine.result
    except (ValueError, TypeError, LookupError, OverflowError, AttributeError, MemoryError, RecursionError) as error:
        raise SourceError("not a readable pickle: it is damaged or cut off") from error


class _Machine:
    def __init__(self, known: Globals) -> None:
        self.result: object = None
        self._known = known
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, object] = {}

    def step(self, name: str, argument: Any) -> None:
        if name in _VALUES:
            self._stack.append(argument)
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            self._stack.append(_EMPTY[name]())
        elif name in _TUPLES:
            self._stack.append(tuple(self._take(_TUPLES[name])))
        elif name.endswith("PUT") or name == "MEMOIZE":
            self._memo[len(self._memo) if argument is None else argument] = self._stack[-1]
        elif name.endswith("GET"):
            self._stack.append(self._memo[argument])
        elif name not in ("PROTO", "FRAME"):
            self._structure(name, argument)

    def _structure(self, name: str, argument: Any) -> None:
        match name:
            case "MARK":
                self._marks.append(len(self._stack))
            case "LIST":
                self._stack.append(self._since_mark())
            case "TUPLE":
                self._stack.append(tuple(self._since_mark()))
            case "DICT":
                pairs = self._since_mark()
                self._stack.append(_with_pairs({}, pairs))
            case "APPEND":
                self._fill_list(self._take(1))
            case "APPENDS":
                self._fill_list(self._since_mark())
            case "SETITEM":
                self._fill_dict(self._take(2))
            case "SETITEMS":
                self._fill_dict(self._since_mark())
            case _:
                self._call(name, argument)

    def _call(self, name: str, argument: Any) -> None:
        match name:
            case "GLOBAL":
                self._stack.append(self._find(str(argument).replace(" ", ".", 1)))
            case "STACK_GLOBAL":
                module, attribute = self._take(2)
                self._stack.append(self._find(f"{module}.{attribute}"))
            case "REDUCE":
                function, arguments = self._take(2)
                if not any(function is known for known in self._known.values()) or not isinstance(arguments, tuple):
                    raise SourceError("refused: it calls what is not a function")
                self._stack.append(function(*arguments))
            case "BUILD":
                (state,) = self._take(1)
                self._stack[-1].set_state(state)
            case "STOP":
                (self.result,) = self._take(1)
            case _:
                raise SourceError(f"refused: it holds the pickle instruction {name}, which no such file needs")

    def _find(self, name: str) -> Callable[..., object]:
        try:
            return self._known[name]
        except KeyError:
            raise SourceError(f"refused: it calls {name[:100]!r}; a malicious or foreign file") from None

    def _take(self, count: int) -> list[Any]:
        taken = self._stack[-count:]
        if len(taken) != count:
            raise SourceError("not a readable pickle: it is damaged")
        del self._stack[-count:]
        return taken

    def _since_mark(self) -> list[Any]:
        mark = self._marks.pop()
        taken = self._stack[mark:]
        del self._stack[mark:]
        return taken

    def _fill_list(self, items: list[Any]) -> None:
        if not isinstance(self._stack[-1], list):
            raise SourceError("not a readable pickle: it is damaged")
        self._stack[-1].extend(items)

    def _fill_dict(self, pairs: list[Any]) -> None:
        if not isinstance(self._stack[-1], dict):
            raise SourceError("not a readable pickle: it is damaged")
        _with_pairs(self._stack[-1], pairs)


def _with_pairs(found: dict[str, object], pairs: list[Any]) -> dict[str, object]:
    keys = pairs[::2]
    # Only text is hashed: a tuple nested 100,000 deep would overflow the stack.
    if not all(isinstance(key, str) for key in keys):
        raise SourceError("not a readable pickle: a key is no text")
    found.update(zip(keys, pairs[1::2], strict=True))
    return found

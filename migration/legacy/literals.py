"""Python text as data: the syntax tree is walked, nothing is evaluated."""

import ast
import math
from dataclasses import dataclass

MAX_DEPTH = 20
LARGEST = 1e15
# Too large or too deep for the parser, or no Python at all.
PARSE_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)

_NUMPY = {"float64": float, "float32": float, "str_": str}
_NAMES = {"inf": math.inf, "nan": math.nan}


class NotLiteral(ValueError):
    """The text is code, or a value of a kind that is not expected."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is read beside plain constants, lists, tuples and dicts.

    numpy: `inf`, `nan`, `np.float64(0.4)` and the like, as `repr` writes them.
    arithmetic: `2 * 1024 * 1024`, as people write it.
    """

    numpy: bool = False
    arithmetic: bool = False


def parse_literal(text: str, dialect: Dialect) -> object:
    """Return the value that `text` writes down. Raises NotLiteral."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except PARSE_ERRORS as error:
        raise NotLiteral("it is cut off or damaged") from error
    return literal(tree.body, dialect)


def literal(node: ast.expr, dialect: Dialect, depth: int = 0) -> object:
    """Return the value of a syntax tree. Raises NotLiteral."""
    if depth > MAX_DEPTH:
        raise NotLiteral("it is nested too deeply")
    match node:
        case ast.Constant(value=str() | int() | float() | None):
            return node.value
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [literal(item, dialect, depth + 1) for item in items]
        case ast.Dict():
            return _dict(node, dialect, depth)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            number = _number(literal(operand, dialect, depth + 1))
            return -number if isinstance(node.op, ast.USub) else number
        case ast.Name(id=name) if dialect.numpy and name in _NAMES:
            return _NAMES[name]
        case ast.Call() if dialect.numpy:
            return _numpy_value(node, dialect, depth)
        case ast.BinOp() if dialect.arithmetic:
            return _arithmetic(node, dialect, depth)
        case _:
            raise NotLiteral("it holds code instead of data")


def _dict(node: ast.Dict, dialect: Dialect, depth: int) -> dict[object, object]:
    found: dict[object, object] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        name = None if key is None else literal(key, dialect, depth + 1)
        if not isinstance(name, str):
            raise NotLiteral("a key is no text")
        found[name] = literal(value, dialect, depth + 1)
    return found


def _numpy_value(node: ast.Call, dialect: Dialect, depth: int) -> object:
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr=name), args=[argument], keywords=[]
        ) if name in _NUMPY:
            value = literal(argument, dialect, depth + 1)
            if _NUMPY[name] is str:
                return value if isinstance(value, str) else _refuse()
            # numpy writes np.float64('nan') nowhere, but np.float64(nan) and np.float64(inf).
            return float(_number(value))
        case _:
            return _refuse()


def _refuse() -> object:
    raise NotLiteral("it holds code instead of data")


def _number(value: object) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotLiteral("a number is missing")
    return value


def _arithmetic(node: ast.BinOp, dialect: Dialect, depth: int) -> float | int:
    left = _number(literal(node.left, dialect, depth + 1))
    right = _number(literal(node.right, dialect, depth + 1))
    match node.op:
        case ast.Add():
            result = left + right
        case ast.Sub():
            result = left - right
        case ast.Mult():
            result = left * right
        case _:
            raise NotLiteral("it holds code instead of data")
    if not abs(result) <= LARGEST:
        raise NotLiteral("a number is too large")
    return result

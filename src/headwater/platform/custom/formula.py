"""Formulas: what one may say, checked before it is kept, and what it gives for a record.

The text is read into a tree, as Python reads an expression, and is never run as Python. Only the parts named here may
stand in it: names of fields, numbers, texts, signs, comparisons and our own functions. What each part is, a number or
a date, follows from the fields, so that a wrong formula is refused as it is written, with the place. There is no loop
and nothing is raised to a power, so length and depth limit what a formula can cost.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException, DivisionByZero, InvalidOperation, Overflow
from decimal import localcontext as in_context
from functools import lru_cache
from typing import Any, Final

from simpleeval import InvalidExpression, SimpleEval

from headwater.platform.custom.functions import BEFORE, BETWEEN, COMPARISONS, FUNCTIONS, SIGNS, WORDS, Holds, Unreckoned
from headwater.platform.translated import gettext as _

LONGEST: Final = 1_000
MOST_PARTS: Final = 300
DEEPEST: Final = 80
_EXACT: Final = Context(
    prec=34, rounding=ROUND_HALF_UP, Emax=60, Emin=-60, traps=[Overflow, DivisionByZero, InvalidOperation]
)
_CONSTANTS: Final = {"TRUE": True, "FALSE": False}

# As people write it elsewhere, in as many characters as Python needs; texts stay as they are.
_WRITTEN = re.compile(
    r""" ("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*') | \b(AND|OR|NOT)\b | (\bif\b)(?=\s*\() | (<>) """, re.X
)
_ONE_EQUAL = re.compile(r"""(?:"[^"]*"|'[^']*'|[^"'=<>!:]|[<>!=:]=)*=(?!=)""")


class Faulty(ValueError):
    """What is wrong with a formula, in words, and at which character, counted from 1."""

    def __init__(self, told: str, at: int, part: str = "") -> None:
        where = _("At character %(at)s, “%(part)s”:") if part else _("At character %(at)s:")
        super().__init__(f"{where % {'at': at, 'part': part}} {told}")
        self.at = at


@dataclass(frozen=True)
class Named:
    """Something a formula can name: a field of the record, what it holds, and which choices it has."""

    key: str
    label: str
    holds: Holds
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Formula:
    """A formula that was read: its text, the tree it stands for, and the fields it names."""

    text: str
    tree: ast.expr
    uses: frozenset[str]


@lru_cache(maxsize=512)
def read(text: str) -> Formula:
    """What a text says, whether its names mean something or not.

    Raises:
        Faulty: it is no formula, or has more in it than formulas may.
    """
    if len(text) > LONGEST:
        raise Faulty(_("At most %s characters.") % LONGEST, LONGEST + 1)
    if not text.strip():
        raise Faulty(_("Write a formula."), 1)
    line = _WRITTEN.sub(_as_python, text.replace("\n", " ").replace("\r", " ").replace("\t", " "))
    begun = line.lstrip()
    try:
        tree = ast.parse(begun, mode="eval").body
    except SyntaxError as error:
        raise _unread(line, (error.offset or 1) + len(line) - len(begun)) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise Faulty(_("This is too entangled, or has characters that mean nothing."), 1) from error
    parts = list(ast.walk(tree))
    if len(parts) > MOST_PARTS:
        raise Faulty(_("This has too many parts. Take some of them into a formula of their own."), 1)
    uses = {part.id for part in parts if isinstance(part, ast.Name)} - {
        call.func.id for call in parts if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    }
    return Formula(text, tree, frozenset(uses - _CONSTANTS.keys()))


def _as_python(found: re.Match[str]) -> str:
    text, word, condition, _unequal = found.groups()
    if text:
        return str(text)
    return "IF" if condition else str(word).lower() if word else "!="


def _unread(line: str, at: int) -> Faulty:
    if found := _ONE_EQUAL.match(line):
        return Faulty(_("Write == for “is equal to”."), found.end())
    return Faulty(_("This cannot be read as a formula from here on."), max(1, min(at, len(line))))


# ---------------------------------------------------------------- checking


def check(formula: Formula, names: Mapping[str, Named]) -> Holds | None:
    """What a formula gives, if all in it fits together; None for one that never gives anything.

    Raises:
        Faulty: a name or function that is none, or parts that do not go together.
    """
    return _Check(formula, names).of(formula.tree, 0)


class _Check:
    """Goes through a formula, part by part, and says what each is."""

    def __init__(self, formula: Formula, names: Mapping[str, Named]) -> None:
        self.formula, self.names = formula, names
        self.known: dict[type[ast.AST], Callable[[Any, int], Holds | None]] = {
            ast.Constant: self._constant, ast.Name: self._name, ast.UnaryOp: self._before, ast.BinOp: self._between,
            ast.BoolOp: self._joined, ast.Compare: self._compared, ast.Call: self._call,
        }  # fmt: skip

    def of(self, part: ast.AST, depth: int) -> Holds | None:
        known = self.known.get(type(part))
        if known is None:
            raise self._fault(part, _("This cannot be used in formulas."))
        if depth > DEEPEST:
            raise self._fault(part, _("This goes too deep. Take some of it into a formula of its own."))
        return known(part, depth + 1)

    def _fault(self, part: Any, told: str) -> Faulty:
        text = self.formula.text
        begun = len(text) - len(text.lstrip())
        in_bytes = text.lstrip().encode()
        start, end = getattr(part, "col_offset", 0), getattr(part, "end_col_offset", 0) or 0
        shown = in_bytes[start:end].decode(errors="replace")
        return Faulty(told, len(in_bytes[:start].decode(errors="replace")) + begun + 1, shown[:40])

    def _must_be(self, part: ast.AST, depth: int, wanted: frozenset[Holds]) -> Holds | None:
        found = self.of(part, depth)
        if found is not None and found not in wanted:
            needed = " / ".join(str(WORDS[each]) for each in Holds if each in wanted)
            told = _("This is %(found)s; here %(needed)s is needed.")
            raise self._fault(part, told % {"found": WORDS[found], "needed": needed})
        return found

    def _constant(self, part: ast.Constant, depth: int) -> Holds:
        value = part.value
        if isinstance(value, bool):
            return Holds.YES_NO
        if isinstance(value, str):
            return Holds.TEXT
        if isinstance(value, int | float) and abs(value) < 10**30:
            return Holds.NUMBER
        raise self._fault(part, _("This cannot be used in formulas."))

    def _name(self, part: ast.Name, depth: int) -> Holds:
        if part.id in _CONSTANTS:
            return Holds.YES_NO
        if part.id not in self.names:
            raise self._fault(part, _("There is no field of this name that formulas can use."))
        return self.names[part.id].holds

    def _before(self, part: ast.UnaryOp, depth: int) -> Holds | None:
        wanted = BEFORE.get(type(part.op))
        if wanted is None:
            raise self._fault(part, _("This cannot be used in formulas."))
        self._must_be(part.operand, depth, frozenset({wanted}))
        return wanted

    def _between(self, part: ast.BinOp, depth: int) -> Holds | None:
        pairs = BETWEEN.get(type(part.op))
        if pairs is None:
            raise self._fault(part, _("This sign cannot be used in formulas."))
        one, other = self.of(part.left, depth), self.of(part.right, depth)
        if one is None or other is None:
            return one or other
        if (one, other) not in pairs:
            told = _("%(one)s and %(other)s do not go together here. TEXT(…) makes a text of a number or date.")
            raise self._fault(part, told % {"one": WORDS[one], "other": WORDS[other]})
        return pairs[(one, other)]

    def _joined(self, part: ast.BoolOp, depth: int) -> Holds:
        for each in part.values:
            self._must_be(each, depth, frozenset({Holds.YES_NO}))
        return Holds.YES_NO

    def _compared(self, part: ast.Compare, depth: int) -> Holds:
        if not all(isinstance(each, COMPARISONS) for each in part.ops):
            raise self._fault(part, _("This sign cannot be used in formulas."))
        self._alike(part, [self.of(each, depth) for each in (part.left, *part.comparators)])
        for one, other in zip([part.left, *part.comparators], part.comparators, strict=False):
            self._choice(one, other)
            self._choice(other, one)
        return Holds.YES_NO

    def _choice(self, name: ast.AST, value: ast.AST) -> None:
        """A field of choices is compared with one of its own: another could never be found."""
        if not isinstance(name, ast.Name) or not isinstance(value, ast.Constant):
            return
        codes = self.names[name.id].choices if name.id in self.names else ()
        if codes and value.value not in codes:
            told = _("This is none of its choices: %(codes)s.") % {"codes": ", ".join(codes[:20])}
            raise self._fault(value, told)

    def _alike(self, part: ast.AST, kinds: Sequence[Holds | None]) -> Holds | None:
        found = [kind for kind in kinds if kind is not None]
        if len(set(found)) > 1:
            told = _("%(one)s and %(other)s do not go together here. TEXT(…) makes a text of a number or date.")
            other = next(each for each in found if each != found[0])
            raise self._fault(part, told % {"one": WORDS[found[0]], "other": WORDS[other]})
        return found[0] if found else None

    def _call(self, part: ast.Call, depth: int) -> Holds | None:
        if not isinstance(part.func, ast.Name) or part.keywords:
            raise self._fault(part, _("This cannot be used in formulas."))
        function = FUNCTIONS.get(part.func.id.upper())
        if function is None:
            raise self._fault(part.func, _("There is no function of this name."))
        least = function.least or len(function.takes)
        if len(part.args) < least or (len(part.args) > len(function.takes) and not function.several):
            raise self._fault(part, _("It is written %s.") % function.written)
        last = len(function.takes) - 1
        kinds = [self._must_be(each, depth, function.takes[min(at, last)]) for at, each in enumerate(part.args)]
        return function.gives or self._alike(part, kinds[function.alike :])


# ---------------------------------------------------------------- reckoning


class Reckoner(SimpleEval):  # type: ignore[misc]
    """Works formulas out that were checked. Nothing but the parts that checking knows is known to it either."""

    def __init__(self) -> None:
        super().__init__(operators=SIGNS, functions={}, names={})
        self.nodes = {
            ast.Constant: self._eval_constant, ast.Name: self._eval_name, ast.UnaryOp: self._eval_unaryop,
            ast.BinOp: self._eval_binop, ast.BoolOp: self._eval_boolop, ast.Compare: self._eval_compare,
            ast.Call: self._eval_call,
        }  # fmt: skip

    def result(self, formula: Formula, values: Mapping[str, Any]) -> Any:
        """What a formula gives for these values of its fields; None for nothing.

        Raises:
            Unreckoned: there is no result for them, such as where it divides by zero.
        """
        self.names = {**_CONSTANTS, **values}
        try:
            with in_context(_EXACT):
                return self.eval(formula.text, previously_parsed=formula.tree)
        except DecimalException as error:
            raise Unreckoned(_("The number gets too large.")) from error
        except InvalidExpression as error:  # a name that was known when it was checked
            raise Unreckoned(_("It names something that is not there any more.")) from error

    def _eval_constant(self, node: ast.Constant) -> Any:
        value = node.value
        return value if isinstance(value, bool | str) else Decimal(str(value))

    def _eval_boolop(self, node: ast.BoolOp) -> bool | None:
        """What is not known stays unknown, unless another part decides it."""
        decides = isinstance(node.op, ast.Or)
        is_unknown = False
        for each in node.values:
            found: bool | None = self._eval(each)
            if found is decides:
                return decides
            if found is None:
                is_unknown = True
        return None if is_unknown else not decides

    def _eval_call(self, node: ast.Call) -> Any:
        assert isinstance(node.func, ast.Name)
        name, parts = node.func.id.upper(), node.args
        if name == "IF":  # only the part that counts is worked out
            condition = self._eval(parts[0])
            chosen = [] if condition is None else parts[1:2] if condition else parts[2:3]
            return self._eval(chosen[0]) if chosen else None
        if name == "FIRST":
            return next((value for part in parts if (value := self._eval(part)) is not None), None)
        values = [self._eval(part) for part in parts]
        if name == "EMPTY":
            return values[0] is None or values[0] == ""
        run = FUNCTIONS[name].run
        assert run is not None
        return None if None in values else run(*values)

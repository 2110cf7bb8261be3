"""`dataclass` for values: what `dataclasses.dataclass` makes, in a third of the time.

The standard one compiles six functions a class, which for the hundred classes of a plan was a
quarter of `trimtab plan` (see docs/decisions/0011). Here one is compiled, `__init__`; the others
are shared. A value without slots is filled in less than half the time as well. What is more than
`frozen=True`, with `slots=True` or `eq=False` beside it, is left to the standard one.
"""

from __future__ import annotations

LATER = "later"
"""Marks a field, in its metadata, that values written by earlier versions have not."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    import dataclasses
    from dataclasses import MISSING, FrozenInstanceError, fields
    from functools import partial
    from operator import attrgetter

    def dataclass(cls=None, /, **options):
        """As `dataclasses.dataclass`; type checkers are told that it is."""
        if options not in _OURS:
            make = dataclasses.dataclass(**options)
        else:
            make = partial(_frozen, slots="slots" in options, eq="eq" not in options)
        return make if cls is None else make(cls)

    _OURS = (
        {"frozen": True, "slots": True},
        {"frozen": True},
        {"frozen": True, "eq": False},
    )

    def _frozen(cls, *, slots, eq):
        own = set(vars(cls))
        # Where a class has no text its signature would be written out as one, which takes 8 ms.
        cls.__doc__ = cls.__doc__ or cls.__name__
        # Only what no function is compiled for: fields, slots and the names for `match`.
        cls = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
        methods = {**_SHARED, "__init__": _init(cls, slots=slots)}
        methods |= _COPIED if slots else {}
        methods |= _compared(cls) if eq else {}
        for name, method in methods.items():
            if name not in own:
                setattr(cls, name, method)
        return cls

    def _init(cls, *, slots):
        """An `__init__` that sets each field past `__setattr__`, which refuses."""
        known = {"MISSING": MISSING, "set_": object.__setattr__}
        # Where there are no slots, the dictionary itself is the shortest way past it.
        takes, lines = ["self"], [] if slots else [" self_ = self.__dict__\n"]
        for field in fields(cls):
            assert field.init, "every field is an argument"
            assert not field.kw_only, "every field may be given by place"
            assert field.name not in ("self_", "set_", "MISSING"), "what is at work here"
            name, default = field.name, f"default_{field.name}"
            value = name
            if field.default is not MISSING:
                known[default] = field.default
                takes.append(f"{name}={default}")
            elif field.default_factory is not MISSING:
                known[default] = field.default_factory
                takes.append(f"{name}=MISSING")
                value = f"{default}() if {name} is MISSING else {name}"
            else:
                takes.append(name)
            put = f"set_(self, {name!r}, {value})" if slots else f"self_[{name!r}] = {value}"
            lines.append(f" {put}\n")
        if hasattr(cls, "__post_init__"):
            lines.append(" self.__post_init__()\n")
        exec(f"def __init__({', '.join(takes)}):\n{''.join(lines)}", known)
        init = known["__init__"]
        init.__qualname__ = f"{cls.__qualname__}.__init__"
        init.__module__ = cls.__module__
        init.__annotations__ = {field.name: field.type for field in fields(cls)} | {"return": None}
        return init

    def _compared(cls):
        """Equality and hash by the fields that are compared, of values of the same class."""
        values = attrgetter(*(field.name for field in fields(cls) if field.compare))

        def equal(self, other):
            if other.__class__ is not self.__class__:
                return NotImplemented
            return values(self) == values(other)

        def hashed(self):
            return hash(values(self))

        return {"__eq__": equal, "__hash__": hashed}

    def _repr(self):
        shown = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    def _refuse_set(self, name, value):
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def _refuse_delete(self, name):
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def _state(self):
        return [getattr(self, field.name) for field in fields(self)]

    def _set_state(self, state):
        for field, value in zip(fields(self), state, strict=True):
            object.__setattr__(self, field.name, value)

    _SHARED = {
        "__repr__": _repr,
        "__setattr__": _refuse_set,
        "__delattr__": _refuse_delete,
    }
    _COPIED = {"__getstate__": _state, "__setstate__": _set_state}

"""Frozen dataclasses that cost next to nothing to define.

`dataclasses` loads `inspect`, `ast` and `tokenize`, and compiles six methods for every
class: together more than half of what it takes to load a saved scorecard into a new
process. Only ``__init__`` is compiled here. `dataclasses` is loaded when somebody asks
for `fields`, `replace` or `asdict` of an instance, which work as usual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    # To a type checker they are dataclasses, and so they are in what they do.
    from dataclasses import dataclass, field

__all__ = ["dataclass", "field"]


class _Field:
    """A default made for each instance, or a part neither shown nor compared."""

    __slots__ = ("is_apart", "options")

    def __init__(self, options: dict[str, Any], is_apart: bool) -> None:
        self.options = options
        self.is_apart = is_apart


class _FactoryMark:
    """Stands in a signature for a default that is made anew."""

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY = _FactoryMark()

if not TYPE_CHECKING:

    def dataclass(
        *, frozen: bool, slots: bool, eq: bool = True
    ) -> Callable[[type], type]:
        """Return a decorator that makes a frozen dataclass with slots."""
        if not frozen or not slots:
            msg = "Lean dataclasses are frozen and have slots; use dataclasses."
            raise TypeError(msg)
        return lambda cls: _made(cls, eq)

    def field(
        *,
        default_factory: Callable[[], Any] | None = None,
        compare: bool = True,
        repr: bool = True,  # noqa: A002 - named as in dataclasses
    ) -> Any:
        """Return what stands for a field that needs more than a default."""
        if compare is not repr:
            msg = "A part of a lean dataclass is shown if it is compared."
            raise TypeError(msg)
        options: dict[str, Any] = {"compare": compare, "repr": repr}
        if default_factory is not None:
            options["default_factory"] = default_factory
        return _Field(options, not compare)


def _made(cls: type, eq: bool) -> type:
    """Return the class anew, with slots in the place of annotations and defaults."""
    types = dict(cls.__annotations__)
    given = {name: vars(cls)[name] for name in types if name in vars(cls)}
    body = {name: part for name, part in vars(cls).items() if name not in given}
    for name in ("__dict__", "__weakref__"):
        body.pop(name, None)
    body["__slots__"] = body["__match_args__"] = tuple(types)
    body["__apart__"] = tuple(
        [n for n, v in given.items() if isinstance(v, _Field) and v.is_apart]
    )
    for methods in (_Frozen, _Equal) if eq else (_Frozen,):
        for name, method in vars(methods).items():
            if callable(method):
                body.setdefault(name, method)
    for part in ("__dataclass_fields__", "__dataclass_params__"):
        body[part] = _Later(part, types, given)
    new: type = type(cls)(cls.__name__, cls.__bases__, body)
    new.__init__ = _init(new, types, given)  # type: ignore[misc]
    return new


def _init(
    cls: type, types: dict[str, str], given: dict[str, Any]
) -> Callable[..., None]:
    """Compile ``__init__``: it sets each slot, and is the only compiled method."""
    scope: dict[str, Any] = {"_FACTORY": _FACTORY}
    head, body = [], []
    for name in types:
        # Setting a slot by its descriptor passes by the frozen `__setattr__`.
        scope[f"_set_{name}"] = cls.__dict__[name].__set__
        default = given.get(name, _FACTORY)
        value = name
        if isinstance(default, _Field):
            factory = default.options.get("default_factory")
            if factory is not None:
                head.append(f"{name}=_FACTORY")
                scope[f"_make_{name}"] = factory
                value = f"_make_{name}() if {name} is _FACTORY else {name}"
            else:
                head.append(name)
        elif name in given:
            head.append(f"{name}=_default_{name}")
            scope[f"_default_{name}"] = default
        else:
            head.append(name)
        body.append(f" _set_{name}(self, {value})")
    if hasattr(cls, "__post_init__"):
        body.append(" self.__post_init__()")
    source = f"def __init__(self, {', '.join(head)}):\n" + "\n".join(body)
    exec(source, scope)
    init: Callable[..., None] = scope["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__annotations__ = {**types, "return": None}
    return init


class _Frozen:
    """Methods of every such class."""

    __match_args__: tuple[str, ...]
    __apart__: tuple[str, ...]

    def __repr__(self) -> str:
        names = [name for name in self.__match_args__ if name not in self.__apart__]
        parts = ", ".join([f"{name}={getattr(self, name)!r}" for name in names])
        return f"{type(self).__qualname__}({parts})"

    def __setattr__(self, name: str, value: object) -> None:
        from dataclasses import FrozenInstanceError

        msg = f"cannot assign to field {name!r}"
        raise FrozenInstanceError(msg)

    def __delattr__(self, name: str) -> None:
        from dataclasses import FrozenInstanceError

        msg = f"cannot delete field {name!r}"
        raise FrozenInstanceError(msg)

    def __getstate__(self) -> list[Any]:
        return [getattr(self, name) for name in self.__match_args__]

    def __setstate__(self, state: list[Any]) -> None:
        for name, value in zip(self.__match_args__, state, strict=True):
            object.__setattr__(self, name, value)

    def __replace__(self, /, **changes: Any) -> Any:  # copy.replace, from Python 3.13
        from dataclasses import replace

        return replace(self, **changes)  # type: ignore[type-var]


class _Equal:
    """Methods of those that are equal where their parts are."""

    __match_args__: tuple[str, ...]
    __apart__: tuple[str, ...]

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return _compared(self) == _compared(other)

    def __hash__(self) -> int:
        return hash(_compared(self))


def _compared(one: Any) -> tuple[Any, ...]:
    apart = one.__apart__
    return tuple([getattr(one, n) for n in one.__match_args__ if n not in apart])


class _Later:
    """What `dataclasses` looks for in a class, made when it looks."""

    __slots__ = ("_given", "_part", "_types")

    def __init__(self, part: str, types: dict[str, str], given: dict[str, Any]) -> None:
        self._part = part
        self._types = types
        self._given = given

    def __get__(self, instance: object, owner: type) -> Any:
        from dataclasses import field as full_field
        from dataclasses import make_dataclass

        items: list[Any] = []
        for name, kind in self._types.items():
            default = self._given.get(name, _FACTORY)
            if isinstance(default, _Field):
                items.append((name, kind, full_field(**default.options)))
            elif name in self._given:
                items.append((name, kind, full_field(default=default)))
            else:
                items.append((name, kind))
        model = make_dataclass(owner.__name__, items, frozen=True)
        found = getattr(model, self._part)
        setattr(owner, self._part, found)
        return found

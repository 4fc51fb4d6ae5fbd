"""Our named tuples do what the library's do."""

from __future__ import annotations

import copy
import pickle
from typing import Generic, TypeVar

import pytest

from respool._wire.tuples import NamedTuple

T = TypeVar("T")


class Place(NamedTuple):
    """Where something is."""

    host: str
    port: int = 6379

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"


class Box(NamedTuple, Generic[T]):
    content: T


def test_fields_are_given_by_place_by_name_or_by_default() -> None:
    assert Place("a", 1) == Place(port=1, host="a") == Place("a", port=1) == ("a", 1)
    assert Place("a") == Place(host="a") == ("a", 6379)


def test_fields_are_read_by_name_and_in_order() -> None:
    host, port = place = Place("a", 1)
    assert (host, port) == (place.host, place.port) == (place[0], place[1])
    assert place.name == "a:1"


@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), (("a", 1, 2), {}), (("a",), {"host": "b"}), (("a",), {"depth": 1}), ((), {"port": 1})],
)
def test_what_does_not_fit_is_refused(values: tuple[object, ...], named: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="Place takes host, port: each once"):
        Place(*values, **named)  # type: ignore[arg-type] # on purpose


def test_nothing_can_be_assigned() -> None:
    with pytest.raises(AttributeError):
        Place("a").port = 1  # type: ignore[misc] # on purpose
    with pytest.raises(AttributeError):
        Place("a").nonsense = 1  # type: ignore[attr-defined] # on purpose


def test_they_may_be_generic() -> None:
    assert Box[int](1) == Box(1) == (1,)
    assert repr(Box("a")) == "Box(content='a')"


def test_the_usual_helpers_are_there() -> None:
    place = Place("a")
    assert repr(place) == "Place(host='a', port=6379)"
    assert place._asdict() == {"host": "a", "port": 6379}
    assert place._replace(port=1) == Place("a", 1) == Place._make(["a", 1])
    assert Place._fields == ("host", "port")
    assert Place._field_defaults == {"port": 6379}


def test_they_are_copied_and_pickled_as_they_are() -> None:
    for twin in (copy.deepcopy(Place("a")), pickle.loads(pickle.dumps(Place("a")))):
        assert twin == Place("a")
        assert type(twin) is Place


def test_they_are_matched_by_place() -> None:
    match Place("a", 1):
        case Place(host, 1):
            assert host == "a"
        case _:
            raise AssertionError("not matched")


def test_a_class_below_one_keeps_its_fields() -> None:
    class Corner(Place):
        pass

    assert Corner("a").port == 6379

"""What Wan models describe."""

from dataclasses import replace

import pytest

from polyreel_inference.engines.wan.offer import Offer
from polyreel_inference.engines.wan.parameters import describe_model
from polyreel_inference.host.description import check_description
from polyreel_inference.host.engine import EngineDescription, InputRole
from tests.wan.jobs import DISTILLED, I2V, T2V, TWO_EXPERTS, kind_of

FIRST_AND_LAST = replace(I2V, name="flf2v", last_image="required")


@pytest.mark.parametrize(
    "offer", [T2V, I2V, DISTILLED, TWO_EXPERTS, FIRST_AND_LAST], ids=lambda one: one.name
)
def test_the_host_takes_every_description(offer: Offer) -> None:
    check_description(EngineDescription("wan", "1", (describe_model(offer),), "cpu", 1))


def test_only_models_that_can_end_on_a_picture_take_one() -> None:
    image = InputRole("image", required=True)
    assert kind_of(describe_model(T2V)).inputs == ()
    assert kind_of(describe_model(I2V)).inputs == (image,)
    assert kind_of(describe_model(TWO_EXPERTS)).inputs == (image, InputRole("last_image"))
    assert kind_of(describe_model(FIRST_AND_LAST)).inputs == (image, InputRole("last_image", required=True))


def test_only_models_that_begin_with_a_picture_alone_go_on_in_fragments() -> None:
    most = {
        offer.name: one.maximum
        for offer in (T2V, I2V, TWO_EXPERTS, FIRST_AND_LAST)
        for one in kind_of(describe_model(offer)).parameters
        if one.name == "num_fragments"
    }
    assert most == {"t2v": 1, "i2v": 16, "a14b": 16, "flf2v": 1}

"""Who is in the picture and who of them speaks which track."""

from collections.abc import Sequence
from dataclasses import dataclass

from polyreel_inference.engines.infinitetalk.speakers.areas import Area, area_beside, halves
from polyreel_inference.engines.infinitetalk.transformer.speaker_places import MOST_SPEAKERS
from polyreel_inference.host.errors import EngineError, ErrorCode


@dataclass(frozen=True)
class Cast:
    """The people of a video.

    `tracks` tells for each of them which sound file they speak (counted from 0), None for the silent ones.
    `areas` are their places in the source picture in the same order, empty when there is but one person: then
    everything that has lips speaks.
    """

    tracks: tuple[int | None, ...]
    areas: tuple[Area, ...]


def choose_cast(
    width: int, height: int, sounds: int, areas: Sequence[Area] = (), speaker: int | None = None
) -> Cast:
    """Give `sounds` sound files to the people at `areas` of a picture of `width` x `height` pixels.

    Without areas one file is everybody's and two are those of the left and of the right half. Files go to
    areas in their order; areas left over belong to silent people. One file may be given to person `speaker`
    (1 is the first area, or the left half); the others are silent. A single area gets a silent person beside
    it, so that nobody else moves their lips. Raises `EngineError` for what does not match and for more people
    than the model tells apart.
    """
    if sounds < 1:
        raise _invalid("Nobody speaks: give at least one sound file.")
    if speaker is not None and sounds > 1:
        raise _invalid("A speaker can be chosen for one sound file only; several go to the people in order.")
    people = list(areas)
    if not people and (sounds == 2 or speaker is not None):
        people = list(halves(width, height))
    if not people and sounds == 1:
        return Cast((0,), ())
    if len(people) < sounds:
        raise _invalid(
            f"There are {sounds} sound files but {len(people)} boxes or masks; give one for each speaker."
        )
    if len(people) > MOST_SPEAKERS:
        raise _invalid(
            f"There are {len(people)} people, but the model tells at most {MOST_SPEAKERS} apart; leave out"
            " boxes of people who are silent."
        )
    if speaker is not None and not 1 <= speaker <= len(people):
        raise _invalid(f"Person {speaker} cannot speak: there are {len(people)} people.")
    if len(people) == 1:
        people.append(area_beside(people[0]))
    first = 0 if speaker is None else speaker - 1
    tracks = tuple(person - first if 0 <= person - first < sounds else None for person in range(len(people)))
    return Cast(tracks, tuple(people))


def _invalid(message: str) -> EngineError:
    return EngineError(ErrorCode.INVALID_INPUT, message)

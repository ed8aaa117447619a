"""Something whose life can be watched."""

import weakref


class Payload:
    """Stands for frames of a video."""

    def __init__(self, number: int) -> None:
        self.number = number


class Watch:
    """Makes payloads and knows how many live at a time."""

    def __init__(self) -> None:
        self._references: list[weakref.ref[Payload]] = []
        self.most_alive = 0

    @property
    def alive(self) -> int:
        return sum(reference() is not None for reference in self._references)

    def payload(self, number: int) -> Payload:
        made = Payload(number)
        self._references.append(weakref.ref(made))
        self.most_alive = max(self.most_alive, self.alive)
        return made

"""Faces in pictures: the detectors and the mesh every engine that touches faces may use."""

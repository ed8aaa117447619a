"""Generate the Python code of ../proto into polyreel_inference/generated, unless it is up to date."""

import hashlib
import shutil
import sys
import tempfile
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

INFERENCE = Path(__file__).resolve().parent.parent
PROTO_ROOT = INFERENCE.parent / "proto"
TARGET = INFERENCE / "polyreel_inference" / "generated"
STAMP = "stamp.txt"


def fingerprint(protos: list[Path]) -> str:
    """Hash of everything the generated code depends on."""
    digest = hashlib.sha256(version("grpcio-tools").encode())
    digest.update(Path(__file__).read_bytes())
    for proto in protos:
        digest.update(str(proto.relative_to(PROTO_ROOT)).encode() + b"\0" + proto.read_bytes())
    return digest.hexdigest()


def generate(protos: list[Path], folder: Path) -> None:
    """Run protoc; the code imports itself as `polyreel.engine.v1`, so `folder` must be on the import path."""
    from grpc_tools import protoc  # noqa: PLC0415 - slow to import, not needed when nothing changed

    arguments = [
        "protoc",
        f"--proto_path={PROTO_ROOT}",
        f"--proto_path={files('grpc_tools') / '_proto'}",
        f"--python_out={folder}",
        f"--pyi_out={folder}",
        f"--grpc_python_out={folder}",
        *(str(proto) for proto in protos),
    ]
    if protoc.main(arguments) != 0:
        sys.exit("protoc failed; its messages stand above.")


def main() -> None:
    """Generate into a fresh folder and swap it in, so that no reader ever sees half of it."""
    protos = sorted(PROTO_ROOT.rglob("*.proto"))
    if not protos:
        sys.exit(f"No .proto files under {PROTO_ROOT}; run this inside a complete checkout.")
    wanted = fingerprint(protos)
    stamp = TARGET / STAMP
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    with tempfile.TemporaryDirectory(dir=TARGET.parent, prefix=".generated-") as scratch:
        fresh = Path(scratch) / "new"
        fresh.mkdir()
        generate(protos, fresh)
        (fresh / STAMP).write_text(wanted)
        if TARGET.exists():
            shutil.move(TARGET, Path(scratch) / "old")
        shutil.move(fresh, TARGET)


if __name__ == "__main__":
    main()

"""Touches. One dialect under libFuzzer, in a process of its own: `… tests.fuzz.engine DIALECT CORPUS …`."""

import sys

import atheris

atheris.enabled_hooks.add("str")  # not "RegEx": its stand-in for a pattern breaks those who use one
with atheris.instrument_imports(include=["ingest"]):
    from tests.fuzz.target import Failure, Target, swapped


def main(name: str, arguments: list[str]) -> None:
    target = Target(name)

    def run(data: bytes) -> None:
        try:
            target.run(data)
        except Failure as failure:
            print(f"FOUND in {name}: {failure}", flush=True)
            raise

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        changed = swapped(data, seed) if seed % 3 == 0 else None
        return changed[:most] if changed else atheris.Mutate(data, most)

    atheris.Setup([sys.argv[0], *arguments], run, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

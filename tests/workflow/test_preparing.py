"""What preparing data asks of a cluster."""

import re

TARGET = "results/demo/bloodmnist/reported/card.json"
RAW = "resources/bloodmnist/zenodo-10519652/bloodmnist.npz"


def test_preparing_asks_for_memory_by_the_size_of_the_raw_file_and_can_be_told(fresh):
    def asked() -> list[str]:
        done = fresh.run("--dry-run", TARGET, preset="full", overrides={})
        assert done.returncode == 0, done.stdout
        job = done.stdout.partition("rule prepare:")[2]
        return re.findall(r"(mem_mb|runtime)=(<TBD>|\d+)", job.partition("\n\n")[0])

    assert ("mem_mb", "<TBD>") in asked()  # it is not there yet
    path = fresh.root / RAW
    path.parent.mkdir(parents=True)
    for size, memory in ((1_000, "4000"), (1_500_000_000, "16000")):
        with path.open("wb") as handle:
            handle.truncate(size)
        assert ("mem_mb", memory) in asked()
    fresh.edit(
        "config/studies/bloodmnist/recipes.yaml", "reported:", "reported:\n  resources: {mem_mb: 6000, runtime: 90}"
    )
    assert sorted(asked()) == [("mem_mb", "6000"), ("runtime", "90")]

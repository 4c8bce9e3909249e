"""The rule that asks once whether bf16 is faster, as a dry run shows it."""


def test_a_dry_run_in_a_fresh_folder_shows_the_probe_and_all_runs_that_it_decides(fresh):
    target = "results/demo/bloodmnist/selection/variants/selection.json"
    assert fresh.pending(target, precision="auto") == {"prepare": 1, "probe": 1, "train": 2, "select": 1}

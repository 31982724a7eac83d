from pipeline.bench.timing import in_turns


def test_both_take_turns_after_one_run_each_that_does_not_count() -> None:
    runs: list[str] = []
    in_turns(lambda: runs.append("product"), lambda: runs.append("against"), rounds=2, product_runs=3)
    once, rest = runs[:2], runs[2:]
    assert once == ["product", "against"]
    assert rest == ["product", "product", "product", "against"] * 2

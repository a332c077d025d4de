from flyte_jupyter.live import Timing


def test_pauses_grow_to_their_limit_with_jitter():
    timing = Timing()
    for failures, middle in [(1, 0.5), (2, 1), (3, 2), (5, 8), (6, 10), (1000, 10)]:
        pauses = {timing.pause(failures) for _ in range(50)}
        assert len(pauses) > 1
        assert all(0.75 * middle <= pause <= 1.25 * middle for pause in pauses)


def test_a_large_run_is_given_more_time_up_to_twice():
    timing = Timing(silence=15)
    assert timing.patience(0) == 15
    assert timing.patience(25_000) == 22.5
    assert timing.patience(10_000_000) == 30

"""`make bench`: the budgets of the design, each beside what was measured here."""

from __future__ import annotations

from tests.bench import (
    bench_actions,
    bench_browser,
    bench_live,
    bench_load,
    bench_local,
    bench_remote,
    bench_sizes,
)

for bench in (bench_sizes, bench_load, bench_live, bench_local, bench_remote, bench_actions, bench_browser):
    bench.main()

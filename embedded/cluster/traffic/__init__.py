"""Users who aren't there: virtual clients send requests through Services and HTTPRoutes to ready pods; Prometheus's API tells how it went.

`model.Traffic` moves the requests, `series` keeps what a scrape would have seen, `promql` answers questions about it, and `endpoints` is
the HTTP side of that. Nothing is sent over a network: a tick of the clock decides by seeded chance how many requests ended where.
"""

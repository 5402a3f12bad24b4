"""Alert rules, as Prometheus takes them: pure functions of what is watched. One module a subject, put together in `groups`."""

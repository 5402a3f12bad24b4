"""PromQL over any source of series: promql-parser reads the text, this evaluates its syntax tree.

The answers are those of Prometheus 3 (a range holds its end and not its start, samples go stale after five minutes, `rate` extrapolates),
as far as floats go: native histograms and experimental functions are refused by name.
"""

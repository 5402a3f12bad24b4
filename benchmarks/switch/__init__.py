"""How fast traffic moves from one version to another, and whether anybody notices: a load generator, switchers, and what their runs say."""

"""The cluster port: what runs, where users go, and the fast way to move a route."""

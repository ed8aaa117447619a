"""Several processes as one: sequence parallel, branches in parallel, and a team that does the same job."""

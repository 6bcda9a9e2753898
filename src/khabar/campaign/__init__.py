"""Article <-> Label Studio: plan, page, tasks, results, and the embedded server."""

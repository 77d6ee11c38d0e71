"""The doors: console, HTTP API, command line, jobs. Only here are HTTP statuses and exit codes."""

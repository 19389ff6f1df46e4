# Nothing here has a version yet.

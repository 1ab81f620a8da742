"""The screens of tempcloud: a web application in front of the database, without rules and
without a state of its own. docs/portal.md describes it."""

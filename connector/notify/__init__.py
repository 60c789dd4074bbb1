"""Ways to people: mail and webhook, one adapter each.

What lives here: handing a digest over. What does not: what is worth telling and when (`services.watch.messenger`).
Passwords and secrets are read from their files at each delivery, so that they can be changed, and stand in no setting.
"""

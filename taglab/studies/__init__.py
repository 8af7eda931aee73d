"""Studies: whole experiments on the rooms below, and what taggers are held against in them."""

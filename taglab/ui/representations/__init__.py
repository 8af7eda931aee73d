"""The page that asks what each representation knows."""

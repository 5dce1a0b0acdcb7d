"""Programs that come first on the notebook's PATH: what fetches things from the network, done from what is here."""

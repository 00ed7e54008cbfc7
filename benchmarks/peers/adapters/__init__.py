"""One module for each contender, imported only inside the environment that has its package."""

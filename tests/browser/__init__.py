"""The product in a real browser, over a real server process and a scripted provider."""

"""Markdown written to a terminal while it streams.

Every source line becomes rows of the screen as it comes, in the columns in which it was written: marks are
taken away or replaced by signs of the same width, line breaks stay. So no block has to be held back until it
is whole, and text without marks looks as it was sent. Only inline marks are parsed by a library
(markdown-it-py), over pieces of bounded length; blocks are told line by line, without recursion.

``renderer`` is the way in; ``lines`` tells what a line is; ``prose``, ``code`` and ``table`` are the blocks
that can be open; ``inline`` styles text; ``rows`` breaks it into rows; ``screen`` keeps them on the terminal.
"""

"""`python -m web.cli` is `faqdesk`."""

from . import main

main()

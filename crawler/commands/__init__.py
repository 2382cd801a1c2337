"""The commands of `scrapy` in this project (`COMMANDS_MODULE`)."""

from pipelines.verbs.output import print_in_any_locale

# Scrapy imports this package before it runs any command; it has no other hook for this.
print_in_any_locale()

"""The commands of `scrapy` in this project (`COMMANDS_MODULE`)."""

from pipelines.verbs.output import print_in_any_locale

# Scrapy imports this package before it runs any command, and gives no other place to do so.
print_in_any_locale()
